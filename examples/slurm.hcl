# One file for a laptop and for a cluster: without a word it runs here; with
#
#   sweep run examples/slurm.hcl --runner slurm -var shared=/shared/sweeps
#
# each trial is a job of Slurm's. What belongs to you and not to the sweep, such as
# the account, is better kept in ~/.config/sweep/runners.hcl: see docs/slurm.md.

maximize = "val_accuracy"

variable "shared" {
  default     = "/shared/sweeps"
  description = "A directory that this machine and the nodes share."
}

params {
  hidden        = [32, 64, 128]
  learning_rate = [0.1, 0.03, 0.01]
}

data "glyphs" {
  count = 2000
}

model "mlp" {
  hidden = [param.hidden]
}

train {
  learning_rate = param.learning_rate
  epochs        = 9
}

stop "asha" {}

runner "local" {}

runner "slurm" {
  dir      = var.shared
  cpus     = 1
  memory   = "1G"
  time     = "1h"
  max_jobs = 20
}
