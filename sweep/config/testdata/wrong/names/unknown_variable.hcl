# want: 8 | There is no variable
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = var.x
}
