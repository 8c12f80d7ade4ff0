package evolution

import (
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// population is the points that later ones are bred from: of all that have a result,
// in the order in which they ended, each takes the place of the worst so far. That is
// NSGA-II's survival without generations (Durillo, Nebro, Luna and Alba 2009, "On the
// Effect of the Steady-State Selection Scheme in Multi-Objective Genetic Algorithms").
type population struct {
	members  []int     // of the history's points, the earlier the older
	ranks    []float64 // of each member: how many are ahead of it
	absorbed int       // points that have ended
	results  int       // of them with a result
}

// absorb takes in what has ended since.
func (p *population) absorb(points []past.Point, finished []int, size int) {
	for _, i := range finished[p.absorbed:] {
		p.absorbed++
		if points[i].Failed {
			continue
		}
		p.results++
		p.members = append(p.members, i)
		p.rank(points)
		if len(p.members) > size {
			worst := 0
			for k, rank := range p.ranks { // of equal ones the last
				if rank >= p.ranks[worst] {
					worst = k
				}
			}
			p.members = slices.Delete(p.members, worst, worst+1)
			p.rank(points)
		}
	}
}

func (p *population) rank(points []past.Point) {
	chosen := make([]past.Point, len(p.members))
	for k, i := range p.members {
		chosen[k] = points[i]
	}
	p.ranks = past.Ranks(chosen)
}
