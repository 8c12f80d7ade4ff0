# want: 11 | did you mean "after"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
stop "halt" {
  aftre = 2
}
