# want: 11 | belong to single trials
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
stop "halt" {
  after = param.x
}
