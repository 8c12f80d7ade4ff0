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

# The night's winner takes the place of the standing champion if it is better by so
# much on the same pictures, and not by chance; one that is worse marks the run.

champion {
  min_gain = 0.002
  test     = "paired"
}

regression {
  drop = 0.01
}

keep {
  runs      = 30
  models    = 10
  champions = "all"
}

# With the address in the environment, the morning's message:
#
#   notify "slack" {
#     url = env("SLACK_URL")
#     on  = ["champion", "regression", "failed"]
#   }
