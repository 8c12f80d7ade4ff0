# want: 4 | must be whole
maximize = "score"
params {
  x = int(0.5, 3)
}
data "points" {}
model "net" {}
