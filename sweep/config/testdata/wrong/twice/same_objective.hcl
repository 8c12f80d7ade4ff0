# want: 5 | is an objective already
objective "score" {
  goal = "maximize"
}
objective "score" {
  goal = "minimize"
}
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
