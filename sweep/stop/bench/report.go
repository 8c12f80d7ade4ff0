package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// report prints a row a method and a column a cluster: how many times as fast as
// without a rule the target is reached, by the median times of the seeds.
func report(out io.Writer, o options, t table, r results) {
	line := func(cells ...string) {
		for _, c := range cells {
			fmt.Fprintf(out, "%-24s", c)
		}
		fmt.Fprintln(out)
	}
	if o.markdown {
		line = func(cells ...string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	}
	head := []string{"speed-up"}
	for _, n := range o.workers {
		head = append(head, plural(n, "worker"))
	}
	head = append(head, "in vain")
	line(head...)
	if o.markdown {
		line(slices.Repeat([]string{"---"}, len(head))...)
	}
	for m := range methods {
		row, never := []string{methods[m].name}, 0
		for w := range o.workers {
			base, times := r[0][w], r[m][w]
			lo, hi := interval(base, times)
			row = append(row, fmt.Sprintf("%.2f (%.2f - %.2f)", middle(base)/middle(times), lo, hi))
			for _, s := range times {
				if math.IsInf(s, 1) {
					never++
				}
			}
		}
		line(append(row, strconv.Itoa(never))...)
	}
	row := []string{methods[0].name + ", seconds"}
	for w := range o.workers {
		row = append(row, fmt.Sprintf("%.1f", middle(r[0][w])))
	}
	line(append(row, "")...)
	target := t.best * (1 - o.within)
	fmt.Fprintf(out, "\nTime until a trial reports %s of %.4f, within %g %% of the best of all, %.4f, which %d of %d curves of %d epochs come to: that of random search without a rule over the method's, medians of %d orders of the variants; in brackets the bootstrap 95 %% interval. In vain are the runs, of all clusters, that never came there.\n",
		metric, target, 100*o.within, t.best, t.reach(target), len(t.curves), t.epochs, o.seeds)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// middle is the middle of x; of two middles their mean.
func middle(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// interval is the percentile bootstrap's 95 % interval (Efron 1979) of the ratio of
// the medians, over seeds, which both have in common.
func interval(base, times []float64) (lo, hi float64) {
	r := rand.New(rand.NewPCG(1, 1))
	ratios := make([]float64, 2000)
	a, b := make([]float64, len(base)), make([]float64, len(base))
	for i := range ratios {
		for k := range a {
			seed := r.IntN(len(base))
			a[k], b[k] = base[seed], times[seed]
		}
		ratios[i] = middle(a) / middle(b)
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/40], ratios[len(ratios)-1-len(ratios)/40]
}
