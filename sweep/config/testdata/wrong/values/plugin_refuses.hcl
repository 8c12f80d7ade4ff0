# want: 6 | The file is not there
maximize = "score"
params {
  x = [1, 2]
}
data "file" { path = "nowhere" }
model "net" {
  units = param.x
}
