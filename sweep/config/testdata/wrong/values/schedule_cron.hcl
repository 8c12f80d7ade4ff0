# want: 11 | end of range (61)
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "61 2 * * *"
}
