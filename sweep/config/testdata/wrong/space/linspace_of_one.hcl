# want: 4 | from 2 to
maximize = "score"
params {
  x = linspace(0, 1, 1)
}
data "points" {}
model "net" {}
