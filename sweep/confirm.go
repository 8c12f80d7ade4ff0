package sweep

import (
	"math"
	"slices"
)

// confirm appends the next trial that trains one of the best variants again with a
// fresh seed; false: there is none to come, or not before others have ended. The
// best of many is so in part by luck, which a fresh seed has not.
func (s *state) confirm() bool {
	first := s.history.searched()
	if s.Spec.Limits.Confirm == 0 || slices.ContainsFunc(s.history[:first], func(t Trial) bool { return !t.Outcome.Final() }) {
		return false
	}
	best := s.history[:first].best(s.Spec, s.Spec.Limits.Confirm)
	i, repeat := len(s.history)-first, max(s.Spec.Repeat, 1)
	if i >= len(best)*max(s.Spec.Limits.ConfirmSeeds, 1) {
		return false
	}
	variant := best[i%len(best)]
	s.history = append(s.history, Trial{
		Run: s.Run, Number: len(s.history), Variant: variant, Repeat: repeat + i/len(best), After: s.ended,
		Confirms: true, Params: s.history[variant*repeat].Params,
	})
	return true
}

// searched is how many trials the search proposed: those that confirm come after.
func (h History) searched() int {
	if i := slices.IndexFunc(h, func(t Trial) bool { return t.Confirms }); i >= 0 {
		return i
	}
	return len(h)
}

// best are the first n variants by the mean of their results, as the leaderboard
// has them.
func (h History) best(spec Spec, n int) []int {
	type standing struct {
		variant         int
		loss, violation float64
	}
	var all []standing
	objective := spec.Objectives[0]
	for from := 0; from < len(h); {
		v := standing{variant: h[from].Variant}
		results, to := 0.0, from
		for ; to < len(h) && h[to].Variant == v.variant; to++ {
			value, ok := h[to].Best.Metrics[objective.Name]
			if !ok || math.IsNaN(value) || !h[to].Outcome.Ranked() {
				continue
			}
			results++
			v.loss += objective.Loss(value)
			v.violation = max(v.violation, h[to].Violation)
		}
		if v.loss /= results; results > 0 {
			all = append(all, v)
		}
		from = to
	}
	slices.SortStableFunc(all, func(a, b standing) int { return CompareFeasible(a.violation, a.loss, b.violation, b.loss) })
	variants := make([]int, min(n, len(all)))
	for i := range variants {
		variants[i] = all[i].variant
	}
	return variants
}
