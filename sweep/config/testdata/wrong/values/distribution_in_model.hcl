# want: 8 | a distribution can only stand in params
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = uniform(0, 1)
}
