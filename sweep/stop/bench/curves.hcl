# The trainings that the simulated cluster replays: multilayer perceptrons on a
# part of MNIST. How to record them again stands in main.go.

variable "data" {
  description = "Folder of the real data sets."
}

variable "trials" {
  default = 600
}

maximize = "val_accuracy"

params {
  optimizer     = ["sgd", "adam", "rmsprop"]
  learning_rate = loguniform(0.0001, 1)
  momentum      = param.optimizer == "sgd" ? uniform(0, 0.99) : null
  schedule      = ["constant", "cosine"]
  batch_size    = [32, 64, 128, 256]
  hidden        = logint(16, 128)
  depth         = [1, 2, 3]
  activation    = ["relu", "tanh"]
  dropout       = uniform(0, 0.6)
  weight_decay  = loguniform(0.000001, 0.01)
}

search "random" {
  trials = var.trials
}

data "idx" {
  dir   = "${var.data}/mnist"
  limit = 4500
  split = { train = 0.34, val = 0.66, test = 0 }
}

model "mlp" {
  hidden     = slice([param.hidden, param.hidden, param.hidden], 0, param.depth)
  activation = param.activation
  dropout    = param.dropout
}

train {
  optimizer     = param.optimizer
  learning_rate = param.learning_rate
  momentum      = param.momentum
  schedule      = param.schedule
  batch_size    = param.batch_size
  weight_decay  = param.weight_decay
  epochs        = 27
}

runner "local" {
  parallel = 1
}
