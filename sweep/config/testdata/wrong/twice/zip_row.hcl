# want: 5 | Rows 1 and 3
maximize = "score"
params {
  zip {
    a = [1, 2, 1]
    b = [3, 4, 3]
  }
}
data "points" {}
model "net" {}
