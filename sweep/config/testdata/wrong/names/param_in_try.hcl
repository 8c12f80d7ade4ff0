# want: 6 | belong to single trials
maximize = "score"
params {
  x = [1]
  try {
    x = param.x
  }
}
data "points" {}
model "net" {}
