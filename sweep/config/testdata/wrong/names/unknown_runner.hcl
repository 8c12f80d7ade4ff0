# want: 10 | did you mean "local"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
runner "locl" {}
