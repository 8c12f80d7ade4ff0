# want: 3 | Metric never reported: The trials report no los: "los" is not known here; did you mean "loss"?
maximize = "score"
feasible = metric.score > 0 && metric.los < 1
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
