# want: 11 | names no times, but a distance
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "@every 2h"
}
