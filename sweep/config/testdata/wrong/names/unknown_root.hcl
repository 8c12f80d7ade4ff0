# want: 8 | "params." is not known here; did you mean "param."
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = params.x
}
