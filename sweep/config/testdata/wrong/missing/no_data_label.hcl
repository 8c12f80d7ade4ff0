# want: 6 | labelled with where the data comes from
maximize = "score"
params {
  x = [1, 2]
}
data {}
model "net" {
  units = param.x
}
