# want: 11 | did you mean "trials"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
limits {
  trial = 3
}
