# want: 1 | A model needs data
maximize = "score"
params {
  x = [1, 2]
}
model "net" {
  units = param.x
}

