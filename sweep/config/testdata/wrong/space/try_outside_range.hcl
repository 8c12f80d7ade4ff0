# want: 5 | a number from 0 to 1
maximize = "score"
params {
  x = uniform(0, 1)
  try {
    x = 3
  }
}
data "points" {}
model "net" {}
search "random" {
  trials = 2
}
