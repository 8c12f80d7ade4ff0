package gp

import "cmp"

// promise is a candidate whose score is, until its prediction is complete, an
// upper bound.
type promise struct {
	*candidate
	order int
	part  part
}

// promises are a heap (container/heap), the largest first.
type promises []promise

func (p promises) Len() int { return len(p) }

func (p promises) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(p[j].score, p[i].score), cmp.Compare(p[i].order, p[j].order)) < 0
}

func (p promises) Swap(i, j int) { p[i], p[j] = p[j], p[i] }

// Push is never called: no candidate comes late.
func (p *promises) Push(any) {}

// Pop takes the last off.
func (p *promises) Pop() any {
	last := len(*p) - 1
	*p = (*p)[:last]
	return nil
}
