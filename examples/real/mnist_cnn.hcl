# MNIST with a small convolutional network.
#
#   sweep run examples/real/mnist_cnn.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 12
}

maximize = "val_accuracy"

params {
  channels = [32]
}

data "idx" {
  dir = "${var.data}/mnist"
}

model "cnn" {
  conv = [
    { channels = param.channels, pool = 2, batch_norm = true },
    { channels = 2 * param.channels, pool = 2, batch_norm = true },
  ]
  dense   = [128]
  dropout = 0.3
}

train {
  schedule   = "cosine"
  batch_size = 128
  epochs     = var.epochs
  augment    = { shift = 2 }
}
