# want: 5 | is a distribution
maximize = "score"
params {
  zip {
    a = uniform(0, 1)
    b = [1, 2]
  }
}
data "points" {}
model "net" {}
