# want: 2 | repeat must be at least 1
repeat = 0
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
