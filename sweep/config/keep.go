package config

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Keep is the keep block: what of a sweep's past stays.
type Keep struct {
	_         struct{} `doc:"What stays of the sweep's past; the rest is removed after each of its runs, and by sweep gc. A run from which another has results stays, and so does all of one that goes on."`
	Runs      int      `hcl:"runs" doc:"The newest runs, with their records; all where not given." min:"1"`
	Models    int      `hcl:"models" doc:"Models and checkpoints of the best trials of all these runs, by the first objective, and of the newest winner; all where not given. Results stay without them." min:"1"`
	Champions string   `hcl:"champions" doc:"Models of all that have been champions, or of the standing one alone: a rollback to another then has no model." oneof:"all,standing" default:"all"`
}

var keepSchema = schema.Of(Keep{})

func (r *reader) keep(block *hclsyntax.Block) *Keep {
	if block == nil {
		return nil
	}
	r.noLabels(block)
	k := &Keep{}
	r.decode(r.fixed(block.Body, keepSchema), k)
	return k
}
