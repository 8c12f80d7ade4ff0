// Package grid is the exhaustive search: every variant of a finite space, in
// the order in which its parameters stand in the file, the last one fastest.
package grid

import (
	"fmt"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the search "grid" block.
type Config struct {
	_ struct{} `doc:"Every variant of a finite space, once, the last parameter fastest. The default where the space is finite. For spaces small enough to be tried out, and for tables in which no cell may be missing."`
}

// New is a grid search of s's space, which must be finite.
func New(s sweep.Spec, _ Config) (sweep.Searcher, error) {
	finite, axis, err := s.Space.Finite()
	if err != nil {
		return nil, err
	}
	if !finite {
		return nil, fmt.Errorf("a grid needs lists, and %s is a distribution: list its values, or use search \"random\" { trials = 20 }", strings.Join(axis.Names, ", "))
	}
	return &search{space: s.Space}, nil
}

type search struct {
	space  sweep.Space
	cursor *sweep.Cursor // stands before variant at
	at     int
}

func (g *search) Next(n int, _ sweep.History) (sweep.Params, error) {
	if g.cursor == nil || n < g.at {
		g.cursor, g.at = sweep.NewCursor(g.space), 0
	}
	for {
		p, err := g.cursor.Next()
		if err != nil {
			g.cursor = nil
			return nil, err
		}
		if p == nil {
			g.cursor = nil
			return nil, sweep.ErrExhausted
		}
		g.at++
		if g.at > n {
			return p, nil
		}
	}
}
