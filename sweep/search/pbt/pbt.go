// Package pbt is population based training (Jaderberg et al. 2017,
// arXiv:1711.09846): members of a population train side by side, and after each
// interval one that is among the worst goes on from the checkpoint of one that is
// among the best, with its hyperparameters a little changed. So they change during
// a training, and the winner's are a schedule.
//
// Each interval of each member is a trial of its own, whose parent is the trial
// from whose checkpoint it goes on. The members need not keep step: whoever has
// ended its i-th interval is compared with those that have ended theirs, at least
// half of the population, and may go on from one of these also if that one has gone
// on itself.
package pbt

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// Config is the search "pbt" block.
type Config struct {
	_          struct{} `doc:"Population based training (Jaderberg 2017): members train side by side, and after each interval the worst go on from the checkpoints of the best, with parameters a little changed. For parameters that may change during a training, such as rates and regularisation; those of the model and data blocks stay as they are along a line of descent. Every interval of every member is a trial, until a member has trained to the end. A command goes on from its checkpoint if it finds one in SWEEP_CHECKPOINT_DIR."`
	Population int      `hcl:"population" doc:"Members." default:"10" min:"2"`
	Interval   int      `hcl:"interval" doc:"Epochs that a member trains between two comparisons." default:"1" min:"1"`
	Quantile   float64  `hcl:"quantile" doc:"Share of the members that is replaced, and that may replace them." default:"0.2" above:"0" max:"0.5"`
	Resample   float64  `hcl:"resample" doc:"Chance that a parameter is drawn anew, and not just made a fifth larger or smaller." default:"0.25" min:"0" max:"1"`
	Seed       uint64   `hcl:"seed" doc:"Seed of the draws." default:"1"`
}

// New is a population based search of s's space.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	if s.Repeat > 1 {
		return nil, errors.New("a pbt search has no repeats: its members are compared while they train; leave repeat out")
	}
	return &search{Config: c, spec: s, space: past.Space{Space: s.Space}}, nil
}

type search struct {
	Config
	spec  sweep.Spec
	space past.Space
}

// Next is the next interval of a member.
func (s *search) Next(n int, history sweep.History) (sweep.Params, error) {
	m, err := s.decide(n, history)
	return m.params, err
}

// Parent is the trial from which that interval goes on.
func (s *search) Parent(n int, history sweep.History) (int, bool, error) {
	m, err := s.decide(n, history)
	return m.parent, m.parent >= 0, err
}

// Judge ends an interval.
func (s *search) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	if len(t.Reports) < s.Interval {
		return sweep.Verdict{}
	}
	return sweep.Verdict{Stop: true, Reason: fmt.Sprintf("pbt: interval over at epoch %d", t.Reports[len(t.Reports)-1].Step)}
}

// Explain tells the member's rank, and from whom it goes on.
func (s *search) Explain(n int, history sweep.History) (string, error) {
	m, err := s.decide(n, history)
	switch {
	case err != nil:
		return "", err
	case m.after < 0:
		return fmt.Sprintf("pbt: the first interval of member %d of %d, drawn at random", m.member+1, s.Population), nil
	case m.parent < 0:
		return fmt.Sprintf("pbt: member %d begins anew, as no interval of any member has a result yet", m.member+1), nil
	case m.parent == m.after:
		return fmt.Sprintf("pbt: member %d goes on, being number %d of %d after trial %d", m.member+1, m.rank+1, m.of, m.after), nil
	}
	why := fmt.Sprintf("was number %d of %d", m.rank+1, m.of)
	if m.rank < 0 {
		why = "did not come to its end"
	}
	changes := "with the same parameters"
	if len(m.changed) > 0 {
		changes = "with " + strings.Join(m.changed, ", ")
	}
	return fmt.Sprintf("pbt: member %d, which after trial %d %s, goes on from trial %d, one of the best %d, %s", m.member+1, m.after, why, m.parent, m.cut, changes), nil
}

// move is a proposal and how it came about.
type move struct {
	params  sweep.Params
	member  int
	after   int      // the member's interval before; -1: there is none
	rank    int      // of that interval among those of its age, from 0; -1: without a result
	of      int      // how many of these have one
	cut     int      // how many of the best may be parents
	parent  int      // -1: it begins anew
	changed []string // parameters that differ from the parent's
}

