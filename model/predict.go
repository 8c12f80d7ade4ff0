package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"strconv"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/safetensors"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Predictor scores inputs with a trained model.
type Predictor struct {
	Description
	net     *nn.Net
	encoder artifact.Encoder
}

// Load opens a model directory; build makes the trainer that its network block
// names.
func Load(dir string, build func(sweep.Block) (Trainer, error)) (*Predictor, error) {
	return load(dir, build, 2) // batch normalisation cannot be built for one
}

// load is Load for a batch of that many examples.
func load(dir string, build func(sweep.Block) (Trainer, error), batch int) (*Predictor, error) {
	d, err := Describe(dir)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Predictor, error) { return nil, fmt.Errorf("load model in %s: %w", dir, err) }
	trainer, err := build(d.Network)
	if err != nil {
		return fail(err)
	}
	network, ok := trainer.(Network)
	if !ok {
		return fail(fmt.Errorf("a model of type %q cannot be used for predictions here", d.Network.Type))
	}
	encoder, err := artifact.NewEncoder(d.Data)
	if err != nil {
		return fail(err)
	}
	layers, err := network.Layers(d.Data)
	if err != nil {
		return fail(err)
	}
	net, err := newNet(layers, d.Data, batch, 0, 0)
	if err != nil {
		return fail(err)
	}
	tensors, _, err := safetensors.ReadFile(filepath.Join(dir, weightsFile))
	if err != nil {
		return fail(err)
	}
	for _, p := range net.Params() {
		t, ok := tensors[p.Name]
		if !ok || len(t.Data) != len(p.Data) {
			return fail(fmt.Errorf("tensor %s is missing or of another shape", p.Name))
		}
		p.SetValues(t.Data)
	}
	return &Predictor{Description: d, net: net, encoder: encoder}, nil
}

// Prediction is what the model says of one example.
type Prediction struct {
	classes []string
	// Probabilities are those of the classes, in the order of Description.Data.Classes.
	Probabilities []float64
	// Value is the predicted value of a regression, in the target's units.
	Value float64
}

// Label is the most probable class and its probability.
func (p Prediction) Label() (string, float64) {
	best := 0
	for i, q := range p.Probabilities {
		if q > p.Probabilities[best] {
			best = i
		}
	}
	return p.classes[best], p.Probabilities[best]
}

// MarshalJSON is {"label": ..., "probability": ...}, the probability a text of
// seven digits, or {"value": ...} for a regression.
func (p Prediction) MarshalJSON() ([]byte, error) {
	if p.Probabilities == nil {
		return json.Marshal(struct {
			Value float64 `json:"value"`
		}{p.Value})
	}
	label, probability := p.Label()
	return encodeLabel(label, probability)
}

func encodeLabel(label string, probability float64) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // "<=50K" stays as it is
	err := e.Encode(struct {
		Label       string `json:"label"`
		Probability string `json:"probability"`
	}{label, formatProbability(probability)})
	return b.Bytes(), err
}

func formatProbability(p float64) string { return strconv.FormatFloat(p, 'g', 7, 32) }

// All is the probability of every class, by class.
func (p Prediction) All() map[string]string {
	out := make(map[string]string, len(p.classes))
	for i, class := range p.classes {
		out[class] = formatProbability(p.Probabilities[i])
	}
	return out
}

// Predict scores every example in input: an image file, a CSV file or row, a
// text file or text.
func (p *Predictor) Predict(input string) iter.Seq2[Prediction, error] {
	return func(yield func(Prediction, error) bool) {
		for x, err := range p.encoder.Encode(input) {
			if err != nil {
				yield(Prediction{}, err)
				return
			}
			copy(p.net.Inputs(), x)
			outputs, err := p.net.Forward()
			if err != nil {
				yield(Prediction{}, err)
				return
			}
			if !yield(p.prediction(outputs[:p.net.Width()]), nil) {
				return
			}
		}
	}
}

func (p *Predictor) prediction(outputs []float32) Prediction {
	if p.Data.Kind == artifact.Regression {
		return Prediction{Value: float64(outputs[0])*p.Data.Target.SD + p.Data.Target.Mean}
	}
	probabilities := make([]float64, len(outputs))
	nn.Softmax(outputs, probabilities)
	return Prediction{classes: p.Data.Classes, Probabilities: probabilities}
}
