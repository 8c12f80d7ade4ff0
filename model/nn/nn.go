// Package nn holds networks: layers, losses and optimizers as Gorgonia ops, and
// the kernels below them. It is the only home of Gorgonia. It knows nothing of
// data sets, epochs or files.
//
// A network is a list of layers. Compile turns it into two Gorgonia graphs over
// the same parameters, one that trains and one that evaluates. A layer is one
// coarse op that owns its buffers, so that a step allocates nothing. All numbers
// are float32, tensors are row-major. Images come in channels first; layers hold
// them pixel by pixel, so that every loop over channels is one over neighbours.
// A Net is used by one goroutine.
package nn

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Net is a compiled network.
type Net struct {
	batch, inputs, outputs int

	x      *tensor.Dense // [batch, in...], shared by both graphs
	input  []float32     // what x holds
	labels []int32
	target []float32

	kernels chain
	params  []*Param
	loss    *lossKernel
	logits  []float32 // of the last forward pass

	train, eval gorgonia.VM
	step        uint64
	mode        *mode
}

// mode is what kernels need to know of the pass at hand.
type mode struct {
	training bool
	seed     uint64
	step     uint64
}

// Compile builds the network for batches of the given size. in is the shape of
// one example, [features] or [channels, height, width]; the last layer's output
// is the logits or the predicted value. Parameters are drawn from seed. The
// error names the layer that does not fit.
func Compile(layers []Layer, in []int, loss Loss, batch int, seed uint64) (*Net, error) {
	if batch < 1 {
		return nil, fmt.Errorf("compile network: batch size %d is below 1", batch)
	}
	if size(in) < 1 {
		return nil, fmt.Errorf("compile network: input shape %v is empty", in)
	}
	useBLAS()
	n := &Net{batch: batch, inputs: size(in), mode: &mode{seed: seed}}
	n.x = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(append([]int{batch}, in...)...))
	n.input = floats(n.x)
	b := build{shared: &shared{batch: batch, seed: seed, mode: n.mode, work: &workspace{}}, in: in}
	kernels, err := b.chain(layers, "layers.")
	if err != nil {
		return nil, err
	}
	if len(in) == 3 {
		first := &channelsLast{base: b.base(in), batch: batch, channels: in[0], plane: in[1] * in[2]}
		kernels = append(chain{first}, kernels...)
	}
	n.kernels, n.params = kernels, b.params
	if len(n.kernels.learned()) == 0 {
		return nil, errors.New("compile network: no layer has anything to learn")
	}
	shape := n.kernels.shape()
	n.outputs = size(shape)
	if len(shape) != 1 {
		return nil, fmt.Errorf("compile network: the last layer's output %v is not flat; end with a dense layer", shape)
	}
	n.labels, n.target = make([]int32, batch), make([]float32, batch)
	if n.loss, err = newLoss(loss, batch, n.outputs, n.labels, n.target); err != nil {
		return nil, fmt.Errorf("compile network: %w", err)
	}
	if err := n.graphs(); err != nil {
		return nil, fmt.Errorf("compile network: %w", err)
	}
	return n, nil
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 1 || n > 1<<31/d {
			return 0
		}
		n *= d
	}
	return n
}

// graphs builds the training and the evaluation graph and their machines. The
// gradients that they end in are those that the kernels own.
func (n *Net) graphs() error {
	forward := func() (*gorgonia.ExprGraph, *gorgonia.Node, gorgonia.Nodes, error) {
		g := gorgonia.NewGraph()
		out := gorgonia.NodeFromAny(g, n.x, gorgonia.WithName("x"))
		var learned gorgonia.Nodes
		for _, k := range n.kernels {
			inputs := gorgonia.Nodes{out}
			for _, p := range k.state().learned {
				value := tensor.New(tensor.WithShape(p.storedShape()...), tensor.WithBacking(p.Data))
				inputs = append(inputs, gorgonia.NodeFromAny(g, value, gorgonia.WithName(p.Name)))
			}
			learned = append(learned, inputs[1:]...)
			var err error
			if out, err = gorgonia.ApplyOp(newForward(k, n.batch, inputs), inputs...); err != nil {
				return nil, nil, nil, err
			}
		}
		return g, out, learned, nil
	}
	g, out, learned, err := forward()
	if err != nil {
		return fmt.Errorf("build training graph: %w", err)
	}
	cost, err := gorgonia.ApplyOp(newLossOp(n.loss, out), out)
	if err != nil {
		return fmt.Errorf("build loss: %w", err)
	}
	if _, err := gorgonia.Grad(cost, learned...); err != nil {
		return fmt.Errorf("differentiate: %w", err)
	}
	if n.train, err = newMachine(g); err != nil {
		return err
	}
	g, _, _, err = forward()
	if err != nil {
		return fmt.Errorf("build evaluation graph: %w", err)
	}
	if n.eval, err = newMachine(g); err != nil {
		return err
	}
	n.logits = n.kernels.out()
	return nil
}

// Close frees the machines.
func (n *Net) Close() error { return errors.Join(n.train.Close(), n.eval.Close()) }

// Batch is the number of examples in a step.
func (n *Net) Batch() int { return n.batch }

// Width is the number of outputs an example has.
func (n *Net) Width() int { return n.outputs }

// Inputs is where the caller writes a batch, [batch, in...].
func (n *Net) Inputs() []float32 { return n.input }

// Labels is where the caller writes the classes of a batch, [batch].
func (n *Net) Labels() []int32 { return n.labels }

// Targets is where the caller writes the targets of a batch, [batch].
func (n *Net) Targets() []float32 { return n.target }

// Params are the network's parameters and buffers, in layer order.
func (n *Net) Params() []*Param { return n.params }

// SetStep sets the number of the next training step, from which dropout draws
// its masks: a resumed training then draws what the undisturbed one would have.
func (n *Net) SetStep(step uint64) { n.step = step }

// Step trains on the batch that the caller wrote: forward, backward, update by
// opt at learning rate lr. It returns the mean loss before the update.
func (n *Net) Step(opt *Optimizer, lr float64) (float64, error) {
	loss, err := n.Backward()
	if err != nil {
		return 0, err
	}
	opt.Step(n.params, lr)
	return loss, nil
}

// Backward computes the mean loss of the batch and every parameter's gradient.
func (n *Net) Backward() (float64, error) {
	n.mode.training, n.mode.step = true, n.step
	n.step++
	n.train.Reset()
	if err := n.train.RunAll(); err != nil {
		return 0, fmt.Errorf("run training step: %w", err)
	}
	return n.loss.value, nil
}

// Forward evaluates the batch that the caller wrote: no dropout, running
// statistics. The result, [batch, Width], is valid until the next pass.
func (n *Net) Forward() ([]float32, error) {
	n.mode.training = false
	n.eval.Reset()
	if err := n.eval.RunAll(); err != nil {
		return nil, fmt.Errorf("run evaluation: %w", err)
	}
	return n.logits, nil
}

// Outputs are those of the last pass, [batch, Width].
func (n *Net) Outputs() []float32 { return n.logits }

// Losses writes the loss of each of the first len(dst) examples of the last
// pass, without label smoothing.
func (n *Net) Losses(dst []float64) { n.loss.each(n.logits, dst) }
