package sweep

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Shape is the form of a Domain: the closed set of ways a parameter varies.
type Shape uint8

// The shapes a domain may have. The zero Shape is Absent: the parameter does
// not exist in the variant at hand.
const (
	Absent Shape = iota
	Choice
	Uniform
	LogUniform
	IntUniform
	LogInt
	Normal
)

// Domain is the set of values a parameter may take in one variant.
type Domain struct {
	Shape    Shape
	Choices  []Value // for Choice: at least one, no two equal
	Lo, Hi   float64 // bounds, both included, for Uniform, LogUniform, IntUniform and LogInt
	Mean, SD float64 // for Normal
	Step     float64 // values are Lo + k*Step (Mean + k*Step for Normal) where not 0
}

// Validate says what is wrong with d: no or doubled choices, bounds out of
// order, a log scale that touches zero, an int range without an integer.
func (d Domain) Validate() error {
	finite := func(fs ...float64) bool {
		return !slices.ContainsFunc(fs, func(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) })
	}
	switch d.Shape {
	case Absent:
		return nil
	case Choice:
		if len(d.Choices) == 0 {
			return fmt.Errorf("no values to choose from")
		}
		for i, v := range d.Choices {
			if slices.ContainsFunc(d.Choices[:i], v.Equal) {
				return fmt.Errorf("value %s is listed twice", v)
			}
		}
		return nil
	case Normal:
		if !finite(d.Mean, d.SD) || d.SD <= 0 {
			return fmt.Errorf("standard deviation must be above 0, not %g", d.SD)
		}
	case Uniform, LogUniform, IntUniform, LogInt:
		if !finite(d.Lo, d.Hi) || d.Lo >= d.Hi {
			return fmt.Errorf("lower bound %g must be below upper bound %g", d.Lo, d.Hi)
		}
		if d.logarithmic() && d.Lo <= 0 {
			return fmt.Errorf("lower bound of a log scale must be above 0, not %g", d.Lo)
		}
		if d.whole() && (d.Lo != math.Trunc(d.Lo) || d.Hi != math.Trunc(d.Hi)) {
			return fmt.Errorf("bounds of a whole-number range must be whole, not %g and %g", d.Lo, d.Hi)
		}
	}
	switch {
	case d.Step == 0:
		return nil
	case !finite(d.Step) || d.Step < 0:
		return fmt.Errorf("step must be above 0, not %g", d.Step)
	case d.whole() && d.Step != math.Trunc(d.Step):
		return fmt.Errorf("step of a whole-number range must be whole, not %g", d.Step)
	case d.Shape != Normal && d.Step > d.Hi-d.Lo:
		return fmt.Errorf("step %g is wider than the range %g to %g", d.Step, d.Lo, d.Hi)
	}
	return nil
}

// Len is the number of values in d: 0 where it is not finite, 1 for Absent
// (the one way not to be there).
func (d Domain) Len() int {
	switch d.Shape {
	case Absent:
		return 1
	case Choice:
		return len(d.Choices)
	case IntUniform, LogInt:
		return int((d.Hi-d.Lo)/max(d.Step, 1)) + 1
	case Uniform, LogUniform:
		if d.Step > 0 {
			return int((d.Hi-d.Lo)/d.Step+1e-9) + 1
		}
	case Normal:
	}
	return 0
}

// Value is the i-th of a finite domain's Len values, null for Absent.
func (d Domain) Value(i int) Value {
	switch d.Shape {
	case Absent:
		return Value{}
	case Choice:
		return d.Choices[i]
	case IntUniform, LogInt:
		return Int(int64(d.Lo + float64(i)*max(d.Step, 1)))
	default:
		return Float(d.snap(d.Lo + float64(i)*d.Step))
	}
}

// At maps u in [0, 1] to a value of d; equal stretches of u are equally
// likely. The inverse of Unit.
func (d Domain) At(u float64) Value {
	u = min(max(u, 0), 1)
	switch d.Shape {
	case Absent:
		return Value{}
	case Choice:
		return d.Choices[min(int(u*float64(len(d.Choices))), len(d.Choices)-1)]
	case IntUniform, LogInt:
		lo, hi := d.span()
		return Int(int64(d.snap(d.scaleInv(lo + u*(hi-lo)))))
	case Normal:
		const edge = 1e-12 // the ends of the unit interval lie at infinity
		u = min(max(u, edge), 1-edge)
		return Float(d.snap(d.Mean + d.SD*math.Sqrt2*math.Erfinv(2*u-1)))
	default:
		lo, hi := d.span()
		return Float(d.snap(d.scaleInv(lo + u*(hi-lo))))
	}
}

