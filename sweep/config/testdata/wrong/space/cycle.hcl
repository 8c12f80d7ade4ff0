# want: 4 | x -> y -> x
maximize = "score"
params {
  x = param.y == 1 ? [1] : [2]
  y = param.x == 1 ? [1] : [2]
}
data "points" {}
model "net" {}
