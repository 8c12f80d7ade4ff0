# The quick start: twelve small networks on generated digits. No download, no
# GPU, a few seconds on two cores.
#
#   sweep run examples/grid.hcl
#   sweep best grid

maximize = "val_accuracy"

params {
  hidden        = [16, 64, 128]
  learning_rate = [0.3, 0.03, 0.003, 0.0003]
}

data "glyphs" {
  count      = 4000
  size       = 20
  difficulty = 0.5
}

model "mlp" {
  hidden = [param.hidden, param.hidden / 2]
}

train {
  optimizer     = "sgd"
  momentum      = 0.9
  learning_rate = param.learning_rate
  batch_size    = 64
  epochs        = 6
}
