# want: 3 | The condition must be true or false, as in metric.latency < 20; this is a number.
maximize = "score"
feasible = metric.loss * 2
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
