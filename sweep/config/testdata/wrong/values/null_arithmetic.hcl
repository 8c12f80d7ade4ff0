# want: 9 | 
maximize = "score"
params {
  x = [1, 2]
  y = param.x == 1 ? [1] : null
}
data "points" {}
model "net" {
  units = param.y * 2
}
