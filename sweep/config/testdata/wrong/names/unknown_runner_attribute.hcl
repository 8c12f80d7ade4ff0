# want: 11 | did you mean "parallel"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
runner "local" {
  paralel = 3
}
