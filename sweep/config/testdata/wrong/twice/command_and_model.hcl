# want: 10 | A command is the whole of a trial
minimize = "loss"
params {
  x = [1]
}
command {
  argv = ["true"]
}

model "net" {}
