# want: 3 | has no label
maximize = "score"
params "p" {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
