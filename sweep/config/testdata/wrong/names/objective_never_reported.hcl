# want: 7 | did you mean "score"
maximize = "scor"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
