package past

import (
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Ranks orders the points that have a result: the lower the better. With one
// objective it is the value, with several it goes by non-dominated fronts and
// within a front by crowding distance, the loneliest first. Points without a result
// rank last.
func Ranks(points []Point) []float64 {
	ranks := make([]float64, len(points))
	var rows [][]float64
	var of []int // the point of each row
	for i := range points {
		p := &points[i]
		ranks[i] = math.Inf(1)
		if p.Known && !p.Failed {
			ranks[i] = p.Value()
			rows, of = append(rows, p.Values), append(of, i)
		}
	}
	if len(rows) == 0 || len(rows[0]) == 1 {
		return ranks
	}
	fronts := sweep.Fronts(rows)
	at := 0
	for front := range slices.Max(fronts) + 1 {
		var members [][]float64
		var places []int
		for r, f := range fronts {
			if f == front {
				members, places = append(members, rows[r]), append(places, of[r])
			}
		}
		crowding := sweep.Crowding(members)
		for k, p := range places {
			ranks[p] = float64(at)
			for _, other := range crowding {
				if other > crowding[k] {
					ranks[p]++
				}
			}
		}
		at += len(places)
	}
	return ranks
}
