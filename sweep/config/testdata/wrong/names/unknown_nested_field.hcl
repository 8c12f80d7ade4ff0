# want: 8 | did you mean "width"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  shape = { widht = 3 }
}
