# want: 4 | must be above 0
maximize = "score"
params {
  x = logspace(-1, 1, 3)
}
data "points" {}
model "net" {}
