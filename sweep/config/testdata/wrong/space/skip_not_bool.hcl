# want: 5 | true or false
maximize = "score"
params {
  x = [1, 2]
  skip { when = param.x }
}
data "points" {}
model "net" {}
