# want: 5 | when = param.a
maximize = "score"
params {
  x = [1]
  skip {}
}
data "points" {}
model "net" {}
