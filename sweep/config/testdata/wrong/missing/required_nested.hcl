# want: 8 | width is required
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  shape = { height = 3 }
}
