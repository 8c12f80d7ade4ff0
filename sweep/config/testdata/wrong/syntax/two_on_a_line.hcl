# want: 8 | Missing newline after argument
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = 1  units = 2
}
