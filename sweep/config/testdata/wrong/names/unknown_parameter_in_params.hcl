# want: 5 | there is x, y
maximize = "score"
params {
  x = [1]
  y = param.z == 1 ? [1] : [2]
}
data "points" {}
model "net" {}
