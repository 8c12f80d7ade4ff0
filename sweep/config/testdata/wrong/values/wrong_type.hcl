# want: 8 | units must be a whole number, not string "many"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = "many"
}
