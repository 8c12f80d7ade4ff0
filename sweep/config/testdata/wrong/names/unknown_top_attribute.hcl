# want: 2 | did you mean "maximize"
maximise = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
