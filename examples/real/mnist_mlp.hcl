# MNIST with a multilayer perceptron.
#
#   sweep run examples/real/mnist_mlp.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 20
}

maximize = "val_accuracy"

params {
  dropout = [0.1, 0.3]
}

data "idx" {
  dir = "${var.data}/mnist"
}

model "mlp" {
  hidden  = [512, 256]
  dropout = param.dropout
}

train {
  optimizer  = "adam"
  schedule   = "cosine"
  batch_size = 128
  epochs     = var.epochs
  augment    = { shift = 1 }
}
