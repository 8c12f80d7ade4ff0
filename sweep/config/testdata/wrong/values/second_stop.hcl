# want: 12 | after must be at least 1, not 0
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
stop "halt" {}
stop "halt" {
  after = 0
}
