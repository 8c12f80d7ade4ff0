# want: 12 | "-5m" is no duration
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "0 2 * * *"
  jitter = "-5m"
}
