# want: 11 | there is no such day
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "0 2 30 2 *"
}
