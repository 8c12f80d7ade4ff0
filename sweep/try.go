package sweep

import "errors"

// WithTry is a Searcher that proposes the baselines first and then what inner
// proposes, without those baselines.
func WithTry(inner Searcher, tries []Params) Searcher {
	t := &trying{inner: inner, known: map[string]bool{}}
	for _, p := range tries {
		if key := p.Key(); !t.known[key] {
			t.known[key] = true
			t.tries = append(t.tries, p)
		}
	}
	if len(t.tries) == 0 {
		return inner
	}
	if learner, ok := inner.(Learner); ok {
		return tryingLearner{learner, t.tries}
	}
	return t
}

// tryingLearner has an inner searcher that sees the baselines in the past.
type tryingLearner struct {
	inner Learner
	tries []Params
}

func (t tryingLearner) Next(n int, past History) (Params, error) {
	if n < len(t.tries) {
		return t.tries[n], nil
	}
	return t.inner.Next(n-len(t.tries), past)
}

func (t tryingLearner) Explain(n int, past History) (string, error) {
	if n < len(t.tries) {
		return "a baseline of the file's try blocks", nil
	}
	return t.inner.Explain(n-len(t.tries), past)
}

// Parent is that of the inner searcher's variant, where it has such.
func (t tryingLearner) Parent(n int, past History) (int, bool, error) {
	if b, ok := t.inner.(Breeder); ok && n >= len(t.tries) {
		return b.Parent(n-len(t.tries), past)
	}
	return 0, false, nil
}

type trying struct {
	inner Searcher
	tries []Params
	known map[string]bool

	// The inner searcher's number for the outer one, as far as it was asked:
	// a cache, rebuilt from nothing where the calls are out of order.
	outer, next int
}

func (t *trying) Next(n int, past History) (Params, error) {
	if n < len(t.tries) {
		return t.tries[n], nil
	}
	n -= len(t.tries)
	if n < t.outer {
		t.outer, t.next = 0, 0
	}
	for {
		p, err := t.inner.Next(t.next, past)
		if err != nil {
			if !errors.Is(err, ErrExhausted) {
				t.outer, t.next = 0, 0
			}
			return nil, err
		}
		t.next++
		if t.known[p.Key()] {
			continue
		}
		t.outer++
		if t.outer > n {
			return p, nil
		}
	}
}
