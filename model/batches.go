package model

import (
	"iter"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/inflame-deeplearning/sweep/artifact"
)

// batch is where examples are loaded to.
type batch struct {
	rows    []int // of the split
	x       []float32
	labels  []int32
	targets []float32
}

func newBatch(n, width int) *batch {
	return &batch{x: make([]float32, n*width), labels: make([]int32, n), targets: make([]float32, n)}
}

// copyTo copies the examples; what to holds beyond them stays.
func (b *batch) copyTo(to *batch) {
	n := len(b.rows)
	copy(to.x, b.x[:n*(len(b.x)/len(b.labels))])
	copy(to.labels, b.labels[:n])
	copy(to.targets, b.targets[:n])
}

// loader loads a data set's examples, augmented where they are for training.
type loader struct {
	Augment
	meta   artifact.Meta
	seed   uint64
	width  int // of an example
	tmp    []float32
	scaler artifact.Scaler
	spare  [2]*batch
}

// load loads rows; epoch 0 is evaluation, which changes nothing about them.
func (l *loader) load(split artifact.Split, rows []int, epoch int, to *batch) {
	to.rows = rows
	for i, row := range rows {
		l.features(split, row, epoch, to.x[i*l.width:(i+1)*l.width])
		if l.meta.Kind == artifact.Regression {
			to.targets[i] = split.Target(row)
		} else {
			to.labels[i] = int32(split.Label(row))
		}
	}
}

// features loads one example. What is random about it depends on (seed, epoch,
// row) alone.
func (l *loader) features(split artifact.Split, row, epoch int, dst []float32) {
	if epoch == 0 || !l.any() {
		split.Features(row, dst)
		return
	}
	r := rand.New(rand.NewPCG(l.seed^uint64(epoch)<<32, uint64(row)))
	a := l.Augment
	if a.RandomResizedCrop {
		pictures := split.(artifact.Cropper) // newFit has checked
		part := a.part(pictures.Size(row), r)
		pictures.Crop(row, part, a.Flip && r.IntN(2) == 1, dst, &l.scaler)
		a.Flip = false // done
	} else {
		split.Features(row, dst)
	}
	if a.changes() {
		a.apply(dst, l.tmp, l.meta.Shape, r)
	}
}

// besideWidth is how many numbers an example has to have for a goroutine to
// pay that only reads them.
const besideWidth = 1 << 14

// batches loads order's rows into to, as many at a time as it holds, and yields
// them. Where loading takes a while, the next batch is loaded beside the work on
// this one; the examples are the same.
func (l *loader) batches(split artifact.Split, order []int, epoch int, to *batch) iter.Seq[[]int] {
	if epoch > 0 && l.any() || l.width >= besideWidth {
		return l.beside(split, order, epoch, to)
	}
	return func(yield func([]int) bool) {
		for rows := range slices.Chunk(order, len(to.labels)) {
			if l.load(split, rows, epoch, to); !yield(rows) {
				return
			}
		}
	}
}

// beside is batches with a goroutine that loads ahead by at most two, and ends
// with the loop.
func (l *loader) beside(split artifact.Split, order []int, epoch int, to *batch) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var loading sync.WaitGroup
		var fault any // of the goroutine, for the loop's owner to see
		done := make(chan struct{})
		defer func() {
			close(done)
			if loading.Wait(); fault != nil {
				panic(fault)
			}
		}()
		free, loaded := make(chan *batch, len(l.spare)), make(chan *batch, len(l.spare))
		for i := range l.spare {
			if l.spare[i] == nil {
				l.spare[i] = newBatch(len(to.labels), l.width)
			}
			free <- l.spare[i]
		}
		loading.Go(func() {
			defer close(loaded)
			defer func() { fault = recover() }()
			for rows := range slices.Chunk(order, len(to.labels)) {
				select {
				case b := <-free:
					l.load(split, rows, epoch, b)
					loaded <- b
				case <-done:
					return
				}
			}
		})
		for b := range loaded {
			b.copyTo(to)
			rows := b.rows
			free <- b
			if !yield(rows) {
				return
			}
		}
	}
}
