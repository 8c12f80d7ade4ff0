# want: 7 | did you mean "count"
maximize = "score"
params {
  x = [1, 2]
}
data "points" {
  cuont = 3
}
model "net" {
  units = param.x
}
