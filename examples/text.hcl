# Text classification on hashed TF-IDF features: how many buckets, which
# n-grams, how large a network.

maximize = "val_accuracy"

params {
  features = [256, 1024]
  ngrams   = [1, 2]
  hidden   = [[], [32]]
}

variable "path" {
  default     = "examples/sentences.csv"
  description = "CSV file, or a folder per class of .txt files."
}

data "text" {
  path     = var.path
  label    = "topic"
  text     = ["sentence"]
  features = param.features
  ngrams   = param.ngrams
}

model "mlp" {
  hidden = param.hidden
}

train {
  optimizer     = "adam"
  learning_rate = 0.01
  batch_size    = 32
  epochs        = 10
}
