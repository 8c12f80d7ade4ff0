# Any data set in the MNIST file format (MNIST, Fashion-MNIST, KMNIST, ...):
#
#   sweep run examples/fashion.hcl -var dir=path/to/idx-files

variable "dir" {
  default     = "data/fashion"
  description = "Folder with the four idx files, gzipped or not."
}

variable "epochs" {
  default = 5
}

maximize = "val_accuracy"

params {
  hidden  = [[128], [256, 128]]
  dropout = [0.0, 0.2]
}

data "idx" {
  dir = var.dir
}

model "mlp" {
  hidden  = param.hidden
  dropout = param.dropout
}

train {
  optimizer     = "adam"
  learning_rate = 0.001
  batch_size    = 128
  epochs        = var.epochs
}
