# want: 6 | y does not exist in this variant
maximize = "score"
params {
  x = [1, 2]
  y = param.x == 1 ? [1] : null
  try {
    x = 2
    y = 1
  }
}
data "points" {}
model "net" {}
