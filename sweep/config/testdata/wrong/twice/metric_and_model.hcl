# want: 10 | a model reports its own
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
metric "loss" {
  pattern = "(x)"
}
