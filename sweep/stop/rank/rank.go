// Package rank compares trials by their values of a sweep's objectives: what
// stop rules that compare trials have in common. With one objective the better
// value is ahead. With several, the earlier front of non-dominated trials is,
// and on the same front the trial in the emptier region (Deb et al. 2002,
// "NSGA-II"; Schmucker et al. 2021 stop trials by the like, "Multi-objective
// Asynchronous Successive Halving"). It knows no rule.
package rank

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Values are those that m has of the objectives, turned so that the smaller is
// the better; false: it lacks one of them. NaN in one makes all of them NaN,
// which is worse than anything.
func Values(m sweep.Metrics, objectives []sweep.Objective) ([]float64, bool) {
	return values(make([]float64, 0, len(objectives)), m, objectives)
}

// values appends them to a slice, which is as it was where one is lacking.
func values(to []float64, m sweep.Metrics, objectives []sweep.Objective) ([]float64, bool) {
	start, broken := len(to), false
	for _, o := range objectives {
		v, ok := m[o.Name]
		if !ok {
			return to[:start], false
		}
		broken = broken || math.IsNaN(v)
		to = append(to, o.Loss(v))
	}
	for i := start; broken && i < len(to); i++ {
		to[i] = math.NaN()
	}
	return to, true
}

// Last is the last report, its values, and the step of the report with values
// before it, 0 if there is none; false: there is no report, or the last one
// lacks an objective, so that there is nothing new to judge.
func Last(reports []sweep.Report, objectives []sweep.Objective) (last sweep.Report, own []float64, before int, ok bool) {
	n := len(reports) - 1
	if n < 0 {
		return last, nil, 0, false
	}
	if own, ok = Values(reports[n].Metrics, objectives); !ok {
		return last, nil, 0, false
	}
	for i := n - 1; i >= 0; i-- {
		if has(reports[i].Metrics, objectives) {
			before = reports[i].Step
			break
		}
	}
	return reports[n], own, before, true
}

func has(m sweep.Metrics, objectives []sweep.Objective) bool {
	for _, o := range objectives {
		if _, ok := m[o.Name]; !ok {
			return false
		}
	}
	return true
}

// Describe names values for people: "val_loss 0.41, seconds 12".
func Describe(values []float64, objectives []sweep.Objective) string {
	parts := make([]string, len(values))
	for i, o := range objectives {
		parts[i] = fmt.Sprintf("%s %s", o.Name, Number(o.Loss(values[i])))
	}
	return strings.Join(parts, ", ")
}

// Number is a value as reasons show it.
func Number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// Best puts into best, objective by objective, the better one of its value and
// that of values.
func Best(best, values []float64) {
	for i, v := range values {
		if sweep.CompareLoss(v, best[i]) < 0 {
			best[i] = v
		}
	}
}
