# want: 8 | 
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = 1 / 0
}
