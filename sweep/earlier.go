package sweep

import "slices"

// WithEarlier is a Learner that has learned from trials of earlier runs, which
// have ended. To inner they are the beginning of every past, with variant numbers
// below 0; of a finite space they may be proposed again.
func WithEarlier(inner Learner, earlier History) Learner {
	earlier = slices.Clone(earlier)
	for i := range earlier {
		t := &earlier[i]
		t.Number, t.Variant, t.After, t.Ended = i-len(earlier), i-len(earlier), i, i+1
		t.Parent, t.Pauses = nil, nil
	}
	return &experienced{inner: inner, earlier: earlier}
}

type experienced struct {
	inner   Learner
	earlier History

	// A cache: own, the last past, after earlier. It grows in place as that does.
	joined, own History
}

func (e *experienced) Next(n int, past History) (Params, error) {
	return e.inner.Next(n, e.join(past))
}

func (e *experienced) Explain(n int, past History) (string, error) {
	return e.inner.Explain(n, e.join(past))
}

// join is past after the earlier trials, as if the run had begun with them.
func (e *experienced) join(past History) History {
	m := len(e.earlier)
	if grown := len(e.own) > 0 && len(past) >= len(e.own) && &past[0] == &e.own[0]; !grown {
		e.joined = slices.Clone(e.earlier)
	}
	e.own = past
	for i := range past {
		switch at := m + i; {
		case at == len(e.joined):
			e.joined = append(e.joined, later(past[i], m))
		case e.joined[at].Ended == 0: // it may have ended since
			e.joined[at] = later(past[i], m)
		}
	}
	return e.joined
}

// later is t where m trials had ended before the run's first.
func later(t Trial, m int) Trial {
	t.After += m
	if t.Ended > 0 {
		t.Ended += m
	}
	t.Pauses = slices.Clone(t.Pauses)
	for i := range t.Pauses {
		t.Pauses[i].Ended += m
	}
	return t
}
