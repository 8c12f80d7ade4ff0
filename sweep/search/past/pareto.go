package past

import (
	"cmp"
	"math"
	"slices"
)

// Ranks orders the points that have a result: the lower the better, equal only
// where values are. With several objectives it goes by fronts (Deb et al. 2002:
// a point is in the first front that none of it dominates) and within a front by
// crowding distance, the loneliest first. Points without a result rank last.
func Ranks(points []Point) []float64 {
	ranks := make([]float64, len(points))
	several := false
	for i, p := range points {
		ranks[i] = math.Inf(1)
		if p.Known && !p.Failed {
			ranks[i] = p.Value()
			several = several || len(p.Values) > 1
		}
	}
	if !several {
		return ranks
	}
	left := make([]int, 0, len(points))
	for i, p := range points {
		if p.Known && !p.Failed {
			left = append(left, i)
		}
	}
	at := 0.0
	for len(left) > 0 {
		var front, rest []int
		for _, i := range left {
			if slices.ContainsFunc(left, func(j int) bool { return Dominates(points[j].Values, points[i].Values) }) {
				rest = append(rest, i)
			} else {
				front = append(front, i)
			}
		}
		crowding := crowd(points, front)
		slices.SortStableFunc(front, func(a, b int) int { return cmp.Compare(crowding[b], crowding[a]) })
		for _, i := range front {
			ranks[i] = at
			at++
		}
		left = rest
	}
	return ranks
}

// Dominates reports whether a is nowhere worse than b and somewhere better.
func Dominates(a, b []float64) bool {
	better := false
	for i := range a {
		if a[i] > b[i] {
			return false
		}
		better = better || a[i] < b[i]
	}
	return better
}

// crowd is the crowding distance of a front's points (Deb et al. 2002, section
// III-B).
func crowd(points []Point, front []int) map[int]float64 {
	distance := make(map[int]float64, len(front))
	order := slices.Clone(front)
	for k := range points[front[0]].Values {
		value := func(i int) float64 { return points[i].Values[k] }
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(value(a), value(b)) })
		first, last := order[0], order[len(order)-1]
		span := value(last) - value(first)
		distance[first], distance[last] = math.Inf(1), math.Inf(1)
		for i := 1; i < len(order)-1 && span > 0; i++ {
			distance[order[i]] += (value(order[i+1]) - value(order[i-1])) / span
		}
	}
	return distance
}
