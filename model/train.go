package model

import (
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// TrainConfig is the train block, which all built-in models share.
type TrainConfig struct {
	_ struct{} `doc:"How a model is trained."`

	Optimizer    string  `hcl:"optimizer" doc:"Rule by which weights follow their gradients." oneof:"sgd,adam,adamw,rmsprop" default:"adam"`
	LearningRate float64 `hcl:"learning_rate" doc:"Size of a step, before the schedule." default:"0.001" above:"0"`
	Momentum     float64 `hcl:"momentum" doc:"Share of the last step kept in the next (sgd, rmsprop)." default:"0" min:"0" below:"1"`
	Nesterov     bool    `hcl:"nesterov" doc:"Look ahead along the momentum (sgd)." default:"false"`
	WeightDecay  float64 `hcl:"weight_decay" doc:"Pull of weights towards 0: decoupled in adamw, added to the gradient in the others." default:"0" min:"0"`
	ClipNorm     float64 `hcl:"clip_norm" doc:"Largest norm of the gradient; larger ones are scaled down. 0: any." default:"0" min:"0"`

	Schedule     string  `hcl:"schedule" doc:"How the learning rate changes: not, by gamma every step_epochs, along a half cosine, or up and down once (Smith 2018)." oneof:"constant,step,cosine,one_cycle" default:"constant"`
	StepEpochs   int     `hcl:"step_epochs" doc:"Epochs between the drops of schedule = \"step\"." default:"7" min:"1"`
	Gamma        float64 `hcl:"gamma" doc:"Factor of a drop of schedule = \"step\"." default:"0.1" above:"0" max:"1"`
	WarmupEpochs float64 `hcl:"warmup_epochs" doc:"Epochs over which the rate first rises from 0." default:"0" min:"0"`
	MinRate      float64 `hcl:"min_rate" doc:"Share of the learning rate where cosine ends." default:"0" min:"0" max:"1"`

	BatchSize      int     `hcl:"batch_size" doc:"Examples a step. An epoch's last, smaller batch is left out." default:"64" min:"1" max:"65536"`
	Epochs         int     `hcl:"epochs" doc:"Passes over the training data." default:"10" min:"1"`
	Patience       int     `hcl:"patience" doc:"Epochs without a better objective after which training ends. 0: never." default:"0" min:"0"`
	LabelSmoothing float64 `hcl:"label_smoothing" doc:"Share of each label spread over all classes." default:"0" min:"0" below:"1"`
	Seed           uint64  `hcl:"seed" doc:"Seed of weights, order and augmentation; repeats count up from it." default:"1"`
	Augment        Augment `hcl:"augment" doc:"Random changes to training images." default:"{}"`
}

// trainConfig decodes a trial's train block.
func trainConfig(v sweep.Value) (TrainConfig, error) {
	var c TrainConfig
	if err := schema.Decode(v, &c); err != nil {
		return c, fmt.Errorf("read train settings: %w", err)
	}
	return c, nil
}

func (c TrainConfig) optimizer() nn.OptimizerConfig {
	return nn.OptimizerConfig{
		Kind: nn.OptimizerKind(c.Optimizer), Momentum: c.Momentum, Nesterov: c.Nesterov && c.Momentum > 0,
		WeightDecay: c.WeightDecay, ClipNorm: c.ClipNorm,
	}
}

// oneCycleWarmup and oneCycleStart are the usual share of a cycle in which the
// rate rises, and the share of the peak it rises from.
const (
	oneCycleWarmup = 0.3
	oneCycleStart  = 1.0 / 25
)

// rate is the learning rate at a time counted in epochs, from 0 to Epochs.
func (c TrainConfig) rate(epoch float64) float64 {
	peak := c.LearningRate
	if c.Schedule == "one_cycle" {
		at := epoch / float64(c.Epochs)
		if at < oneCycleWarmup {
			return peak * blend(oneCycleStart, 1, at/oneCycleWarmup)
		}
		return peak * blend(1, oneCycleStart/1e4, (at-oneCycleWarmup)/(1-oneCycleWarmup))
	}
	if epoch < c.WarmupEpochs {
		return peak * epoch / c.WarmupEpochs
	}
	switch c.Schedule {
	case "step":
		return peak * math.Pow(c.Gamma, math.Floor(epoch/float64(c.StepEpochs)))
	case "cosine":
		left := float64(c.Epochs) - c.WarmupEpochs
		if left <= 0 {
			return peak
		}
		return peak * blend(1, c.MinRate, (epoch-c.WarmupEpochs)/left)
	default:
		return peak
	}
}

// blend goes from a to b along a half cosine as at goes from 0 to 1.
func blend(a, b, at float64) float64 {
	return b + (a-b)*(1+math.Cos(math.Pi*min(at, 1)))/2
}
