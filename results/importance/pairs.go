package importance

import "slices"

// pairs tells the variance component of every two axes, a before b, that some
// leaf bounds both of: what remains of their common marginal without that of each.
func (m *marginals) pairs(tell func(a, b int, variance float64)) {
	m.compress()
	n := len(m.axes)
	for i := range m.shared {
		m.shared[i] = m.shared[i][:0]
	}
	for _, l := range m.leaves {
		for i := l.from; i < l.to; i++ {
			for j := l.from; j < l.to; j++ {
				if a, b := m.bounds[i].axis, m.bounds[j].axis; a < b {
					key := int(a)*n + int(b)
					m.shared[key] = append(m.shared[key], [2]int32{i, j})
				}
			}
		}
	}
	for key, shared := range m.shared {
		if len(shared) > 0 {
			a, b := key/n, key%n
			tell(a, b, m.pair(a, b, shared))
		}
	}
}

// compress finds where on each axis the tree's function may change at all.
func (m *marginals) compress() {
	for a := range m.axes {
		m.inner[a] = append(m.inner[a][:0], 0)
	}
	for _, b := range m.bounds {
		for _, r := range b.runs {
			m.inner[b.axis] = append(m.inner[b.axis], r.from, r.to)
		}
	}
	for a, x := range m.axes {
		slices.Sort(m.inner[a])
		m.inner[a] = slices.Compact(append(m.inner[a], int32(x.cells())))
		for i, cell := range m.inner[a] {
			m.place[a][cell] = int32(i)
		}
	}
}

// pair is the variance of the sum over leaves of weight times (1/measure - 1 in
// its region of a, -1 elsewhere) times the same of b.
func (m *marginals) pair(a, b int, shared [][2]int32) float64 {
	rows, columns := m.inner[a], m.inner[b]
	h, w := len(rows), len(columns) // one more than there are parts, for what ends there
	steps := make([]float64, h*w)
	alongA, alongB, everywhere := make([]float64, h), make([]float64, w), 0.0
	for _, s := range shared {
		p, q := &m.bounds[s[0]], &m.bounds[s[1]]
		weight := m.weight(p.leaf)
		everywhere += weight
		inA, inB := weight/p.measure, weight/q.measure
		both := inA / q.measure
		for _, r := range q.runs {
			alongB[m.place[b][r.from]] -= inB
			alongB[m.place[b][r.to]] += inB
		}
		for _, r := range p.runs {
			from, to := m.place[a][r.from], m.place[a][r.to]
			alongA[from] -= inA
			alongA[to] += inA
			for _, c := range q.runs {
				left, right := m.place[b][c.from], m.place[b][c.to]
				steps[int(from)*w+int(left)] += both
				steps[int(from)*w+int(right)] -= both
				steps[int(to)*w+int(left)] -= both
				steps[int(to)*w+int(right)] += both
			}
		}
	}
	below, across := m.axes[a].below, m.axes[b].below
	variance, f := 0.0, everywhere
	line := make([]float64, w) // sums of the steps of this row and those before it
	for i := range h - 1 {
		f += alongA[i]
		sum, g := 0.0, f
		tall := below[rows[i+1]] - below[rows[i]]
		for j := range w - 1 {
			line[j] += steps[i*w+j]
			sum += line[j]
			g += alongB[j]
			variance += tall * (across[columns[j+1]] - across[columns[j]]) * (sum + g) * (sum + g)
		}
	}
	return variance
}
