package cmaes

import (
	"math"
	"math/rand/v2"
)

// categories are independent categorical distributions that follow the natural
// gradient: the categorical half of CatCMA (R. Hamano, S. Saito, M. Nomura,
// K. Uchida and S. Shirakawa, arXiv:2405.09962, 2024), whose step is adapted as in
// ASNG (Y. Akimoto et al., "Adaptive stochastic natural gradient method for one-shot
// neural architecture search", 2019).
type categories struct {
	q   [][]float64 // probabilities
	min []float64   // of each distribution, the least a probability may become

	trust    float64   // Delta of ASNG: one over the size of a step
	signal   []float64 // s: the average gradient
	gathered float64   // gamma: the length that s would have were gradients noise
}

func newCategories(sizes []int) *categories {
	c := &categories{trust: 1}
	free := 0
	for _, size := range sizes {
		q := make([]float64, size)
		for k := range q {
			q[k] = 1 / float64(size)
		}
		c.q = append(c.q, q)
		// With 0.73 the best category of every distribution together is drawn often enough.
		c.min = append(c.min, (1-math.Pow(0.73, 1/float64(len(sizes))))/float64(size-1))
		free += size - 1
	}
	c.signal = make([]float64, free)
	return c
}

// sample draws one of the first n categories of distribution i. With a width above
// 1 it draws evenly, the more often the wider.
func (c *categories) sample(r *rand.Rand, i, n int, width float64) int {
	q := c.q[i]
	if n > len(q) || r.Float64() >= 1/width {
		return r.IntN(n)
	}
	total := 0.0
	for _, p := range q[:n] {
		total += p
	}
	u := r.Float64() * total
	for k, p := range q[:n] {
		if u -= p; u < 0 {
			return k
		}
	}
	return n - 1
}

// likeliest is the category of the first n of distribution i that is drawn most.
func (c *categories) likeliest(i, n int) int {
	best := 0
	for k := range min(n, len(c.q[i])) {
		if c.q[i][k] > c.q[i][best] {
			best = k
		}
	}
	return best
}

// lean moves distribution i half of the way to a category.
func (c *categories) lean(i, category int) {
	for k := range c.q[i] {
		c.q[i][k] /= 2
	}
	c.q[i][category] += 0.5
	c.keep(i)
}

// update follows the gradient of a generation, the best first: of each member the
// category in each distribution, -1 where it was not drawn from.
func (c *categories) update(members [][]int, weights []float64) {
	if len(c.q) == 0 {
		return
	}
	gradient := make([][]float64, len(c.q))
	var white []float64 // the gradient times the square root of the Fisher information
	for i, q := range c.q {
		g := make([]float64, len(q))
		for m, w := range weights {
			if k := members[m][i]; k >= 0 {
				for j, p := range q {
					g[j] -= w * p
				}
				g[k] += w
			}
		}
		gradient[i] = g
		last := len(q) - 1
		sum := 0.0
		for _, f := range g[:last] {
			sum += f
		}
		for j, f := range g[:last] { // appendix B of Akimoto et al.
			root := math.Sqrt(q[j])
			white = append(white, f/root+root*sum/(q[last]+math.Sqrt(q[last])))
		}
	}
	length := math.Sqrt(dot(white, white)) + 1e-30
	size := 1 / c.trust
	for i, q := range c.q {
		for j := range q {
			q[j] += size / length * gradient[i][j]
		}
		c.keep(i)
	}
	beta := size / math.Sqrt(float64(len(white)))
	for j, f := range white {
		c.signal[j] = (1-beta)*c.signal[j] + math.Sqrt(beta*(2-beta))*f/length
	}
	const alpha = 1.5
	c.gathered = (1-beta)*(1-beta)*c.gathered + beta*(2-beta)
	c.trust *= math.Exp(beta * (c.gathered - dot(c.signal, c.signal)/alpha))
}

// keep brings distribution i back to probabilities, none below its least.
func (c *categories) keep(i int) {
	q, least := c.q[i], c.min[i]
	sum := 0.0
	for k := range q {
		q[k] = max(q[k], least)
		sum += q[k]
	}
	over, free := sum-1, sum-least*float64(len(q))
	for k := range q {
		q[k] -= over * (q[k] - least) / free
	}
}
