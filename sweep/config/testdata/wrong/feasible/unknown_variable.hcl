# want: 3 | There is no variable of that name
maximize = "score"
feasible = metric.loss < var.budget
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
