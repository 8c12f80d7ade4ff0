# want: 6 | one attribute: when
maximize = "score"
params {
  x = [1, 2]
  skip {
    if = true
  }
}
data "points" {}
model "net" {}
