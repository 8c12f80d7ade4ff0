# want: 6 | y is missing: it may be 3, 4
maximize = "score"
params {
  x = [1, 2]
  y = [3, 4]
  try {
    x = 1
  }
}
data "points" {}
model "net" {}
