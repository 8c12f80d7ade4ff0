# A table: columns are found to be numeric or categorical by looking, missing
# values are filled, and the target decides what is learned.

variable "path" {
  default     = "examples/seabirds.csv"
  description = "CSV file with a header."
}

variable "target" {
  default = "species"
}

maximize = "val_accuracy"

params {
  hidden       = [[], [16], [32, 16]]
  weight_decay = [0, 0.001]
}

data "csv" {
  path   = var.path
  target = var.target
}

model "mlp" {
  hidden = param.hidden
}

train {
  optimizer     = "adamw"
  learning_rate = 0.01
  weight_decay  = param.weight_decay
  batch_size    = 16
  epochs        = 20
}
