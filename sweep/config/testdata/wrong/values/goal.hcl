# want: 3 | "minimize" or "maximize"
objective "score" {
  goal = "up"
}
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
