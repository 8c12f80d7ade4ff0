# want: 6 | argv is required
minimize = "loss"
params {
  x = [1]
}
command {}
