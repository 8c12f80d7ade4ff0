# want: 7 | has one label
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" "b" {
  units = param.x
}
