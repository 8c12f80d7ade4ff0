# want: 4 | lower bound 2 must be below upper bound 1
maximize = "score"
params {
  x = uniform(2, 1)
}
data "points" {}
model "net" {}
