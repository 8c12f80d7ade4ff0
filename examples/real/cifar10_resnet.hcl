# CIFAR-10 (a part of it: 10,000 pictures), learned from scratch.
#
#   sweep run examples/real/cifar10_resnet.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 16
}

maximize = "val_accuracy"

params {
  learning_rate = [0.05]
}

data "images" {
  path = "${var.data}/cifar10-small.zip"
}

model "resnet" {
  depth = 18
}

train {
  optimizer       = "sgd"
  learning_rate   = param.learning_rate
  momentum        = 0.9
  nesterov        = true
  weight_decay    = 0.0005
  schedule        = "one_cycle"
  label_smoothing = 0.1
  batch_size      = 64
  epochs          = var.epochs
  augment         = { flip = true, crop = 4 }
}
