# want: 5 | Expected a comma
maximize = "score"
params {
  x = [1, 2
}
data "points" {}
model "net" {}
