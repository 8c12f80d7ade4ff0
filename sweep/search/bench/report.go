package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// report prints a row a problem: the regret after the last evaluation, the mean of
// the seeds', with a bootstrap 95 % interval. That of one loss is a share of random
// search's, that of several a share of the front's hypervolume as it is.
func report(out io.Writer, o options, all []problem, methods []string, r results) {
	if len(all) == 0 || len(methods) == 0 {
		return
	}
	cell := func(s string) { fmt.Fprintf(out, "%-22s", s) }
	if o.markdown {
		cell = func(s string) { fmt.Fprintf(out, "| %s ", s) }
	}
	end := func() {
		if o.markdown {
			fmt.Fprint(out, "|")
		}
		fmt.Fprintln(out)
	}
	cell("problem")
	for _, m := range methods {
		cell(m)
	}
	end()
	if o.markdown {
		for range len(methods) + 1 {
			fmt.Fprint(out, "| --- ")
		}
		end()
	}
	shares := make([][]float64, len(methods)) // of all problems, by method
	for _, p := range all {
		cell(p.name)
		scale := 1.0
		if !o.several {
			scale = mean(regrets(p, r[p.name][methods[0]]))
		}
		for i, m := range methods {
			share := regrets(p, r[p.name][m])
			for k := range share {
				share[k] /= scale
			}
			shares[i] = append(shares[i], mean(share))
			lo, hi := interval(share)
			cell(fmt.Sprintf("%.3g (%.2g - %.2g)", mean(share), lo, hi))
		}
		end()
	}
	cell("mean")
	for _, s := range shares {
		cell(fmt.Sprintf("%.3g", mean(s)))
	}
	end()
	what := "Regret after %d evaluations, %d under way at a time, mean of %d seeds, as a share of random search's"
	if o.several {
		what = "What lacks of the true front's hypervolume after %d evaluations, %d under way at a time, mean of %d seeds, as a share of it"
	}
	fmt.Fprintf(out, "\n"+what+"; in brackets the bootstrap 95 %% interval.\n", o.trials, o.pending, o.seeds)
}

func regrets(p problem, runs [][]float64) []float64 {
	out := make([]float64, len(runs))
	for i, course := range runs {
		out[i] = course[len(course)-1] - p.optimum
	}
	return out
}

func mean(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// interval is the percentile bootstrap's 95 % interval of the mean (Efron 1979).
func interval(x []float64) (lo, hi float64) {
	r := rand.New(rand.NewPCG(1, 1))
	means := make([]float64, 2000)
	for i := range means {
		for range x {
			means[i] += x[r.IntN(len(x))] / float64(len(x))
		}
	}
	slices.Sort(means)
	return means[len(means)/40], means[len(means)-1-len(means)/40]
}
