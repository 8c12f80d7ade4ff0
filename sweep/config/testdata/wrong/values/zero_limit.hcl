# want: 11 | at least 1, not 0
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
limits {
  trials = 0
}
