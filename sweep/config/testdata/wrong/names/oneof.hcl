# want: 7 | did you mean "easy"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {
  kind = "easi"
}
model "net" {
  units = param.x
}
