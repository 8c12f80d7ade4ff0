# want: 4 | step must be above 0
maximize = "score"
params {
  x = step(uniform(0, 1), 0)
}
data "points" {}
model "net" {}
