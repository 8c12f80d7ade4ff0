package model

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Network is what a built-in trainer adds to the shared training loop: its
// layers for a data set.
type Network interface {
	Layers(m artifact.Meta) ([]nn.Layer, error)
}

// Starter is a Network that begins with parameters other than random ones.
type Starter interface {
	Start(params []*nn.Param) error
}

// Fit trains a network on r's data: the loop that all built-in trainers share.
// Order, augmentation and dropout depend on seed, epoch and step alone, so that
// a training that goes on from a checkpoint ends with the bits of one that was
// never interrupted.
func Fit(ctx context.Context, r *Run, network Network) (sweep.Result, error) {
	config, err := trainConfig(r.Trial.Task.Train)
	if err != nil {
		return sweep.Result{}, err
	}
	data, err := r.Data(ctx)
	if err != nil {
		return sweep.Result{}, err
	}
	f, err := newFit(r, config, data, network)
	if err != nil {
		return sweep.Result{}, err
	}
	defer f.net.Close() //nolint:errcheck // its memory goes with the process
	result, err := f.run(ctx)
	result.Seconds = f.progress.Seconds
	return result, err
}

// fit is a training at work.
type fit struct {
	*Run
	TrainConfig
	data     *artifact.Dataset
	train    artifact.Split
	net      *nn.Net
	opt      *nn.Optimizer
	progress progress
	best     [][]float32 // parameters of the best epoch

	loader *loader
	order  []int
	losses []float64
	began  time.Time
	before float64 // seconds spent before this process
}

func newFit(r *Run, c TrainConfig, data *artifact.Dataset, network Network) (*fit, error) {
	f := &fit{Run: r, TrainConfig: c, data: data, train: data.Splits[artifact.Train]}
	if f.train == nil || f.train.Len() == 0 {
		return nil, fmt.Errorf("train: the data set has no training split")
	}
	if c.Augment.any() && len(data.Meta.Shape) != 3 {
		return nil, fmt.Errorf("train: augment changes images, and this data set's examples are %v numbers", data.Meta.Shape)
	}
	if _, ok := f.train.(artifact.Cropper); c.Augment.RandomResizedCrop && !ok {
		return nil, fmt.Errorf("train: random_resized_crop cuts from pictures, and this data set has none")
	}
	layers, err := network.Layers(data.Meta)
	if err != nil {
		return nil, err
	}
	if f.net, err = newNet(layers, data.Meta, min(c.BatchSize, f.train.Len()), c.LabelSmoothing, r.Trial.Seed); err != nil {
		return nil, err
	}
	if s, ok := network.(Starter); ok {
		if err := s.Start(f.net.Params()); err != nil {
			return nil, err
		}
	}
	if f.opt, err = nn.NewOptimizer(c.optimizer(), f.net.Params()); err != nil {
		return nil, err
	}
	for _, p := range f.net.Params() {
		f.best = append(f.best, make([]float32, len(p.Data)))
	}
	width := len(f.net.Inputs()) / f.net.Batch()
	f.loader = &loader{Augment: c.Augment, meta: data.Meta, seed: r.Trial.Seed, width: width, tmp: make([]float32, width)}
	f.losses = make([]float64, f.net.Batch())
	f.order = make([]int, f.train.Len())
	return f, nil
}

func newNet(layers []nn.Layer, m artifact.Meta, batch int, smoothing float64, seed uint64) (*nn.Net, error) {
	loss := nn.Loss{Kind: nn.CrossEntropy, Smoothing: smoothing}
	if m.Kind == artifact.Regression {
		loss = nn.Loss{Kind: nn.MeanSquared}
	}
	return nn.Compile(layers, m.Shape, loss, batch, seed)
}

