# want: 4 | is listed twice
maximize = "score"
params {
  x = [1, 1.0, 2.5]
}
data "points" {}
model "net" {}
