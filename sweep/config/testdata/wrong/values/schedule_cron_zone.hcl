# want: 11 | names a time zone
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "CRON_TZ=UTC 0 2 * * *"
}
