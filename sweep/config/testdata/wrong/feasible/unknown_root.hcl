# want: 3 | did you mean "metric."
maximize = "score"
feasible = metrics.loss < 1
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
