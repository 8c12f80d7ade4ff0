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
	Split     map[string]float64 `hcl:"split" doc:"Shares of train, val and test; they sum to 1. A split that the source has itself is kept; where it has no val, that is cut from train." default:"{\"train\":0.8,\"val\":0.1,\"test\":0.1}" min:"0" max:"1"`
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
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("split: the shares sum to %g, not to 1", sum)
	}
	return nil
}

// assign is the split of each example: the source's own where it names one,
// else by shares, within each class.
func (s Splitting) assign(own, classes []string) []string {
	out := slices.Clone(own)
	has := map[string]bool{}
	for _, name := range own {
		has[name] = true
	}
	shares := s.Split
	from := ""
	if has[Train] && !has[Val] && s.Split[Val] > 0 { // cut val from the source's train
		from = Train
		both := s.Split[Train] + s.Split[Val]
		shares = map[string]float64{Train: s.Split[Train] / both, Val: s.Split[Val] / both}
	}
	if len(own) > 0 && !has[""] && from == "" {
		return out
	}
	members := map[string][]int{}
	for i, name := range own {
		if name == from {
			members[classes[i]] = append(members[classes[i]], i)
		}
	}
	source := rand.New(rand.NewPCG(s.SplitSeed, 0))
	for _, class := range slices.Sorted(maps.Keys(members)) {
		rows := members[class]
		source.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for name, part := range cut(rows, splitNames, shares) {
			for _, i := range part {
				out[i] = name
			}
		}
	}
	return out
}

// cut divides items by shares, rounded down, the remainder going to the first name.
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
