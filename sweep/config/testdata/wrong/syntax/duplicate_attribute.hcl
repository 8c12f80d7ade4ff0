# want: 3 | Attribute redefined
maximize = "score"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
