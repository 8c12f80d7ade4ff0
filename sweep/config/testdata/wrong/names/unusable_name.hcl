# want: 2 | letters, digits
name = "a/b"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
