# want: 10 | Argument or block definition
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
}
