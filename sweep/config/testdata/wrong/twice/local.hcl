# want: 13 | is given already
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
locals {
  a = 1
}
locals { a = 1 }
