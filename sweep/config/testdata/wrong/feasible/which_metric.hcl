# want: 3 | Name it: metric.latency
maximize = "score"
feasible = length(metric) > 1
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