// Unit is the middle of the stretch of [0, 1] that At maps to v. A value that
// is not in d maps to the nearest that is; for Choice, to 0.
func (d Domain) Unit(v Value) float64 {
	if d.Shape == Absent {
		return 0
	}
	if d.Shape == Choice {
		i := max(slices.IndexFunc(d.Choices, v.Equal), 0)
		return (float64(i) + 0.5) / float64(len(d.Choices))
	}
	f, _ := v.AsFloat()
	if d.Shape == Normal {
		return 0.5 * (1 + math.Erf((f-d.Mean)/(d.SD*math.Sqrt2)))
	}
	lo, hi := d.span()
	return min(max((d.scale(f)-lo)/(hi-lo), 0), 1)
}

// Stretch is the part of [0, 1] that At maps to v, a value of d: without extent
// where d is continuous.
func (d Domain) Stretch(v Value) (lo, hi float64) {
	u, half := d.Unit(v), d.half()
	switch {
	case d.Shape == Absent:
		return 0, 1
	case d.Shape == Choice:
		half = 0.5 / float64(len(d.Choices))
		return u - half, u + half
	case half == 0:
		return u, u
	}
	f, _ := v.AsFloat()
	if lo = 0; !d.logarithmic() || f > half {
		lo = d.Unit(Float(f - half))
	}
	return lo, d.Unit(Float(f + half))
}

// Ordered reports whether neighbours in d are alike: a range, or a list of numbers
// that only rise or only fall, which are then as far apart as their ranks (people
// write 16, 64, 256 for even steps). Lists of values that advance together are
// ordered where each of their parts is.
func (d Domain) Ordered() bool {
	switch {
	case d.Shape == Absent:
		return false
	case d.Shape != Choice:
		return true
	}
	items := d.Choices[0].Items()
	if len(items) == 0 {
		return monotone(d.Choices, func(v Value) Value { return v })
	}
	for k := range items {
		part := func(v Value) Value {
			if items := v.Items(); k < len(items) {
				return items[k]
			}
			return Value{}
		}
		if !monotone(d.Choices, part) {
			return false
		}
	}
	return true
}

func monotone(values []Value, part func(Value) Value) bool {
	last, rises, falls := math.NaN(), false, false
	for _, v := range values {
		f, ok := part(v).AsFloat()
		if !ok || math.IsNaN(f) {
			return false
		}
		rises, falls = rises || f > last, falls || f < last
		last = f
	}
	return !rises || !falls
}

// Contains reports whether v is a value of d, up to rounding.
func (d Domain) Contains(v Value) bool {
	if d.Shape == Absent {
		return v.IsNull()
	}
	if d.Shape == Choice {
		return slices.ContainsFunc(d.Choices, v.Equal)
	}
	f, ok := v.AsFloat()
	if !ok || math.IsNaN(f) || d.whole() && f != math.Trunc(f) {
		return false
	}
	if d.Step > 0 { // bounds have digits that their multiples have not: 0.1+0.2 and 0.3
		return near(f, d.snap(f))
	}
	return d.Shape == Normal || f >= d.Lo && f <= d.Hi
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

func (d Domain) whole() bool       { return d.Shape == IntUniform || d.Shape == LogInt }
func (d Domain) logarithmic() bool { return d.Shape == LogUniform || d.Shape == LogInt }

func (d Domain) scale(f float64) float64 {
	if d.logarithmic() {
		return math.Log(f)
	}
	return f
}

func (d Domain) scaleInv(f float64) float64 {
	if d.logarithmic() {
		return math.Exp(f)
	}
	return f
}

// half is half the distance of neighbouring numbers in d; 0: it is continuous.
func (d Domain) half() float64 {
	if d.whole() {
		return max(d.Step, 1) / 2
	}
	return d.Step / 2
}

// span is the scaled interval that the unit interval covers: for discrete
// values half a step wider on both sides, so that the end values are as likely
// as the others.
func (d Domain) span() (lo, hi float64) {
	half := d.half()
	if half == 0 {
		return d.scale(d.Lo), d.scale(d.Hi)
	}
	top := d.Lo + float64(d.Len()-1)*2*half
	bottom := d.Lo - half
	if d.logarithmic() && bottom <= 0 {
		bottom = d.Lo / math.Sqrt2 // a step wider than the bound: half of it has no logarithm
	}
	return d.scale(bottom), d.scale(top + half)
}

// snap is the value of d's lattice nearest to f.
func (d Domain) snap(f float64) float64 {
	if d.Shape == Normal {
		if d.Step > 0 {
			return Tidy(d.Mean + math.Round((f-d.Mean)/d.Step)*d.Step)
		}
		return f
	}
	step := d.Step
	if d.whole() {
		step = max(step, 1)
	}
	if step == 0 {
		return min(max(f, d.Lo), d.Hi)
	}
	k := min(max(math.Round((f-d.Lo)/step), 0), float64(d.Len()-1))
	return Tidy(d.Lo + k*step)
}

// Tidy cuts the digits that only binary fractions put there, so that a step of
// 0.1 leads to 0.3 and not to 0.30000000000000004.
func Tidy(f float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 14, 64), 64)
	if err != nil {
		return f
	}
	return short
}
