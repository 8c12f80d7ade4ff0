# want: 3 | Give the objective once
maximize = "score"
objective "score" {
  goal = "maximize"
}
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
