# want: 10 | did you mean "random"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
search "randm" {
  trials = 3
}
