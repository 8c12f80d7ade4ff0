# want: 11 | rate must be above 0, not 0
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
train {
  rate = 0
}
