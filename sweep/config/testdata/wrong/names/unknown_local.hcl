# want: 8 | There is no local
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = local.x
}
