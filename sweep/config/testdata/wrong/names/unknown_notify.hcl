# want: 10 | "pigeon" is not known here
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
notify "pigeon" {}
