# want: 6 | list its values, or use search "random"
maximize = "score"
params {
  x = uniform(0, 1)
}
search "grid" {}
data "points" {}
model "net" {}
