# want: 2 | goal is required
objective "score" {}
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
