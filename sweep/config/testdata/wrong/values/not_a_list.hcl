# want: 8 | must be a list of whole number
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  sizes = 3
}
