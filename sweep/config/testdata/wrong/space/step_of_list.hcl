# want: 4 | distribution
maximize = "score"
params {
  x = step([1, 2], 1)
}
data "points" {}
model "net" {}
