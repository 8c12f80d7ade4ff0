# want: 12 | at the least 30m0s apart
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "*/30 * * * *"
  jitter = "30m"
}
