# want: 6 | did you mean "points"
maximize = "score"
params {
  x = [1, 2]
}
data "point" {}
model "net" {
  units = param.x
}
