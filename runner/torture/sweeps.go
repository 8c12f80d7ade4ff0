package main

// subject is a sweep to be tortured.
type subject struct {
	name string
	file string
	// exact: it comes out the same, metric for metric, whenever it is killed.
	exact  bool
	trials int // that it ends with; 0: that depends on how quick it is, if it is not exact
}

// subjects are the kinds of sweep there are: built-in models, commands with
// children of their own, repeats, a search that learns, and stop rules.
var subjects = []subject{
	{name: "grid", exact: true, file: `
maximize = "val_accuracy"

params {
  hidden        = [8, 16]
  learning_rate = [0.3, 0.1, 0.03]
}

data "glyphs" {
  count = 300
  size  = 12
}

model "mlp" {
  hidden = [param.hidden]
}

train {
  learning_rate = param.learning_rate
  epochs        = 30
}

# Neither is ever due by a true clock.
limits {
  duration = "1h"
}

runner "local" {
  parallel = 2
  timeout  = "1h"
}
`},
	{name: "command", exact: true, file: `
minimize = "loss"
repeat   = 2

params {
  x = [1, 2, 3, 4]
}

command {
  argv = ["sh", "-c", "sleep 1000 & (setsid sleep 1000 &) ; for i in 1 2 3 4 5; do echo loss=$(($SWEEP_PARAM_X * 10 + $SWEEP_SEED - $i)); sleep 0.03; done; kill $!"]
}

metric "loss" {
  pattern = "loss=([0-9]+)"
}

runner "local" {
  parallel = 3
}
`},
	{name: "learner", exact: true, file: `
minimize = "loss"

params {
  x = uniform(-1, 1)
  y = uniform(-1, 1)
}

search "tpe" {
  trials  = 16
  startup = 4
}

limits {
  confirm       = 2
  confirm_seeds = 2
}

command {
  argv = ["awk", "BEGIN { print ${param.x} ^ 2 + ${param.y} ^ 2 }"]
}

metric "loss" {
  pattern = "(.+)"
}

runner "local" {
  parallel = 1
}
`},
	{name: "halving", trials: 9, file: `
maximize = "val_accuracy"

params {
  learning_rate = loguniform(0.001, 1)
}

search "random" {
  trials = 9
}

stop "asha" {
  type       = "promotion"
  min_epochs = 10
  max_epochs = 90
}

data "glyphs" {
  count = 300
  size  = 12
}

model "mlp" {
  hidden = [8]
}

train {
  learning_rate = param.learning_rate
  epochs        = 90
}

runner "local" {
  parallel = 2
}
`},
	{name: "population", file: `
maximize = "val_accuracy"

params {
  learning_rate = loguniform(0.001, 1)
}

search "pbt" {
  population = 4
  interval   = 30
}

data "glyphs" {
  count = 300
  size  = 12
}

model "mlp" {
  hidden = [8]
}

train {
  learning_rate = param.learning_rate
  epochs        = 90
}

runner "local" {
  parallel = 2
}
`},
}
