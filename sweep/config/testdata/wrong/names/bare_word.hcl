# want: 7 | Texts stand in double quotes
maximize = "score"
params {
  x = [1, 2]
}
data "points" {
  kind = easy
}
model "net" {
  units = param.x
}
