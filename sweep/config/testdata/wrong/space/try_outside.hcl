# want: 5 | x cannot be 3: it may be 1, 2
maximize = "score"
params {
  x = [1, 2]
  try {
    x = 3
  }
}
data "points" {}
model "net" {}
