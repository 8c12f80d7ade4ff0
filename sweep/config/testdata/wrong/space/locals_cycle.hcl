# want: 11 | depend on each other: a, b
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
locals {
  a = local.b
  b = local.a
}
