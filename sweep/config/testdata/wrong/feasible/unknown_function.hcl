# want: 3 | Unknown function: "mx" is not known here
maximize = "score"
feasible = mx(metric.loss, 1) < 2
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
