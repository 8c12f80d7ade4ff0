# Every night at two, on the data as it then is: a few networks on generated
# digits, a few seconds on two cores.
#
#   sweep schedule add examples/nightly.hcl
#   sweep daemon
#
# or once, now: sweep run examples/nightly.hcl

maximize = "val_accuracy"

params {
  hidden        = [32, 64]
  learning_rate = [0.1, 0.03]
}

data "glyphs" {
  count = 2000
  size  = 16
}

model "mlp" {
  hidden = [param.hidden]
}

train {
  optimizer     = "sgd"
  momentum      = 0.9
  learning_rate = param.learning_rate
  epochs        = 4
}

schedule {
  cron     = "0 2 * * *"
  timezone = "Europe/Berlin"
  jitter   = "10m"
  deadline = "6h"
  overlap  = "skip"
  catch_up = true
}
