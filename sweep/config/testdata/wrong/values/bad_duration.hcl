# want: 11 | write a number and a unit
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
limits {
  duration = "8 hours"
}
