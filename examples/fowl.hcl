# Fine-tuning a pretrained ResNet on photos, as PyTorch's transfer learning
# tutorial does:
#
#   sweep run examples/fowl.hcl -var dir=path/to/fowl -var pretrained=resnet18.safetensors

variable "dir" {
  default     = "data/fowl"
  description = "Folder of train/CLASS/ and val/CLASS/ folders of photos."
}

variable "pretrained" {
  default     = null
  description = "Weights to start from; null trains from scratch."
}

variable "epochs" {
  default = 25
}

maximize = "val_accuracy"

params {
  learning_rate = [0.001, 0.0003]
  frozen        = var.pretrained == null ? [false] : [false, true]
}

data "images" {
  path       = var.dir
  size       = 224
  resize     = 256
  keep_shape = true
  normalise  = "imagenet"
  on_error   = "skip"
}

model "resnet" {
  depth      = 18
  pretrained = var.pretrained
  frozen     = param.frozen
}

train {
  optimizer     = "sgd"
  learning_rate = param.learning_rate
  momentum      = 0.9
  schedule      = "step"
  step_epochs   = 7
  gamma         = 0.1
  batch_size    = 4
  epochs        = var.epochs
  augment       = { random_resized_crop = true, flip = true }
}
