# Ants and bees: photos of all sizes, one of them broken.
#
#   sweep run examples/real/hymenoptera.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 15
}

maximize = "val_accuracy"

params {
  width = [16]
}

data "images" {
  path     = "${var.data}/hymenoptera"
  size     = 64
  on_error = "skip"
}

model "cnn" {
  conv        = [{ channels = param.width, pool = 2, batch_norm = true }, { channels = 2 * param.width, pool = 2, batch_norm = true }, { channels = 4 * param.width, pool = 2, batch_norm = true }]
  global_pool = true
}

train {
  schedule   = "cosine"
  batch_size = 16
  epochs     = var.epochs
  augment    = { flip = true, crop = 6 }
}
