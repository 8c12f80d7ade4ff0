# want: 8 | set trials = 50
maximize = "score"
params {
  x = uniform(0, 1)
}
data "points" {}
model "net" {}
search "random" {}
