# want: 6 | is declared already on line 4
maximize = "score"
params {
  x = [1, 2]
  zip {
    x = [1, 2]
    y = [1, 2]
  }
}
data "points" {}
model "net" {}
