# want: 5 | 
maximize = "score"
params {
  x = ["a"]
  y = param.x ? [1] : [2]
}
data "points" {}
model "net" {}
