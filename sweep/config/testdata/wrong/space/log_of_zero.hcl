# want: 4 | must be above 0
maximize = "score"
params {
  x = loguniform(0, 1)
}
data "points" {}
model "net" {}
