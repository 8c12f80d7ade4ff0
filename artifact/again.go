package artifact

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Examples are inputs of a model.
type Examples interface {
	Len() int
	// Features writes example i into dst.
	Features(i int, dst []float32)
}

// Again is a split of d as the inputs of a model that was trained on other data: in
// the order of the split, with the columns, scales and sizes of m. d is the prepared
// data of the block, and src its source, from which rows and texts are read again.
// The error is for data that such a model cannot take.
func (d *Dataset) Again(ctx context.Context, block sweep.Block, src Source, split string, m Meta) (Examples, error) {
	own, ok := d.Splits[split]
	switch {
	case !ok:
		return nil, fmt.Errorf("the data has no split %s", split)
	case m.Kind != d.Meta.Kind:
		return nil, fmt.Errorf("the model is of a %s, the data of a %s", m.Kind, d.Meta.Kind)
	case reflect.DeepEqual(m.Encoder, d.Meta.Encoder) && reflect.DeepEqual(m.Norm, d.Meta.Norm) && slices.Equal(m.Shape, d.Meta.Shape):
		return own, nil
	case m.Encoder.Image != nil && d.Meta.Encoder.Image != nil:
		return d.normalised(split, m)
	case m.Encoder.Row != nil && d.Meta.Encoder.Row != nil, m.Encoder.Text != nil && d.Meta.Encoder.Text != nil:
		return d.encoded(ctx, block, src, split, m)
	}
	return nil, errors.New("the model takes another kind of input than the data is")
}

// normalised is a split of pictures as m has their colours.
func (d *Dataset) normalised(split string, m Meta) (Examples, error) {
	if !reflect.DeepEqual(m.Encoder, d.Meta.Encoder) {
		return nil, fmt.Errorf("the model takes pictures of %v, the data has them of %v", m.Shape, d.Meta.Shape)
	}
	p, ok := d.Splits[split].(pictures)
	if !ok {
		return nil, errors.New("the data has no pictures")
	}
	t := *p.table
	t.meta.Norm = m.Norm
	return pictures{part{&t, p.index}}, nil
}

// encoded is a split of rows or texts as m encodes them.
func (d *Dataset) encoded(ctx context.Context, block sweep.Block, src Source, split string, m Meta) (Examples, error) {
	b := &Builder{}
	if err := schema.Decode(block.Config, &b.splitting); err != nil {
		return nil, fmt.Errorf("read data %q again: %w", block.Type, err)
	}
	if err := src.Read(ctx, b); err != nil {
		return nil, fmt.Errorf("read data %q again: %w", block.Type, err)
	}
	members := b.members()[split]
	own := d.Splits[split]
	if len(members) != own.Len() {
		return nil, fmt.Errorf("the data has changed since it was prepared: %d examples in split %s, then %d", len(members), split, own.Len())
	}
	width, ok := m.width()
	if !ok {
		return nil, errors.New("the model's input has no shape")
	}
	out := rows{width: width, x: make([]float32, len(members)*width)}
	encode, err := b.encoder(m)
	if err != nil {
		return nil, err
	}
	for k, i := range members {
		if !d.answers(own, k, b.labels[i], b.targets[i]) {
			return nil, errors.New("the data has changed since it was prepared: it has other labels")
		}
		if err := encode(int(i), out.x[k*width:(k+1)*width]); err != nil {
			return nil, fmt.Errorf("example %d of split %s: %w", k+1, split, err)
		}
	}
	return out, nil
}

// answers reports whether an example of d has that class, or target.
func (d *Dataset) answers(s Split, i int, class string, target float64) bool {
	if d.Meta.Kind == Classification {
		return d.Meta.Classes[s.Label(i)] == class
	}
	return s.Target(i) == float32((target-d.Meta.Target.Mean)/d.Meta.Target.SD)
}

// encoder writes an example of b as m has its features.
func (b *Builder) encoder(m Meta) (func(i int, dst []float32) error, error) {
	if e := m.Encoder.Text; e != nil {
		return func(i int, dst []float32) error {
			buckets, values := e.Sparse(b.texts[i])
			scatter(buckets, values, dst)
			return nil
		}, nil
	}
	e := m.Encoder.Row
	place := make([]int, len(e.Columns)) // of each column among the data's
	for j, c := range e.Columns {
		place[j] = slices.IndexFunc(b.row.Columns, func(own Column) bool { return own.Name == c.Name })
		if place[j] < 0 && c.Use != Ignored && c.Use != TargetUse {
			return nil, fmt.Errorf("the model takes a column %q, which the data has no more", c.Name)
		}
	}
	cells := make([]string, len(e.Columns))
	return func(i int, dst []float32) error {
		for j, from := range place {
			if cells[j] = ""; from >= 0 {
				cells[j] = b.rows[i][from]
			}
		}
		return e.Encode(cells, dst)
	}, nil
}

// rows are examples in memory.
type rows struct {
	width int
	x     []float32
}

func (r rows) Len() int { return len(r.x) / r.width }

func (r rows) Features(i int, dst []float32) { copy(dst, r.x[i*r.width:(i+1)*r.width]) }
