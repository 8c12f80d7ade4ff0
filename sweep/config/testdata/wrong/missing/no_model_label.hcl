# want: 7 | labelled with what kind of model
maximize = "score"
params {
  x = [1, 2]
}
data "points" {}
model {
  units = param.x
}
