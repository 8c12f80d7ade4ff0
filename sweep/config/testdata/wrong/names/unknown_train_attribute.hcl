# want: 11 | did you mean "rate"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
train {
  rat = 0.1
}
