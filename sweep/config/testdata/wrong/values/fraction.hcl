# want: 8 | must be a whole number, not number 1.5
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = 1.5
}
