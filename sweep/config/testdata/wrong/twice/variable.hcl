# want: 11 | is declared already
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
variable "a" { default = 1 }
variable "a" { default = 1 }
