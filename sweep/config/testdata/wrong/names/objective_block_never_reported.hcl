# want: 9 | reports no such metric
objective "speed" {
  goal = "maximize"
}
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
