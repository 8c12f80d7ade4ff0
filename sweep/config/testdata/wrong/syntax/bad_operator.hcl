# want: 4 | 
maximize = "score"
params {
  x = [1 ** 2]
}
data "points" {}
model "net" {}
