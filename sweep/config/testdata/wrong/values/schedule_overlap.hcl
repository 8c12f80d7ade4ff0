# want: 12 | "skip", "queue" or "replace"
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
  overlap = "both"
}
