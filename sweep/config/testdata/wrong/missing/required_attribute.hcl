# want: 6 | path is required
maximize = "score"
params {
  x = [1, 2]
}
data "file" {}
model "net" {
  units = param.x
}
