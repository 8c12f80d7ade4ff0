# want: 3 | a number is required
maximize = "score"
feasible = metric.loss < "small"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
