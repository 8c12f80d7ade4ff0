package sweep_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// order proposes the sum of the scores that it knows, each times its place in the
// order in which trials ended, and checks the pasts that it is shown.
type order struct{ t *testing.T }

func (o order) Next(_ int, past sweep.History) (sweep.Params, error) {
	sum, ended := 0.0, 0
	for i, t := range past {
		if t.Variant < 0 && (i >= 3 || t.Ended != i+1) || t.Variant >= 0 && t.After < 3 {
			o.t.Errorf("trial %d of the past is %+v", i, t)
		}
		if t, ok := t.Settled(); ok {
			ended++
			sum += float64(t.Ended) * t.Best.Metrics["score"]
		}
	}
	return sweep.Params{"x": sweep.Float(sum / float64(ended))}, nil
}

func (order) Explain(int, sweep.History) (string, error) { return "", nil }

// A search sets out from earlier trials as from ones of its own, and decides again
// what it decided, whatever it was asked in between.
func TestWithEarlier(t *testing.T) {
	var earlier sweep.History
	for i := range 3 {
		earlier = append(earlier, sweep.Trial{Number: 7 + i, Variant: 7 + i, Ended: 20 - i, Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{"score": float64(i)}}})
	}
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(3, 5)
		l := loop(store, nil, m)
		l.Searcher = sweep.WithEarlier(order{t}, earlier)
		l.Stopper = rungs{}
		l.Spec.Limits.Trials = 20
		if _, err := l.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		past, err := store.Trials()
		if err != nil {
			t.Fatal(err)
		}
		if x, _ := past[0].Params["x"].AsFloat(); x != (0*1+1*2+2*3)/3.0 {
			t.Errorf("the first variant is %g", x)
		}
		fresh := sweep.WithEarlier(order{t}, earlier)
		for _, n := range slices.Backward([]int{0, 1, 5, 11, 19}) {
			for _, s := range []sweep.Searcher{l.Searcher, fresh} {
				p, err := s.Next(n, past.Before(n))
				if err != nil || p.Key() != past[n].Params.Key() {
					t.Errorf("trial %d was %s, decided again it is %s (%v)", n, past[n].Params.Key(), p.Key(), err)
				}
			}
		}
	})
}
