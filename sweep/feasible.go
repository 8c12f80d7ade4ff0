package sweep

import "math"

// Constraint is what a trial's metrics have to meet for it to count.
type Constraint struct {
	Text    string                  // the condition in the sweep file's language, over metric.NAME alone
	Measure func(m Metrics) float64 // 0 where m meets it, else by how much it does not, perhaps infinite
}

// MaxViolation is that of metrics of which the constraint cannot be told, such as
// those without one that it names. It is more than any that can.
const MaxViolation = math.MaxFloat64

// String is the condition; "" for no constraint.
func (c *Constraint) String() string {
	if c == nil {
		return ""
	}
	return c.Text
}

// Violation is by how much m violates the spec's constraint; 0: it is feasible.
func (s Spec) Violation(m Metrics) float64 {
	if s.Feasible == nil {
		return 0
	}
	if v := s.Feasible.Measure(m); v <= MaxViolation {
		return max(v, 0)
	}
	return MaxViolation // NaN and infinity, which JSON has no numbers for
}

// CompareFeasible orders by constraint domination: what is feasible first, then by
// violation, and what violates alike by loss (Deb et al. 2002, NSGA-II, section VI-A,
// which leaves the last open).
func CompareFeasible(violationA, lossA, violationB, lossB float64) int {
	switch {
	case violationA < violationB:
		return -1
	case violationA > violationB:
		return 1
	}
	return CompareLoss(lossA, lossB)
}

// Ahead reports whether t has a better result than other by o, the first objective:
// a number before none, and then as CompareFeasible has it.
func (t Trial) Ahead(other Trial, o Objective) bool {
	a, okA := t.Best.Metrics[o.Name]
	b, okB := other.Best.Metrics[o.Name]
	if okA, okB = okA && !math.IsNaN(a), okB && !math.IsNaN(b); !okA || !okB {
		return okA
	}
	return CompareFeasible(t.Violation, o.Loss(a), other.Violation, o.Loss(b)) < 0
}
