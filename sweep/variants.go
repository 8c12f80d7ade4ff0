package sweep

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// branches is how many variants Finite looks at.
const branches = 100

// Finite reports whether every parameter has a finite number of values; if
// not, which axis has not. A conditional domain is judged by the branches that
// the first variant and some drawn at random lead to, always the same ones.
func (s Space) Finite() (ok bool, infinite Axis, err error) {
	for i := range branches {
		r := rand.New(rand.NewPCG(0, uint64(i)))
		p := Params{}
		for _, a := range s.Axes {
			d, err := a.Domain(p)
			if err != nil {
				return false, a, err
			}
			if d.Len() == 0 {
				return false, a, nil
			}
			u := 0.0
			if i > 0 {
				u = r.Float64()
			}
			a.Set(p, d.At(u))
		}
	}
	return true, Axis{}, nil
}

// Variants yields every variant of a finite space, the last axis fastest,
// without those that Skip leaves out. It holds one variant at a time.
func (s Space) Variants() iter.Seq2[Params, error] {
	return func(yield func(Params, error) bool) {
		c := Cursor{space: s}
		for {
			p, err := c.Next()
			if err == nil && p == nil {
				return
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// Cursor walks over the variants of a finite space as an odometer does.
type Cursor struct {
	space   Space
	params  Params
	domains []Domain
	at      []int
	started bool
}

// NewCursor stands before the first variant of s.
func NewCursor(s Space) *Cursor { return &Cursor{space: s} }

// Next is the next variant, for the caller to keep, or nil after the last.
func (c *Cursor) Next() (Params, error) {
	for {
		ok, err := c.advance()
		if err != nil || !ok {
			return nil, err
		}
		p := maps.Clone(c.params)
		if c.space.Skip != nil {
			skip, err := c.space.Skip(p)
			if err != nil {
				return nil, err
			}
			if skip {
				continue
			}
		}
		return p, nil
	}
}

func (c *Cursor) advance() (bool, error) {
	axes := c.space.Axes
	if !c.started {
		c.started = true
		c.params, c.domains, c.at = Params{}, make([]Domain, len(axes)), make([]int, len(axes))
		return true, c.reset(0)
	}
	for i := len(axes) - 1; i >= 0; i-- {
		if c.at[i]+1 < c.domains[i].Len() {
			c.at[i]++
			axes[i].Set(c.params, c.domains[i].Value(c.at[i]))
			return true, c.reset(i + 1)
		}
	}
	return false, nil
}

// reset puts the axes from i on to their first value.
func (c *Cursor) reset(i int) error {
	for ; i < len(c.space.Axes); i++ {
		a := c.space.Axes[i]
		d, err := a.Domain(c.params)
		if err != nil {
			return err
		}
		if d.Len() == 0 {
			return endless(a)
		}
		c.domains[i], c.at[i] = d, 0
		a.Set(c.params, d.Value(0))
	}
	return nil
}

// Size counts the variants of a finite space, up to limit. Where nothing is
// skipped it walks over the axes that others depend on alone, and multiplies.
func (s Space) Size(limit int) (int, error) {
	walk, rest := s, []Axis(nil)
	if s.Skip == nil {
		walk, rest = s.split()
	}
	n := 0
	for p, err := range walk.Variants() {
		if err != nil {
			return n, err
		}
		product := 1
		for _, a := range rest {
			d, err := a.Domain(p)
			if err != nil {
				return n, err
			}
			if d.Len() == 0 {
				return n, endless(a)
			}
			product = min(product*d.Len(), limit)
		}
		if n += product; n >= limit {
			return limit, nil
		}
	}
	return n, nil
}

// split parts the axes that others depend on from those that none does.
func (s Space) split() (Space, []Axis) {
	needed := map[string]bool{}
	for _, a := range s.Axes {
		for _, name := range a.Needs {
			needed[name] = true
		}
	}
	var inner Space
	var outer []Axis
	for _, a := range s.Axes {
		if slices.ContainsFunc(a.Names, func(name string) bool { return needed[name] }) {
			inner.Axes = append(inner.Axes, a)
		} else {
			outer = append(outer, a)
		}
	}
	return inner, outer
}

func endless(a Axis) error {
	return fmt.Errorf("list the variants: %s has no finite number of values", strings.Join(a.Names, ", "))
}

// Sample is a variant drawn at random; it may be one that Skip leaves out.
func (s Space) Sample(r *rand.Rand) (Params, error) {
	p := Params{}
	for _, a := range s.Axes {
		d, err := a.Domain(p)
		if err != nil {
			return nil, err
		}
		a.Set(p, d.At(r.Float64()))
	}
	return p, nil
}

// Fit brings p into the space: a whole number becomes a float where the domain
// holds floats, and a parameter with a single possible value may be left out.
// The error says which parameter does not fit, and what would.
func (s Space) Fit(p Params) (Params, error) {
	out := Params{}
	for _, a := range s.Axes {
		d, err := a.Domain(out)
		if err != nil {
			return nil, err
		}
		v := a.Value(p)
		given := false
		for _, name := range a.Names {
			_, ok := p[name]
			given = given || ok
		}
		names := strings.Join(a.Names, ", ")
		switch {
		case !given && d.Len() == 1:
			v = d.Value(0)
		case !given:
			return nil, fmt.Errorf("%s is missing: it may be %s", names, d)
		case d.Shape == Absent:
			return nil, fmt.Errorf("%s does not exist in this variant: leave it out", names)
		}
		v = d.coerce(v)
		if !d.Contains(v) {
			return nil, fmt.Errorf("%s cannot be %s: it may be %s", names, v, d)
		}
		a.Set(out, v)
	}
	return out, nil
}

// coerce turns a whole number into a float where d's values are floats.
func (d Domain) coerce(v Value) Value {
	f, ok := v.AsFloat()
	switch {
	case d.Shape == Choice:
		for _, c := range d.Choices {
			if equalUpToNumbers(c, v) {
				return c
			}
		}
	case ok && !d.whole() && d.Shape != Absent:
		return Float(f)
	}
	return v
}

func equalUpToNumbers(v, w Value) bool {
	if a, ok := v.AsFloat(); ok {
		b, ok := w.AsFloat()
		return ok && a == b
	}
	if a, b := v.Items(), w.Items(); v.Kind() == ListKind && w.Kind() == ListKind && len(a) == len(b) {
		for i := range a {
			if !equalUpToNumbers(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return v.Equal(w)
}

// String is d as messages show it: its first choices, or its bounds.
func (d Domain) String() string {
	switch d.Shape {
	case Absent:
		return "null"
	case Choice:
		const most = 8
		var b strings.Builder
		for i, v := range d.Choices {
			if i == most {
				fmt.Fprintf(&b, " or %d more", len(d.Choices)-most)
				break
			}
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.String())
		}
		return b.String()
	case Normal:
		return fmt.Sprintf("any number around %g", d.Mean)
	default:
		kind := "a number"
		if d.whole() {
			kind = "a whole number"
		}
		text := fmt.Sprintf("%s from %g to %g", kind, d.Lo, d.Hi)
		if d.Step > 0 {
			text += fmt.Sprintf(" in steps of %g", d.Step)
		}
		return text
	}
}
