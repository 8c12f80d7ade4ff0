# Photos in a folder per class (or a .zip or .tar of such folders):
#
#   sweep run examples/images.hcl -var dir=path/to/photos

variable "dir" {
  default     = "data/photos"
  description = "Folder of class folders, or of train/ and val/ folders of those, or an archive of them."
}

variable "size" {
  default     = 32
  description = "Width and height that the photos are brought to."
}

maximize = "val_accuracy"

params {
  width         = [8, 16]
  learning_rate = [0.003, 0.0005]
}

data "images" {
  path     = var.dir
  size     = var.size
  on_error = "skip"
}

model "cnn" {
  conv = [
    { channels = param.width, pool = 2, batch_norm = true },
    { channels = param.width * 2, pool = 2, batch_norm = true },
  ]
  dense   = [64]
  dropout = 0.3
}

train {
  optimizer     = "adam"
  learning_rate = param.learning_rate
  batch_size    = 32
  epochs        = 4
  augment       = { flip = true, shift = 2 }
}
