# want: 6 | a has 2 values and b has 3
maximize = "score"
params {
  zip {
    a = [1, 2]
    b = [1, 2, 3]
  }
}
data "points" {}
model "net" {}
