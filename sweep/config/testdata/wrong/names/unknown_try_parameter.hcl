# want: 6 | there is x
maximize = "score"
params {
  x = [1]
  try {
    xx = 1
  }
}
data "points" {}
model "net" {}
