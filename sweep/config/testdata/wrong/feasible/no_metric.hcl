# want: 3 | names no metric: write one such as
maximize = "score"
feasible = 1 < 2
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
