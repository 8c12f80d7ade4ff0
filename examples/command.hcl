# Any program is a trial: here a small Go program that prints its loss. What it
# gets and how it may report is in docs/sweep-file.md, "command".

minimize = "loss"

params {
  x = linspace(-2, 2, 5)
  y = [0, 1]
}

command {
  argv = ["go", "run", "./examples/objective", "-x", param.x, "-y", param.y]
}

metric "loss" {
  pattern = "loss=([0-9.eE+-]+)"
}
