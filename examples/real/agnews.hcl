# News by topic, from the test file of AG News: hashed TF-IDF.
#
#   sweep run examples/real/agnews.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 5
}

maximize = "val_accuracy"

params {
  hidden = [[], [64]]
}

data "text" {
  path     = "${var.data}/text/ag_news_test.csv"
  header   = false
  label    = "1"
  features = 8192
}

model "mlp" {
  hidden  = param.hidden
  dropout = 0.5
}

train {
  batch_size = 64
  epochs     = var.epochs
}
