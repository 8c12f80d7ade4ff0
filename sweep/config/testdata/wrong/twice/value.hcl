# want: 4 | the value 1 is listed twice
maximize = "score"
params {
  x = [1, 2, 1]
}
data "points" {}
model "net" {}
