# want: 1 | a model block
maximize = "score"
params {
  x = [1]
}
data "points" {}
