package stoptest

import (
	"cmp"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Ahead counts the points that are ahead of the i-th, by the definitions and
// nothing cleverer: fronts are peeled off one by one. Points hold a value an
// objective of s, as reported.
func Ahead(s sweep.Spec, points [][]float64, i int) int {
	// badness is what is to be small; NaN in one objective is the worst in all.
	badness := func(p []float64, o int) float64 {
		if slices.ContainsFunc(p, math.IsNaN) {
			return math.NaN()
		}
		if s.Objectives[o].Goal == sweep.Maximize {
			return -p[o]
		}
		return p[o]
	}
	worse := func(a, b float64) bool { return a > b || math.IsNaN(a) && !math.IsNaN(b) }
	dominates := func(a, b []float64) bool {
		better := false
		for o := range s.Objectives {
			if worse(badness(a, o), badness(b, o)) {
				return false
			}
			better = better || worse(badness(b, o), badness(a, o))
		}
		return better
	}
	ahead := 0
	if len(s.Objectives) == 1 {
		for _, p := range points {
			if worse(badness(points[i], 0), badness(p, 0)) {
				ahead++
			}
		}
		return ahead
	}
	left := map[int]bool{}
	for k := range points {
		left[k] = true
	}
	for {
		var front []int
		for k := range left {
			free := true
			for j := range left {
				free = free && !dominates(points[j], points[k])
			}
			if free {
				front = append(front, k)
			}
		}
		for _, k := range front {
			delete(left, k)
		}
		if left[i] {
			ahead += len(front)
			continue
		}
		crowding := func(k int) float64 {
			sum := 0.0
			for o := range s.Objectives {
				v := badness(points[k], o)
				below, above, low, high := math.Inf(-1), math.Inf(1), v, v
				lowest, highest := true, true
				for _, j := range front {
					w := badness(points[j], o)
					low, high = min(low, w), max(high, w)
					if w < v {
						below, lowest = max(below, w), false
					}
					if w > v {
						above, highest = min(above, w), false
					}
				}
				if lowest || highest {
					return math.Inf(1)
				}
				if gap := (above - below) / (high - low); !math.IsNaN(gap) {
					sum += gap
				}
			}
			return sum
		}
		for _, k := range front {
			before := cmp.Compare(crowding(i), crowding(k))
			for o := 0; before == 0 && o < len(s.Objectives); o++ {
				if a, b := badness(points[k], o), badness(points[i], o); worse(b, a) {
					before = -1
				} else if worse(a, b) {
					before = 1
				}
			}
			if before < 0 {
				ahead++
			}
		}
		return ahead
	}
}

// Point is a report's values of the objectives; nil: it lacks one.
func Point(s sweep.Spec, r sweep.Report) []float64 {
	var p []float64
	for _, o := range s.Objectives {
		v, ok := r.Metrics[o.Name]
		if !ok {
			return nil
		}
		p = append(p, v)
	}
	return p
}

// At is the index of the first report at or past step that has all objectives;
// -1: there is none.
func At(s sweep.Spec, t sweep.Trial, step int) int {
	for i, r := range t.Reports {
		if r.Step >= step && Point(s, r) != nil {
			return i
		}
	}
	return -1
}

// Trial is a trial of its own variant whose Loss, epoch by epoch, is curve.
func Trial(number int, curve ...float64) sweep.Trial {
	t := sweep.Trial{Number: number, Variant: number}
	for i, v := range curve {
		t.Reports = append(t.Reports, sweep.Report{Step: i + 1, Metrics: sweep.Metrics{Loss: v}})
	}
	return t
}

// History is the past of trials that reached Loss curves.
func History(curves ...[]float64) sweep.History {
	h := make(sweep.History, len(curves))
	for n, c := range curves {
		h[n] = Trial(n, c...)
	}
	return h
}
