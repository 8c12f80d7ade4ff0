package past

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Reader turns histories into points. It keeps those of the last history, which
// the next one usually goes on from: then it reads only what may be new.
type Reader struct {
	spec   sweep.Spec
	last   sweep.History
	points []Point
	ends   []int // of each point, the trial after its last
	open   []int // points that a history which goes on may say more of

	finished []int
	anew     bool

	index map[string]int // the first point with a key,
	keyed int            // of so many points
}

// NewReader reads histories of runs of s.
func NewReader(s sweep.Spec) *Reader { return &Reader{spec: s, index: map[string]int{}} }

// Points are the variants of a history in the order in which they were proposed.
// They are valid until the next call.
func (r *Reader) Points(history sweep.History) ([]Point, error) {
	known, n, next := len(r.finished), 0, 0
	again := r.open
	r.open, r.anew = nil, false
	if r.grown(history) {
		n = len(r.points) - 1 // more trials of the last variant may have come
		next = r.start(n)
		for _, i := range again {
			if i < n {
				r.judge(i, history[r.start(i):r.ends[i]])
			}
		}
	}
	r.last = history
	for ; next < len(history); n++ {
		if n == len(r.points) || !same(r.points[n].Params, history[next].Params) {
			r.cut(n)
			p, err := r.place(history[next].Params)
			if err != nil {
				*r = *NewReader(r.spec)
				return nil, err
			}
			r.points, r.ends = append(r.points, p), append(r.ends, 0)
		}
		end := next + 1
		for end < len(history) && history[end].Variant == history[next].Variant {
			end++
		}
		r.judge(n, history[next:end])
		r.ends[n] = end
		next = end
	}
	r.cut(n)
	r.order(known)
	return r.points, nil
}

// place is where params lie. Points share their domains where no axis depends on another.
func (r *Reader) place(params sweep.Params) (Point, error) {
	space := r.spec.Space
	if len(r.points) == 0 || slices.ContainsFunc(space.Axes, func(a sweep.Axis) bool { return len(a.Needs) > 0 }) {
		return Place(space, params)
	}
	return within(space, r.points[0].Domains, params), nil
}

// grown reports whether history is the last one gone on in place, where what has
// ended stays as it is.
func (r *Reader) grown(history sweep.History) bool {
	n := len(r.last)
	return n > 0 && len(r.points) > 0 && len(history) >= n && &history[0] == &r.last[0]
}

// start is the first trial of point i.
func (r *Reader) start(i int) int {
	if i == 0 {
		return 0
	}
	return r.ends[i-1]
}

// judge reads the outcome of point i.
func (r *Reader) judge(i int, trials sweep.History) {
	p := &r.points[i]
	before, value := *p, 0.0
	if before.Ended > 0 {
		value = before.Value()
	}
	repeat := max(r.spec.Repeat, 1)
	if p.Earlier = trials[0].Variant < 0; p.Earlier {
		repeat = len(trials)
	}
	p.judge(trials, repeat, r.spec.Objectives)
	switch {
	case before.read && before.After != p.After, before.Ended > 0 && (p.Ended != before.Ended || p.Value() != value || p.Violation != before.Violation):
		r.anew = true
	case before.Ended == 0 && p.Ended > 0:
		r.finished = append(r.finished, i)
	}
	p.read = true
	if p.Ended == 0 {
		r.open = append(r.open, i)
	}
}

// order puts what has finished since the last call, when known had, in its place.
func (r *Reader) order(known int) {
	byEnd := func(i, j int) int { return cmp.Compare(r.points[i].Ended, r.points[j].Ended) }
	if !r.anew {
		slices.SortFunc(r.finished[known:], byEnd)
		r.anew = known > 0 && known < len(r.finished) && byEnd(r.finished[known-1], r.finished[known]) > 0
	}
	if r.anew {
		r.finished = r.finished[:0]
		for i, p := range r.points {
			if p.Ended > 0 {
				r.finished = append(r.finished, i)
			}
		}
		slices.SortFunc(r.finished, byEnd)
	}
}

// cut forgets the points from n on.
func (r *Reader) cut(n int) {
	if n == len(r.points) {
		return
	}
	r.points, r.ends, r.anew = r.points[:n], r.ends[:n], true
	clear(r.index)
	r.keyed = 0
}

// Finished are the points whose trials have all ended, in the order in which the
// last of them did. They are valid until the next call of Points.
func (r *Reader) Finished() []int { return r.finished }

// Anew reports whether the history that Points was last called with is not the
// one before gone on: points, or what was known of those finished, are others.
func (r *Reader) Anew() bool { return r.anew }

// same reports whether a and b are one map: histories do not change, so that
// what is in it need not be compared.
func same(a, b sweep.Params) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// Seen reports whether p is in the history that Points was last called with, but
// for trials of earlier runs.
func (r *Reader) Seen(p sweep.Params) bool { return r.SeenBefore(len(r.points), p) }

// SeenBefore reports whether p is one of the first n points of that history.
func (r *Reader) SeenBefore(n int, p sweep.Params) bool {
	for ; r.keyed < len(r.points); r.keyed++ {
		if r.points[r.keyed].Earlier {
			continue
		}
		key := r.points[r.keyed].Params.Key()
		if _, ok := r.index[key]; !ok {
			r.index[key] = r.keyed
		}
	}
	first, ok := r.index[p.Key()]
	return ok && first < n
}
