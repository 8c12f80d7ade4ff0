# want: 10 | A stop block is labelled with the stop rule, one of halt
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
stop {}
