# want: 4 | did you mean "uniform"
maximize = "score"
params {
  x = unifrom(0, 1)
}
data "points" {}
model "net" {}
