# want: 8 | did you mean "units"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  unit = param.x
}
