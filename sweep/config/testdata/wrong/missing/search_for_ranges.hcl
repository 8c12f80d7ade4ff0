# want: 3 | search "random" { trials = 50 }
maximize = "score"
params {
  x = uniform(0, 1)
}
data "points" {}
model "net" {}
