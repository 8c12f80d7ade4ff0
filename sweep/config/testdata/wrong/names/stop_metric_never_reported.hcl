# want: 11 | The trials report no scores: "scores" is not known here; did you mean "score"?
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
stop "halt" {
  metric = "scores"
}
