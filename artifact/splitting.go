package artifact

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// The splits a data set may have.
const (
	Train = "train"
	Val   = "val"
	Test  = "test"
)

var splitNames = []string{Train, Val, Test}

// Splitting are the attributes that every data block has.
type Splitting struct {
	Split     map[string]float64 `hcl:"split" doc:"Shares of train, val and test; they sum to 1. A source's own splits are kept; where it has train but no val, val is cut from train." default:"{\"train\":0.8,\"val\":0.1,\"test\":0.1}" min:"0" max:"1"`
	SplitSeed uint64             `hcl:"split_seed" doc:"Seed of the assignment, which is stratified by class." default:"1"`
	OnError   string             `hcl:"on_error" doc:"What an unreadable example does." oneof:"fail,skip" default:"fail"`
}

// Check says what is wrong with the shares.
func (s Splitting) Check() error {
	for _, name := range slices.Sorted(maps.Keys(s.Split)) {
		if !slices.Contains(splitNames, name) {
			return fmt.Errorf("split: %s", schema.Unknown(name, splitNames))
		}
	}
	if s.Split[Train] == 0 {
		return fmt.Errorf("split: train needs a share above 0")
	}
	return sumsToOne(s.Split)
}

func sumsToOne(shares map[string]float64) error {
	sum := 0.0
	for _, share := range shares {
		sum += share
	}
	if math.IsNaN(sum) || math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("split: the shares sum to %g, not to 1", sum)
	}
	return nil
}

// assign is the split of each example: the source's own where it names one,
// else by shares, within each class. Where the source has a train but no val,
// val is cut from its train, in the proportion of their two shares.
func (s Splitting) assign(own, classes []string) []string {
	out := slices.Clone(own)
	has := map[string]bool{}
	for _, name := range own {
		has[name] = true
	}
	divided := has[Train] // what is in none of the source's splits then trains too
	shares := map[string]float64{Train: s.Split[Train]}
	if !has[Val] {
		shares[Val] = s.Split[Val]
	}
	if !has[Test] && !divided {
		shares[Test] = s.Split[Test]
	}
	whole := shares[Train] + shares[Val] + shares[Test]
	members := map[string][]int{}
	for i, name := range own {
		if name == "" || name == Train && !has[Val] {
			members[classes[i]] = append(members[classes[i]], i)
		}
	}
	source := rand.New(rand.NewPCG(s.SplitSeed, 0))
	owed := map[string]float64{}
	for _, class := range slices.Sorted(maps.Keys(members)) {
		rows := members[class]
		source.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		// What rounding takes from a split in one class it is owed in the next,
		// so that many small classes do not leave it empty. Each class trains.
		for _, name := range []string{Val, Test} {
			owed[name] += shares[name] / whole * float64(len(members[class]))
			n := min(int(owed[name]+1e-9), len(rows)-1)
			owed[name] -= float64(n)
			for _, i := range rows[len(rows)-n:] {
				out[i] = name
			}
			rows = rows[:len(rows)-n]
		}
		for _, i := range rows {
			out[i] = Train
		}
	}
	return out
}

// cut divides items by shares, rounded down, the remainder going to the first
// name. The 1e-9 keeps 0.1*30 from being 2.
func cut[T any](items []T, names []string, shares map[string]float64) map[string][]T {
	out := map[string][]T{}
	end := len(items)
	for _, name := range slices.Backward(names[1:]) {
		n := int(shares[name]*float64(len(items)) + 1e-9)
		out[name] = items[end-n : end]
		end -= n
	}
	out[names[0]] = items[:end]
	return out
}
