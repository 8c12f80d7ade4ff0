package config

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Plugins is everything pluggable that a sweep file can name.
type Plugins struct {
	Search  *Registry[sweep.Searcher]
	Stop    *Registry[sweep.Stopper]
	Runners *Registry[sweep.Runner]
	Data    *Registry[artifact.Source]
	Models  *Registry[model.Trainer]
	Notify  *Registry[sweep.Notifier]
	Train   *schema.Schema // of the train block, shared by the built-in models

	Profiles string // path of the user's own runner blocks; "": there are none
}

// NewPlugins has no plugin yet; Add registers them.
func NewPlugins(train *schema.Schema) *Plugins {
	return &Plugins{
		Search:  newRegistry[sweep.Searcher]("search"),
		Stop:    newRegistry[sweep.Stopper]("stop"),
		Runners: newRegistry[sweep.Runner]("runner"),
		Data:    newRegistry[artifact.Source]("data"),
		Models:  newRegistry[model.Trainer]("model"),
		Notify:  newRegistry[sweep.Notifier]("notify"),
		Train:   train,
	}
}

// Registry is the plugins of one kind, by name.
type Registry[T any] struct {
	kind    string
	entries map[string]entry[T]
}

type entry[T any] struct {
	schema func() *schema.Schema // made when it is needed: most processes need one or two
	build  func(sweep.Spec, sweep.Value) (T, error)
}

func newRegistry[T any](kind string) *Registry[T] {
	return &Registry[T]{kind: kind, entries: map[string]entry[T]{}}
}

// Add registers a plugin under the name that sweep files call it by. C is its
// Config struct, whose tags are the schema of its block. A name taken twice is
// a fault of the program's: it panics.
func Add[C, T any](r *Registry[T], name string, build func(sweep.Spec, C) (T, error)) {
	if _, taken := r.entries[name]; taken {
		panic(fmt.Sprintf("config: %s %q is registered twice", r.kind, name))
	}
	var zero C
	r.entries[name] = entry[T]{
		schema: sync.OnceValue(func() *schema.Schema { return schema.Of(zero) }),
		build: func(s sweep.Spec, v sweep.Value) (T, error) {
			var c C
			if err := schema.Decode(v, &c); err != nil {
				var none T
				return none, fmt.Errorf("read %s %q: %w", r.kind, name, err)
			}
			return build(s, c)
		},
	}
}

// Names are the registered plugins' names, sorted.
func (r *Registry[T]) Names() []string { return slices.Sorted(maps.Keys(r.entries)) }

// New builds the plugin that a resolved block names.
func (r *Registry[T]) New(s sweep.Spec, b sweep.Block) (T, error) {
	e, ok := r.entries[b.Type]
	if !ok {
		var none T
		return none, fmt.Errorf("%s %s", r.kind, schema.Unknown(b.Type, r.Names()))
	}
	v, problems := e.schema().Complete(b.Config)
	if len(problems) > 0 {
		var none T
		return none, fmt.Errorf("%s %q: %s", r.kind, b.Type, problems[0])
	}
	return e.build(s, v)
}

// lookup is the schema of a plugin's block.
func (r *Registry[T]) lookup(name string) (*schema.Schema, bool) {
	e, ok := r.entries[name]
	if !ok {
		return nil, false
	}
	return e.schema(), true
}

// catalogue is what the reference page and the checks need of a registry of
// whatever type.
type catalogue interface {
	Names() []string
	lookup(name string) (*schema.Schema, bool)
}
