# want: 4 | two or more parameters
maximize = "score"
params {
  zip {
    a = [1, 2]
  }
}
data "points" {}
model "net" {}