// decide follows the population up to its n-th trial: whose turn it is, and how
// it goes on.
func (s *search) decide(n int, history sweep.History) (move, error) {
	if len(history) < s.Population {
		p, err := s.space.Draw(past.Seed(s.Seed, n), func(sweep.Params) bool { return false })
		return move{params: p, member: len(history), after: -1, parent: -1}, err
	}
	l := s.descend(history)
	turn := l.turn
	if turn < 0 {
		if slices.ContainsFunc(history, func(t sweep.Trial) bool { return t.Ended == 0 }) {
			return move{}, sweep.ErrWait
		}
		return move{}, sweep.ErrExhausted
	}
	standing := l.standing(history, l.age[turn], s.spec.Objectives)
	m := move{member: l.member[turn], after: turn, rank: slices.Index(standing, turn), of: len(standing), parent: turn, params: history[turn].Params}
	m.cut = int(s.Quantile * float64(m.of))
	good := m.rank >= 0 && history[turn].Steps >= s.Interval // or another rule has stopped it
	if good && m.rank < m.of-m.cut {
		return m, nil
	}
	parents := standing[:min(max(m.cut, 1), m.of)]
	done := func(k int) bool { return history[k].Outcome == sweep.Succeeded } // has trained to its end
	parents = slices.DeleteFunc(parents, done)
	// One that failed may be the first to have come so far: then it follows one of an
	// interval before.
	for age := l.age[turn] - 1; len(parents) == 0 && age >= 0; age-- {
		parents = slices.DeleteFunc(l.standing(history, age, s.spec.Objectives), done)
		parents = parents[:min(len(parents), 1)]
	}
	r := past.Seed(s.Seed, n)
	var err error
	if len(parents) == 0 {
		m.parent = -1
		m.params, err = s.space.Draw(r, func(sweep.Params) bool { return false })
		return m, err
	}
	m.cut = len(parents)
	m.parent = parents[r.IntN(len(parents))]
	m.params, m.changed, err = s.explore(history[m.parent].Params, r)
	return m, err
}

// descent is who is whose member, and whose turn it is.
type descent struct {
	member []int // of each trial
	age    []int // intervals before it in its line
	failed []int // how many in a row its member has had without a result, with it
	turn   int   // the trial after which a member is to go on; -1: none
}

// hopeless is how many trials without a result in a row end a line.
const hopeless = 3

// descend works out whose turn it was for each trial so far, and whose it is now.
func (s *search) descend(history sweep.History) descent {
	l := descent{member: make([]int, len(history)), age: make([]int, len(history)), failed: make([]int, len(history))}
	var ends []int // trials in the order in which they ended
	for k := range history {
		if history[k].Ended > 0 {
			ends = append(ends, k)
		}
	}
	slices.SortFunc(ends, func(a, b int) int { return cmp.Compare(history[a].Ended, history[b].Ended) })
	q := queue{descent: &l, half: (s.Population + 1) / 2, come: map[int]int{}}
	for k := range history {
		for ; len(ends) > 0 && history[ends[0]].Ended <= history[k].After; ends = ends[1:] {
			q.add(ends[0], history)
		}
		l.member[k] = k
		if k < s.Population {
			continue
		}
		if turn := q.next(k); turn >= 0 {
			q.due = slices.DeleteFunc(q.due, func(t int) bool { return t == turn })
			l.member[k], l.failed[k] = l.member[turn], l.failed[turn]
			if p := history[k].Parent; p != nil {
				l.age[k] = l.age[p.Number] + 1
			}
		}
	}
	for _, k := range ends {
		q.add(k, history)
	}
	l.turn = q.next(len(history))
	return l
}

// queue is the trials that nobody went on after yet.
type queue struct {
	*descent
	due   []int // in the order in which they ended
	ended int
	come  map[int]int // how many trials of an age have ended
	half  int         // of the population
}

// add takes a trial in that has ended. One that has trained to its end has no turn,
// nor has a member of which nothing succeeds.
func (q *queue) add(k int, history sweep.History) {
	t := &history[k]
	q.ended++
	q.come[q.age[k]]++
	if t.Outcome.Ranked() {
		q.failed[k] = 0
	} else {
		q.failed[k]++
	}
	if t.Outcome != sweep.Succeeded && q.failed[k] < hopeless {
		q.due = append(q.due, k)
	}
}

// next is whose turn it is for the k-th trial: of the first that ended with half of
// the population having come as far, or else, when nobody is under way, of the
// first; -1: nobody's. Whoever is quick would never be compared with the others,
// did it not wait for them.
func (q *queue) next(k int) int {
	for _, t := range q.due {
		if q.come[q.age[t]] >= q.half {
			return t
		}
	}
	if q.ended == k && len(q.due) > 0 {
		return q.due[0]
	}
	return -1
}

