# want: 10 | set it with -var dir=VALUE
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
variable "dir" {}
