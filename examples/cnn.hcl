# Conditional and zipped parameters on a small convolutional network: momentum
# exists only under SGD, and the network's widths grow together.

maximize = "val_accuracy"

params {
  optimizer = ["sgd", "adam"]
  momentum  = param.optimizer == "sgd" ? [0.0, 0.9] : null

  zip {
    channels = [8, 16]
    dense    = [32, 64]
  }

  learning_rate = param.optimizer == "sgd" ? [0.1, 0.02] : [0.003]

  # Plain SGD with the small step learns too slowly to be worth a trial.
  skip { when = param.momentum == 0 && param.learning_rate < 0.1 }

  # The variant to beat runs first.
  try {
    optimizer     = "adam"
    channels      = 16
    dense         = 64
    learning_rate = 0.003
  }
}

variable "epochs" {
  default     = 3
  description = "Passes over the training data."
}

data "glyphs" {
  count      = 2000
  size       = 20
  difficulty = 0.5
}

model "cnn" {
  conv = [
    { channels = param.channels, pool = 2 },
    { channels = 2 * param.channels, pool = 2 },
  ]
  dense = [param.dense]
}

train {
  optimizer     = param.optimizer
  momentum      = param.momentum
  learning_rate = param.learning_rate
  epochs        = var.epochs
}