// standing is the trials of an age that have a result, the best first.
func (l descent) standing(history sweep.History, age int, objectives []sweep.Objective) []int {
	var trials []int
	for k := range history {
		if t := &history[k]; l.age[k] == age && t.Ended > 0 && t.Outcome.Ranked() {
			trials = append(trials, k)
		}
	}
	points := make([]past.Point, len(trials))
	for i, k := range trials {
		points[i] = past.Result(history[k:k+1], objectives)
	}
	ranks := past.Ranks(points)
	order := make([]int, 0, len(trials))
	for i := range trials {
		if !points[i].Failed {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ranks[a], ranks[b]) })
	for i, at := range order {
		order[i] = trials[at]
	}
	return order
}

// attempts is how often changes that the skip blocks leave out are made anew.
const attempts = 100

// explore is a parent's parameters, changed, and which of them are.
func (s *search) explore(parent sweep.Params, r *rand.Rand) (sweep.Params, []string, error) {
	free, err := s.free(parent)
	if err != nil {
		return nil, nil, err
	}
	for range attempts {
		p, err := s.build(parent, func(a int, d sweep.Domain, v sweep.Value) float64 {
			if !free[a] {
				return d.Unit(v)
			}
			return s.change(d, v, r)
		}, r)
		if err != nil {
			return nil, nil, err
		}
		if ok, err := s.space.Allowed(p, nil); err != nil || !ok {
			if err != nil {
				return nil, nil, err
			}
			continue
		}
		var changed []string
		for _, name := range s.space.Names() {
			if was, is := parent[name], p[name]; !was.Equal(is) {
				changed = append(changed, fmt.Sprintf("%s %s (was %s)", name, is, was))
			}
		}
		return p, changed, nil
	}
	return parent, nil, nil
}

// build is the parent's parameters with those that place moves. A parameter that
// the parent has not is drawn.
func (s *search) build(parent sweep.Params, place func(a int, d sweep.Domain, v sweep.Value) float64, r *rand.Rand) (sweep.Params, error) {
	p, err := s.space.Build(func(a int, d sweep.Domain) float64 {
		v := s.space.Axes[a].Value(parent)
		if !d.Contains(v) {
			return r.Float64()
		}
		return place(a, d, v)
	})
	return p.Params, err
}

// free tells which axes may change: not those on which the model or the data
// depend, as the weights would no longer fit. Of a command, which is told all its
// parameters, all may.
func (s *search) free(parent sweep.Params) ([]bool, error) {
	free := make([]bool, len(s.space.Axes))
	for i := range free {
		free[i] = true
	}
	if s.spec.Resolve == nil {
		return free, nil
	}
	task, _, err := s.spec.Resolve(parent)
	if err != nil || task.Data == nil {
		return free, err
	}
	for i := range free {
		for _, u := range []float64{0, 0.5, 1} {
			other, err := s.build(parent, func(a int, d sweep.Domain, v sweep.Value) float64 {
				if a == i {
					return u
				}
				return d.Unit(v)
			}, past.Seed(s.Seed, i))
			if err != nil {
				return nil, err
			}
			changed, _, err := s.spec.Resolve(other)
			free[i] = free[i] && err == nil && changed.Model.Type == task.Model.Type && changed.Model.Config.Equal(task.Model.Config) &&
				changed.Data.Type == task.Data.Type && changed.Data.Config.Equal(task.Data.Config)
		}
	}
	return free, nil
}

// The factors of a change (Jaderberg et al. 2017, section 4.1.1).
const (
	larger  = 1.2
	smaller = 0.8
	// shift is the change of a parameter that may be negative, as a share of its range.
	shift = 0.1
)

// change is the place of a value a little larger or smaller, or anywhere. One
// without order stays, or is drawn.
func (s *search) change(d sweep.Domain, v sweep.Value, r *rand.Rand) float64 {
	if r.Float64() < s.Resample {
		return r.Float64()
	}
	u := d.Unit(v)
	if !d.Ordered() {
		return u
	}
	factor, sign := larger, 1.0
	if r.IntN(2) == 0 {
		factor, sign = smaller, -1
	}
	moved := u + sign*shift
	if f, ok := v.AsFloat(); ok && f > 0 && d.Shape != sweep.Choice && d.Shape != sweep.Normal && d.Lo >= 0 {
		moved = d.Unit(sweep.Float(min(max(f*factor, d.Lo), d.Hi)))
	}
	if n := d.Len(); n > 1 && d.At(min(max(moved, 0), 1)).Equal(v) { // by one value at least
		moved = u + sign/float64(n)
	}
	return min(max(moved, 0), 1)
}
