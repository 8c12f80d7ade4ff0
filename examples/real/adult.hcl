# Census income (UCI Adult): mixed columns, missing values, a separate test file.
#
#   sweep run examples/real/adult.hcl -var data=DIR

variable "data" {
  description = "Folder of the real data sets."
}

variable "epochs" {
  default = 8
}

maximize = "val_accuracy"

params {
  hidden = [[], [64], [64, 32]]
}

data "csv" {
  path       = "${var.data}/tabular/adult-train.csv"
  test_path  = "${var.data}/tabular/adult-test.csv"
  header     = false
  columns    = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"]
  target     = "income"
  label_trim = "."
}

model "mlp" {
  hidden  = param.hidden
  dropout = 0.2
}

train {
  schedule   = "cosine"
  batch_size = 128
  epochs     = var.epochs
}
