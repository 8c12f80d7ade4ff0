# want: 9 | pattern is required
minimize = "loss"
params {
  x = [1]
}
command {
  argv = ["true"]
}
metric "loss" {}
