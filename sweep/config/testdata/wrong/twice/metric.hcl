# want: 11 | has a pattern already
minimize = "loss"
params {
  x = [1]
}
command {
  argv = ["true"]
}
metric "loss" { pattern = "(x)" }

metric "loss" {
  pattern = "(x)"
}
