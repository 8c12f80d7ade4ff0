# want: 4 | standard deviation
maximize = "score"
params {
  x = normal(0, -1)
}
data "points" {}
model "net" {}
