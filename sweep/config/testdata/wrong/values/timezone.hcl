# want: 12 | no time zone
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
  timezone = "Mars"
}
