# want: 3 | y is a distribution
maximize = "score"
params {
  x = range(0, 100)
  o = ["a", "b", "c"]
  y = param.o == "c" ? uniform(0, 1) : [1]
}
data "points" {}
model "net" {}
