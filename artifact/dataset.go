// Package artifact holds what goes into and comes out of training: prepared
// data sets, splits and, in safetensors, weights. Where data comes from is in
// artifact/data/<name>; of their file formats this package knows only what a
// prediction's input needs: a picture, a table's rows, a text.
package artifact

import (
	"context"
	"image"
)

// Kind is what a model is to learn from a data set.
type Kind string

// The kinds of task a data set poses.
const (
	Classification Kind = "classification"
	Regression     Kind = "regression"
)

// Meta describes a prepared data set: all that a model needs to be built for
// it and, kept in model.json, all that a prediction needs to encode its input.
type Meta struct {
	Kind    Kind     `json:"kind"`
	Shape   []int    `json:"shape"`             // of one example: [features] or [channels, height, width]
	Classes []string `json:"classes,omitempty"` // sorted; a label is an index into it
	Target  *Scale   `json:"target,omitempty"`  // of a regression: value = Mean + SD*y for the model's output y
	Encoder Encoding `json:"encoder"`           // how raw input became features
	Norm    []Scale  `json:"norm,omitempty"`    // per channel or feature: (x-Mean)/SD, applied by Features
}

// Scale is a mean and a standard deviation (> 0).
type Scale struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// Encoding is the recipe that turns a raw input into features; exactly one field is set.
type Encoding struct {
	Image *ImageEncoding `json:"image,omitempty"`
	Row   *RowEncoding   `json:"row,omitempty"`
	Text  *TextEncoding  `json:"text,omitempty"`
}

// Split is one part of a data set: "train", "val" or "test".
type Split interface {
	// Len is the number of examples.
	Len() int
	// Features writes example i, normalised, into dst (len: product of Meta.Shape, channels first).
	Features(i int, dst []float32)
	// Label is the class index of example i (classification).
	Label(i int) int
	// Target is the standardised target of example i (regression).
	Target(i int) float32
}

// Cropper is a Split of images that training can cut from: an optional interface.
type Cropper interface {
	Split
	// Size is the width and height that image i is kept in, at least those of
	// Meta.Shape.
	Size(i int) image.Point
	// Crop writes the part of image i within from, which is not empty and lies
	// in its Size, into dst as Features does: scaled to Meta.Shape, mirrored if
	// flip, normalised. s is the caller's scratch, for one goroutine.
	Crop(i int, from image.Rectangle, flip bool, dst []float32, s *Scaler)
}

// Source is a place data comes from: the plugin kind behind a sweep file's data block.
type Source interface {
	// Inputs are the files and folders that the data depends on: the cache
	// is asked again whenever one of them changed. Empty for generated data.
	Inputs() ([]string, error)
	// Read adds every example to b, in an order that depends on the inputs alone.
	Read(ctx context.Context, b *Builder) error
}

// Dataset is a prepared data set, opened. Splits that it does not have are
// missing from Splits.
type Dataset struct {
	Meta        Meta
	Fingerprint string // hash of the prepared content: part of a trial's identity
	Splits      map[string]Split

	close func() error
}

// Close unmaps the data. The splits must not be used afterwards.
func (d *Dataset) Close() error {
	if d.close == nil {
		return nil
	}
	return d.close()
}
