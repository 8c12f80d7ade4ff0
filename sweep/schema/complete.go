package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Problem is a mistake in a block's attributes.
type Problem struct {
	Path    []string // attribute, then fields and list positions within it; empty: the block
	Summary string   // e.g. "unknown attribute"
	Detail  string   // what is wrong and what to write instead
}

func (p Problem) String() string { return p.Summary + ": " + p.Detail }

// Complete checks an object value against s and fills in the defaults. A null
// attribute counts as not given. All problems are told, in a stable order.
func (s *Schema) Complete(v sweep.Value) (sweep.Value, []Problem) {
	return s.complete(v, nil)
}

func (s *Schema) complete(v sweep.Value, path []string) (sweep.Value, []Problem) {
	given := v.Fields()
	out := make(map[string]sweep.Value, len(s.Attrs))
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := s.Attr(name); !ok {
			problems = append(problems, s.unknown(name, path))
		}
	}
	for _, a := range s.Attrs {
		at := append(slices.Clone(path), a.Name)
		value, ok := given[a.Name]
		switch {
		case ok && !value.IsNull():
			done, faults := a.Type.complete(value, at)
			problems = append(problems, faults...)
			out[a.Name] = done
		case a.Required:
			problems = append(problems, Problem{path, "missing attribute", fmt.Sprintf("%s is required: %s", a.Name, a.Doc)})
		case !a.Default.IsNull():
			out[a.Name] = a.Default
		}
	}
	return sweep.Object(out), problems
}

// Attr is the attribute of that name.
func (s *Schema) Attr(name string) (Attr, bool) {
	i := slices.IndexFunc(s.Attrs, func(a Attr) bool { return a.Name == name })
	if i < 0 {
		return Attr{}, false
	}
	return s.Attrs[i], true
}

// Names are the attributes' names, in the order of the struct.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Attrs))
	for i, a := range s.Attrs {
		names[i] = a.Name
	}
	return names
}

func (s *Schema) unknown(name string, path []string) Problem {
	return Problem{append(slices.Clone(path), name), "unknown attribute", Unknown(name, s.Names())}
}

func (t Type) complete(v sweep.Value, path []string) (sweep.Value, []Problem) {
	wrong := func() (sweep.Value, []Problem) {
		text := v.String()
		if v.Kind() == sweep.StringKind {
			text = strconv.Quote(text)
		}
		return v, []Problem{{path, "wrong type", fmt.Sprintf("%s must be a %s, not %s %s", last(path), t.article(), v.Kind(), text)}}
	}
	switch t.Kind {
	case Any:
		return v, nil
	case Bool:
		if _, ok := v.AsBool(); !ok {
			return wrong()
		}
	case Int:
		if v.Kind() == sweep.StringKind && len(t.OneOf) > 0 {
			break
		}
		i, ok := v.AsInt()
		if !ok {
			return wrong()
		}
		v = sweep.Int(i)
	case Float:
		f, ok := v.AsFloat()
		if !ok {
			return wrong()
		}
		v = sweep.Float(f)
	case String:
		switch v.Kind() {
		case sweep.StringKind:
		case sweep.BoolKind, sweep.IntKind:
			v = sweep.String(v.String())
		case sweep.FloatKind:
			f, _ := v.AsFloat()
			v = sweep.String(strconv.FormatFloat(f, 'g', -1, 64))
		default:
			return wrong()
		}
	case Duration:
		text, ok := v.AsString()
		if !ok {
			return wrong()
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return v, []Problem{{path, "not a duration", fmt.Sprintf("%q is no duration: write a number and a unit, as \"90s\", \"15m\" or \"2h\"", text)}}
		}
	case List:
		if v.Kind() != sweep.ListKind {
			return wrong()
		}
		items := make([]sweep.Value, len(v.Items()))
		var problems []Problem
		for i, item := range v.Items() {
			done, faults := t.Elem.complete(item, append(slices.Clone(path), strconv.Itoa(i)))
			items[i] = done
			problems = append(problems, faults...)
		}
		return sweep.List(items...), problems
	case Map:
		if v.Kind() != sweep.ObjectKind {
			return wrong()
		}
		out := make(map[string]sweep.Value, len(v.Fields()))
		var problems []Problem
		for _, name := range slices.Sorted(maps.Keys(v.Fields())) {
			done, faults := t.Elem.complete(v.Fields()[name], append(slices.Clone(path), name))
			out[name] = done
			problems = append(problems, faults...)
		}
		return sweep.Object(out), problems
	case Object:
		if v.Kind() != sweep.ObjectKind {
			return wrong()
		}
		return t.Object.complete(v, path)
	}
	return v, t.outOfRange(v, path)
}

func (t Type) outOfRange(v sweep.Value, path []string) []Problem {
	if text, ok := v.AsString(); ok && len(t.OneOf) > 0 {
		if slices.Contains(t.OneOf, text) {
			return nil
		}
		detail := fmt.Sprintf("%s must be %s, not %q", last(path), t.Range(), text)
		if near, ok := Nearest(text, t.OneOf); ok {
			detail += fmt.Sprintf("; did you mean %q?", near)
		}
		return []Problem{{path, "not allowed", detail}}
	}
	f, ok := v.AsFloat()
	if !ok {
		return nil
	}
	low := t.Low == nil || f > t.Low.Value || t.Low.Included && f == t.Low.Value
	high := t.High == nil || f < t.High.Value || t.High.Included && f == t.High.Value
	if low && high { // and so not NaN
		return nil
	}
	return []Problem{{path, "out of range", fmt.Sprintf("%s must be %s, not %s", last(path), t.Range(), v)}}
}

// article is the type as messages ask for it.
func (t Type) article() string {
	if t.Kind != String && len(t.OneOf) > 0 {
		return t.String() + " or " + t.words()
	}
	return t.String()
}

func last(path []string) string {
	if len(path) == 0 {
		return "it"
	}
	name := path[len(path)-1]
	if _, err := strconv.Atoi(name); err == nil && len(path) > 1 {
		return "each element of " + path[len(path)-2]
	}
	return name
}
