# want: 7 | did you mean "net"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "nett" {
  units = param.x
}
