# want: 8 | shape must be a object
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  shape = 3
}
