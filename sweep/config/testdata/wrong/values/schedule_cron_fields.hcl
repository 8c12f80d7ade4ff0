# want: 11 | expected 5 to 6 fields
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
schedule {
  cron = "0 2"
}
