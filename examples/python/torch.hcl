# A PyTorch script as a trial, with early stopping by promotion: its checkpoints
# let trials be paused and gone on with. Run it in this folder, where Python has
# torch:
#
#   sweep run torch.hcl

maximize = "val_accuracy"

variable "python" { default = "python3" }
variable "epochs" { default = 27 }

params {
  learning_rate = loguniform(0.0001, 0.1)
  width         = [8, 32, 64]
}

search "tpe" {
  trials = 9
}

stop "asha" {
  type       = "promotion"
  min_epochs = 1
  max_epochs = var.epochs
}

command {
  argv = [var.python, "train.py", var.epochs]
}
