# want: 8 | write layer = { ... }
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  layer {}
}
