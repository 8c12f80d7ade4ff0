# want: 8 | each element of sizes must be at least 1, not -3
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  sizes = [1, -3]
}
