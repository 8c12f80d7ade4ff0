# want: 3 | A param cannot be used here
maximize = "score"
feasible = metric.loss < param.x
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
