# want: 4 | did you mean "skip"
maximize = "score"
params {
  skp {
    when = true
  }
  x = [1]
}
data "points" {}
model "net" {}
