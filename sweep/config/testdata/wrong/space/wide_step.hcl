# want: 4 | wider than the range
maximize = "score"
params {
  x = step(uniform(0, 1), 2)
}
data "points" {}
model "net" {}
