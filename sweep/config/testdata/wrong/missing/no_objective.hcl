# want: 1 | maximize = "val_accuracy"
params {
  x = [1, 2]
}
data "points" {}
model "net" {
  units = param.x
}
