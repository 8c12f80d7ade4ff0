# want: 8 | units must be at least 1 and at most 100, not 0
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = 0
}
