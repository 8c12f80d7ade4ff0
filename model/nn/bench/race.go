package main

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// contender does its work once and says how well.
type contender func(ctx context.Context) (answer, error)

// race is one row of the table.
type race struct {
	group, name, unit string
	ours, theirs      contender
	peer              string
	less              bool // whether less is better
}

// result is of a race; ratios above 1 are in our favour.
type result struct {
	ours, theirs       float64 // medians
	ratio, least, most float64
	note               string // how they did it
}

// run warms both sides up, then lets them work by turns, each first in half of
// the pairs.
func (r race) run(ctx context.Context, pairs int) (result, error) {
	both := [2]contender{r.ours, r.theirs}
	var values [2][]float64
	var ratios []float64
	var out result
	for pair := -1; pair < pairs; pair++ {
		var got [2]float64
		for turn := range 2 {
			who := (turn + pair + 2) % 2
			if err := ctx.Err(); err != nil {
				return result{}, err
			}
			a, err := both[who](ctx)
			if err != nil {
				return result{}, err
			}
			got[who] = a.Rate
			if who == 1 {
				out.note = a.Note
			}
		}
		if pair < 0 {
			continue
		}
		for who, v := range got {
			values[who] = append(values[who], v)
		}
		if r.less {
			got[0], got[1] = got[1], got[0]
		}
		ratios = append(ratios, got[0]/got[1])
	}
	out.ours, out.theirs, out.ratio = median(values[0]), median(values[1]), median(ratios)
	out.least, out.most = slices.Min(ratios), slices.Max(ratios)
	return out, nil
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// products are m x n x k of the usual layers, batches of images unfolded.
var products = []struct{ sizes, what string }{
	{"512x512x512", ""},
	{"1024x1024x1024", ""},
	{"128x256x784", "mlp 1"},
	{"256x784x128", "mlp 1, gradient"},
	{"128x128x256", "mlp 2"},
	{"128x10x128", "mlp 3"},
	{"100352x32x9", "cnn 1"},
	{"25088x64x288", "cnn 2"},
	{"128x128x3136", "cnn dense"},
	{"32768x64x576", "resnet cifar 1"},
	{"8192x128x1152", "resnet cifar 2"},
	{"2048x256x2304", "resnet cifar 3"},
	{"512x512x4608", "resnet cifar 4"},
	{"100352x64x147", "resnet imagenet stem"},
	{"25088x64x576", "resnet imagenet 1"},
	{"6272x128x1152", "resnet imagenet 2"},
	{"1568x256x2304", "resnet imagenet 3"},
	{"392x512x4608", "resnet imagenet 4"},
}

// steps are the races of the long-lived children.
func steps(s *sides, seconds float64, h hello) []race {
	ours := func(i int, work string) contender {
		return func(ctx context.Context) (answer, error) {
			child, err := s.ours(ctx, i)
			if err != nil {
				return answer{}, err
			}
			return child.rate(work, seconds)
		}
	}
	theirs := func(threads, i int, policy, work string) contender {
		return func(ctx context.Context) (answer, error) {
			child, err := s.theirs(ctx, threads, i, policy)
			if err != nil {
				return answer{}, err
			}
			return child.rate(work, seconds)
		}
	}
	one := func(group, name, work, unit string) race {
		return race{group: group, name: name, unit: unit, ours: ours(0, work), theirs: theirs(1, 0, active, work), peer: h.Name}
	}
	races := []race{
		one("roofline", "product in cache, 192x192x192", "sgemm 192x192x192", gflops),
		one("roofline", "copy of 256 MiB", "copy", "GB/s"),
	}
	for _, p := range products {
		name := "sgemm " + p.sizes
		if p.what != "" {
			name += " (" + p.what + ")"
		}
		races = append(races, one("gemm", name, "sgemm "+p.sizes, gflops))
		if h.OpenBLAS != "" {
			races = append(races, race{
				group: "gemm", name: name, unit: gflops,
				ours: ours(0, "sgemm "+p.sizes), theirs: theirs(1, 0, active, "openblas "+p.sizes), peer: h.OpenBLAS,
			})
		}
	}
	races = append(races,
		one("mlp", "mlp 784-256-128-10, sgd momentum, batch 128", "mlp-sgd", samples),
		one("mlp", "mlp 784-256-128-10, adam, batch 128", "mlp-adam", samples),
		one("cnn", "cnn 32-64, dense 128, 28x28, batch 128", "cnn", samples),
		one("resnet", "resnet-18, 32x32, batch 32", "resnet18-cifar", samples),
		one("resnet", "resnet-18, 224x224, batch 8", "resnet18-imagenet", samples))
	for _, work := range []string{"mlp-sgd", "cnn"} {
		two := both(ours(0, work), ours(1, work))
		races = append(races,
			race{
				group: "trials", name: "two trials at once, " + work, unit: samples,
				ours: two, theirs: fastest(theirs(2, 0, active, work), theirs(2, 0, passive, work)), peer: h.Name + ", one process, 2 threads",
			},
			race{
				group: "trials", name: "two trials at once, " + work, unit: samples,
				ours: two, theirs: both(theirs(1, 0, active, work), theirs(1, 1, active, work)), peer: h.Name + ", two processes",
			})
	}
	return races
}

const gflops, samples = "GFLOP/s", "samples/s"

// How OpenMP's threads wait. On a machine of one's own spinning is faster, on a
// shared one it can be a hundred times slower.
const active, passive = "active", "passive"

// fastest is the one that was faster the first time.
func fastest(a, b contender) contender {
	var best contender
	return func(ctx context.Context) (answer, error) {
		if best != nil {
			return best(ctx)
		}
		first, err := a(ctx)
		if err != nil {
			return answer{}, err
		}
		second, err := b(ctx)
		if err != nil {
			return answer{}, err
		}
		if first.Rate >= second.Rate {
			best = a
			return first, nil
		}
		best = b
		return second, nil
	}
}

// both is the sum of two who work at the same time. The first time they do not:
// they would start and warm up together, and be found slow.
func both(a, b contender) contender {
	warm := false
	return func(ctx context.Context) (answer, error) {
		var got [2]answer
		var group errgroup.Group
		if !warm {
			group.SetLimit(1)
			warm = true
		}
		for i, c := range []contender{a, b} {
			group.Go(func() (err error) {
				got[i], err = c(ctx)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return answer{}, fmt.Errorf("two at once: %w", err)
		}
		return answer{Rate: got[0].Rate + got[1].Rate, Note: got[0].Note}, nil
	}
}
