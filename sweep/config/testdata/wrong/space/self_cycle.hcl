# want: 4 | x -> x
maximize = "score"
params {
  x = [param.x]
}
data "points" {}
model "net" {}
