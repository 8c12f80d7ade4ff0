# Prices of diamonds: regression.
#
#   sweep run examples/real/diamonds.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 20
}

minimize = "val_rmse"

params {
  hidden = [[], [64, 32]]
}

data "csv" {
  path   = "${var.data}/tabular/diamonds.csv"
  target = "price"
}

model "mlp" {
  hidden = param.hidden
}

train {
  schedule      = "cosine"
  learning_rate = 0.003
  batch_size    = 128
  epochs        = var.epochs
}
