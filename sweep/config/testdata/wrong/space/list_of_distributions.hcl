# want: 4 | a distribution can only stand in params
maximize = "score"
params {
  x = [uniform(0, 1)]
}
data "points" {}
model "net" {}
