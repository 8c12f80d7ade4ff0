# want: 4 | A value of a list cannot be null
maximize = "score"
params {
  x = [1, null]
}
data "points" {}
model "net" {}
