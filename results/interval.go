package results

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// confidence of the intervals that leaderboards show.
const confidence = 0.95

// Margin is half the 95 % confidence interval of the row's mean, by Student's t
// distribution: what other seeds may make of it. It is false for a single seed,
// which says nothing of that.
func (w Row) Margin() (float64, bool) {
	if w.Seeds < 2 {
		return 0, false
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(w.Seeds - 1)}
	return t.Quantile(0.5+confidence/2) * w.SD / math.Sqrt(float64(w.Seeds)), true
}
