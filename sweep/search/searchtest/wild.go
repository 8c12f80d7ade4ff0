package searchtest

import (
	"fmt"
	"hash/fnv"
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// dice rolls what a text says, and zeros after its end.
type dice struct{ text []byte }

func (d *dice) roll(sides int) int {
	if len(d.text) == 0 {
		return 0
	}
	n := int(d.text[0]) % sides
	d.text = d.text[1:]
	return n
}

// space is of any kinds of axes, some of which depend on earlier ones, exist or
// not, or advance together, with or without a constraint.
func (d *dice) space() sweep.Space {
	var s sweep.Space
	for i := range 1 + d.roll(5) {
		s.Axes = append(s.Axes, d.axis(i, s.Axes))
	}
	if parts := d.roll(8); parts > 4 {
		first, last := s.Axes[0].Names[0], s.Axes[len(s.Axes)-1].Names[0]
		s.Skip = func(p sweep.Params) (bool, error) {
			return hash(p[first].String()+p[last].String())%parts == 0, nil
		}
	}
	return s
}

func (d *dice) axis(i int, before []sweep.Axis) sweep.Axis {
	name := string(rune('a' + i))
	a, domain := sweep.Axis{Names: []string{name}}, d.domain
	if d.roll(6) == 5 {
		a.Names, domain = []string{name + "1", name + "2"}, d.zip
	}
	branches := []sweep.Domain{domain()}
	if len(before) > 0 && d.roll(2) == 1 {
		parent := before[d.roll(len(before))].Names
		a.Needs = []string{parent[d.roll(len(parent))]}
		if branches = append(branches, domain()); d.roll(2) == 1 {
			branches[1] = sweep.Domain{}
		}
	}
	a.Domain = func(p sweep.Params) (sweep.Domain, error) {
		if len(branches) == 1 {
			return branches[0], nil
		}
		return branches[hash(p[a.Needs[0]].String())%len(branches)], nil
	}
	return a
}

func (d *dice) domain() sweep.Domain {
	scale := []float64{1, 0.01, 1000}[d.roll(3)]
	lo := float64(d.roll(11)-5) * scale
	out := sweep.Domain{Lo: lo, Hi: lo + float64(1+d.roll(20))*scale}
	whole := func() { out.Lo, out.Hi = math.Floor(out.Lo), math.Ceil(out.Hi) }
	positive := func() {
		width := out.Hi - out.Lo
		out.Lo = max(scale, math.Abs(out.Lo))
		out.Hi = out.Lo + width
	}
	switch d.roll(6) {
	case 0:
		return sweep.Domain{Shape: sweep.Choice, Choices: d.values()}
	case 1:
		out.Shape = sweep.Uniform
	case 2:
		out.Shape = sweep.LogUniform
		positive()
	case 3:
		out.Shape = sweep.IntUniform
		whole()
	case 4:
		out.Shape = sweep.LogInt
		positive()
		whole()
		out.Lo = max(out.Lo, 1)
	case 5:
		out = sweep.Domain{Shape: sweep.Normal, Mean: out.Lo, SD: scale}
	}
	out.Step = []float64{0, 1, 0.25, 3}[d.roll(4)] * scale
	if out.Shape == sweep.IntUniform || out.Shape == sweep.LogInt {
		out.Step = math.Ceil(out.Step)
	}
	if out.Shape != sweep.Normal {
		out.Step = min(out.Step, out.Hi-out.Lo)
	}
	return out
}

// values are up to five that have no order or one, of many kinds or one.
func (d *dice) values() []sweep.Value {
	all := []func(i int) sweep.Value{
		func(i int) sweep.Value { return sweep.Int(int64(i * i)) },
		func(i int) sweep.Value { return sweep.Float(0.5 * float64(i)) },
		func(i int) sweep.Value { return sweep.String(fmt.Sprint("v", i)) },
		func(i int) sweep.Value {
			return sweep.Object(map[string]sweep.Value{"k": sweep.Int(int64(i)), "l": sweep.List(sweep.Bool(true))})
		},
		func(i int) sweep.Value { return sweep.List(sweep.Int(int64(i)), sweep.String("x")) },
	}
	kind := d.roll(len(all) + 1)
	var out []sweep.Value
	for i := range 1 + d.roll(5) {
		k := kind
		if k == len(all) {
			k = i // one of each
		}
		out = append(out, all[k](i))
	}
	return out
}

// zip is pairs of values, of which the second may be missing.
func (d *dice) zip() sweep.Domain {
	out := sweep.Domain{Shape: sweep.Choice}
	for i := range 1 + d.roll(4) {
		second := sweep.Value{}
		if d.roll(3) > 0 {
			second = sweep.Float(float64(i) / 4)
		}
		out.Choices = append(out.Choices, sweep.List(sweep.Int(int64(i)), second))
	}
	return out
}

func hash(text string) int {
	h := fnv.New32a()
	h.Write([]byte(text))
	return int(h.Sum32() >> 1)
}
