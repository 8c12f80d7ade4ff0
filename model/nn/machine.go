package nn

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// machine runs a graph of our ops. It is a gorgonia.VM like the tape machine;
// since every op owns the value it returns, where each reads and writes is known
// beforehand, and a run allocates nothing.
type machine struct{ steps []step }

// step is an op and the values it reads.
type step struct {
	op     *opBase
	inputs [][]float32
}

// newMachine is a machine for g, inputs first.
func newMachine(g *gorgonia.ExprGraph) (*machine, error) {
	sorted, err := gorgonia.Sort(g)
	if err != nil {
		return nil, fmt.Errorf("sort graph: %w", err)
	}
	m := &machine{}
	values := map[int64]gorgonia.Value{}
	for _, n := range slices.Backward(sorted) {

		owner, ours := n.Op().(interface{ self() *opBase })
		if !ours {
			if values[n.ID()] = n.Value(); values[n.ID()] == nil {
				return nil, fmt.Errorf("node %v has neither a value nor an op of this package", n)
			}
			continue
		}
		s := step{op: owner.self()}
		for from := g.From(n.ID()); from.Next(); {
			input, ok := values[from.Node().ID()]
			if !ok {
				return nil, errors.New("the graph is not in order")
			}
			s.inputs = append(s.inputs, floats(input))
		}
		if len(s.inputs) != s.op.arity {
			return nil, fmt.Errorf("%s has %d inputs, not %d", s.op.name, len(s.inputs), s.op.arity)
		}
		values[n.ID()] = s.op.value
		m.steps = append(m.steps, s)
	}
	return m, nil
}

// RunAll runs every op once.
func (m *machine) RunAll() error {
	for _, s := range m.steps {
		s.op.do(s.inputs)
	}
	return nil
}

// Reset has nothing to do: a run leaves nothing behind but its results.
func (m *machine) Reset() {}

// Close has nothing to do.
func (m *machine) Close() error { return nil }
