# want: 8 | there is x
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.y
}