func (f *fit) run(ctx context.Context) (sweep.Result, error) {
	f.began = f.Now()
	var err error
	if f.progress, err = loadCheckpoint(f.Dir, f.net, f.opt, f.best, f.Trial.Parent != nil); err != nil {
		return sweep.Result{}, err
	}
	if p := f.Trial.Parent; p != nil && f.progress.Epoch <= p.Step { // the checkpoint is the parent's: its best epoch is not ours
		f.progress.Best, f.progress.At, f.progress.Seconds = nil, 0, 0
	}
	f.before = f.progress.Seconds
	if err := f.Dir.Truncate(f.progress.Epoch); err != nil {
		return sweep.Result{}, err
	}
	if f.progress.Epoch > 0 {
		fmt.Fprintf(f.Log, "going on after epoch %d of %d\n", f.progress.Epoch, f.Epochs)
	}
	for f.progress.Epoch < f.Epochs && !f.outOfPatience() {
		result, done, err := f.epoch(ctx)
		if err != nil || done {
			return result, err
		}
	}
	message := ""
	if f.progress.Epoch < f.Epochs {
		message = fmt.Sprintf("no better for %d epochs", f.Patience)
	}
	return sweep.Result{Outcome: sweep.Succeeded, Message: message}, f.finish()
}

func (f *fit) outOfPatience() bool {
	return f.Patience > 0 && f.progress.Best != nil && f.progress.Epoch-f.progress.At >= f.Patience
}

