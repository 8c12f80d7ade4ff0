package main

import (
	"github.com/inflame-deeplearning/sweep/artifact/data/csv"
	"github.com/inflame-deeplearning/sweep/artifact/data/glyphs"
	"github.com/inflame-deeplearning/sweep/artifact/data/idx"
	"github.com/inflame-deeplearning/sweep/artifact/data/images"
	"github.com/inflame-deeplearning/sweep/artifact/data/text"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/cnn"
	"github.com/inflame-deeplearning/sweep/model/exec"
	"github.com/inflame-deeplearning/sweep/model/mlp"
	"github.com/inflame-deeplearning/sweep/model/resnet"
	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/runner/slurm"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/notify/command"
	"github.com/inflame-deeplearning/sweep/sweep/notify/email"
	"github.com/inflame-deeplearning/sweep/sweep/notify/slack"
	"github.com/inflame-deeplearning/sweep/sweep/notify/webhook"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
	"github.com/inflame-deeplearning/sweep/sweep/search/auto"
	"github.com/inflame-deeplearning/sweep/sweep/search/cmaes"
	"github.com/inflame-deeplearning/sweep/sweep/search/evolution"
	"github.com/inflame-deeplearning/sweep/sweep/search/gp"
	"github.com/inflame-deeplearning/sweep/sweep/search/grid"
	"github.com/inflame-deeplearning/sweep/sweep/search/pbt"
	"github.com/inflame-deeplearning/sweep/sweep/search/random"
	"github.com/inflame-deeplearning/sweep/sweep/search/sobol"
	"github.com/inflame-deeplearning/sweep/sweep/search/tpe"
	"github.com/inflame-deeplearning/sweep/sweep/stop/asha"
	"github.com/inflame-deeplearning/sweep/sweep/stop/hyperband"
	"github.com/inflame-deeplearning/sweep/sweep/stop/median"
	"github.com/inflame-deeplearning/sweep/sweep/stop/patience"
	"github.com/inflame-deeplearning/sweep/sweep/stop/threshold"
)

// plugins is the one list of everything pluggable.
func plugins() *config.Plugins {
	p := config.NewPlugins(schema.Of(model.TrainConfig{}))
	p.Profiles = profilesPath()

	config.Add(p.Search, "grid", grid.New)
	config.Add(p.Search, "random", random.New)
	config.Add(p.Search, "sobol", sobol.New)
	config.Add(p.Search, "tpe", tpe.New)
	config.Add(p.Search, "cmaes", cmaes.New)
	config.Add(p.Search, "gp", gp.New)
	config.Add(p.Search, "auto", auto.New(p.Search.New))
	config.Add(p.Search, "evolution", evolution.New)
	config.Add(p.Search, "pbt", pbt.New)

	config.Add(p.Stop, "asha", asha.New)
	config.Add(p.Stop, "hyperband", hyperband.New)
	config.Add(p.Stop, "median", median.New)
	config.Add(p.Stop, "patience", patience.New)
	config.Add(p.Stop, "threshold", threshold.New)

	config.Add(p.Data, "glyphs", glyphs.New)
	config.Add(p.Data, "idx", idx.New)
	config.Add(p.Data, "images", images.New)
	config.Add(p.Data, "csv", csv.New)
	config.Add(p.Data, "text", text.New)

	config.Add(p.Models, "mlp", mlp.New)
	config.Add(p.Models, "cnn", cnn.New)
	config.Add(p.Models, "resnet", resnet.New)
	config.Add(p.Models, "exec", exec.New)

	config.Add(p.Runners, "local", local.New)
	config.Add(p.Runners, "slurm", slurm.New)

	config.Add(p.Notify, "webhook", webhook.New)
	config.Add(p.Notify, "slack", slack.New)
	config.Add(p.Notify, "email", email.New)
	config.Add(p.Notify, "command", command.New)
	return p
}
