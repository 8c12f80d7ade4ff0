# want: 8 | leave out every variant
maximize = "score"
params {
  x = [1, 2]
  skip { when = param.x > 0 }
}
data "points" {}
model "net" {}