// epoch trains and scores once; done is true where the training is to end.
func (f *fit) epoch(ctx context.Context) (result sweep.Result, done bool, err error) {
	epoch := f.progress.Epoch + 1
	start := f.Now()
	f.shuffle(epoch)
	training := newScore(f.data.Meta)
	batch := f.net.Batch()
	batches := len(f.order) / batch
	lr := 0.0
	b := 0
	for rows := range f.loader.batches(f.train, f.order[:batches*batch], epoch, f.batch()) {
		if ctx.Err() != nil || f.Stopping() { // the last epoch's checkpoint stands; this epoch is done again
			if f.progress.Best != nil { // a stop rule may have ended it for good
				err = f.save(maps.Clone(f.progress.Best))
			}
			return sweep.Result{Outcome: sweep.Cancelled, Message: fmt.Sprintf("interrupted in epoch %d", epoch)}, true, err
		}
		lr = f.rate(float64(epoch-1) + float64(b)/float64(batches))
		loss, err := f.net.Step(f.opt, lr)
		if err != nil {
			return sweep.Result{}, true, err
		}
		if !finite(loss) {
			return diverged("the loss is %v at epoch %d, step %d", loss, epoch, b+1), true, nil
		}
		f.count(training, f.train, rows, f.net.Outputs())
		b++
	}
	seconds := f.Now().Sub(start).Seconds()
	metrics := training.metrics(artifact.Train)
	if val := f.data.Splits[artifact.Val]; val != nil {
		scores, err := f.evaluate(val, artifact.Val)
		if err != nil {
			return sweep.Result{}, true, err
		}
		// Batch norm over a batch whose variance overflows is finite, over the
		// running statistics it is not.
		if loss := scores["val_loss"]; !finite(loss) {
			return diverged("val_loss is %v at epoch %d", loss, epoch), true, nil
		}
		maps.Copy(metrics, scores)
	}
	scores := maps.Clone(metrics)
	metrics["samples_per_second"] = float64(batches*batch) / max(seconds, 1e-9)
	metrics["learning_rate"] = lr
	f.keepBest(epoch, scores, sweep.Spec{Feasible: f.Feasible}.Violation(metrics))
	f.progress.Epoch = epoch
	f.progress.Steps = f.opt.Steps()
	f.progress.Seconds = f.before + f.Now().Sub(f.began).Seconds()
	// Report first: a report that the checkpoint does not cover is dropped and
	// made again, a checkpoint without its report would leave a gap.
	if err := f.Report(epoch, metrics); err != nil {
		return sweep.Result{}, true, err
	}
	fmt.Fprintf(f.Log, "epoch %d of %d: %s\n", epoch, f.Epochs, describe(metrics))
	return sweep.Result{}, false, saveCheckpoint(f.Dir, f.progress, f.net, f.opt, f.best)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func diverged(format string, args ...any) sweep.Result {
	return sweep.Result{Outcome: sweep.Diverged, Message: fmt.Sprintf(format, args...) + ": try a lower learning_rate, or clip_norm = 1"}
}

// shuffle is the order of an epoch.
func (f *fit) shuffle(epoch int) {
	for i := range f.order {
		f.order[i] = i
	}
	r := rand.New(rand.NewPCG(f.Trial.Seed, uint64(epoch)))
	r.Shuffle(len(f.order), func(i, j int) { f.order[i], f.order[j] = f.order[j], f.order[i] })
}

// batch is the net's own.
func (f *fit) batch() *batch {
	return &batch{x: f.net.Inputs(), labels: f.net.Labels(), targets: f.net.Targets()}
}

func (f *fit) count(s *score, split artifact.Split, rows []int, outputs []float32) {
	losses := f.losses[:len(rows)]
	f.net.Losses(losses)
	w := f.net.Width()
	for i, row := range rows {
		if f.data.Meta.Kind == artifact.Regression {
			s.value(split.Target(row), outputs[i], losses[i])
		} else {
			s.class(split.Label(row), outputs[i*w:(i+1)*w], losses[i])
		}
	}
}

// evaluate scores the current parameters on a split.
func (f *fit) evaluate(split artifact.Split, name string) (sweep.Metrics, error) {
	s := newScore(f.data.Meta)
	order := make([]int, split.Len())
	for i := range order {
		order[i] = i
	}
	for rows := range f.loader.batches(split, order, 0, f.batch()) {
		outputs, err := f.net.Forward()
		if err != nil {
			return nil, err
		}
		f.count(s, split, rows, outputs)
	}
	return s.metrics(name), nil
}

// keepBest keeps the parameters where the epoch is the best so far, as the sweep
// finds a trial's best step: by the constraint and then the first objective, or the
// loss where the objective is none of ours.
func (f *fit) keepBest(epoch int, m sweep.Metrics, violation float64) {
	objective := sweep.Objective{Name: "val_loss", Goal: sweep.Minimize}
	if _, ok := m["val_loss"]; !ok {
		objective.Name = "train_loss"
	}
	if len(f.Objectives) > 0 {
		if _, ok := m[f.Objectives[0].Name]; ok {
			objective = f.Objectives[0]
		}
	}
	result := sweep.Trial{Best: sweep.Report{Metrics: m}, Violation: violation}
	if p := f.progress; p.Best != nil && !result.Ahead(sweep.Trial{Best: sweep.Report{Metrics: p.Best}, Violation: p.Violation}, objective) {
		return
	}
	f.progress.Best, f.progress.Violation, f.progress.At = maps.Clone(m), violation, epoch
	for i, p := range f.net.Params() {
		copy(f.best[i], p.Data)
	}
}

// finish scores the best parameters on the test split and saves the model.
func (f *fit) finish() error {
	f.restoreBest() // to be scored
	scores := maps.Clone(f.progress.Best)
	if test := f.data.Splits[artifact.Test]; test != nil {
		m, err := f.evaluate(test, artifact.Test)
		if err != nil {
			return err
		}
		fmt.Fprintf(f.Log, "best epoch %d: %s\n", f.progress.At, describe(m))
		maps.Copy(scores, m)
	}
	return f.save(scores)
}

func (f *fit) restoreBest() {
	for i, p := range f.net.Params() {
		copy(p.Data, f.best[i])
	}
}

// save writes the model of the best epoch.
func (f *fit) save(scores sweep.Metrics) error {
	f.restoreBest()
	return save(f.Dir.Model(), Description{
		Trial: f.Trial.Name(), Identity: f.Trial.ID, Network: f.Trial.Task.Model, Data: f.data.Meta,
		Fingerprint: f.data.Fingerprint, Epoch: f.progress.At, Scores: scores,
	}, f.net)
}

func describe(m sweep.Metrics) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %.4g", name, m[name]))
	}
	return strings.Join(parts, ", ")
}

// Metrics are those that Fit reports, of classification and of regression.
func Metrics() []string {
	var names []string
	for _, split := range []string{artifact.Train, artifact.Val} {
		for _, name := range []string{"loss", "accuracy", "f1", "rmse", "mae", "r2"} {
			names = append(names, split+"_"+name)
		}
	}
	return append(names, "samples_per_second", "learning_rate")
}
