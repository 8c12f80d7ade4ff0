# want: 4 | has no label
maximize = "score"
params {
  zip "z" {
    a = [1, 2]
    b = [1, 2]
  }
}
data "points" {}
model "net" {}
