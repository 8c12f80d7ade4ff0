# want: 4 | at least one value
maximize = "score"
params {
  x = []
}
data "points" {}
model "net" {}
