package tpe

import (
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func config() Config { return Config{Seed: 3, Startup: 10, Candidates: 24} }

func TestContract(t *testing.T) {
	searchtest.Learn(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, config()) })
}
