# want: 8 | Seen with x = 200
maximize = "score"
params {
  x = [1, 200]
}
data "points" {}
model "net" {
  units = param.x
}
