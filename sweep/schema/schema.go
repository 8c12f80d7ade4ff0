// Package schema reads what a plugin's Config struct says of its attributes in
// field tags, and is the one place that does: validation, defaults, error
// messages, decoding and the reference page all come from here. It knows
// values, not HCL.
//
// The tags of a field:
//
//	hcl           the attribute's name; a field without one is no attribute
//	doc           a line for the reference
//	default       the value where none is given, as JSON (strings and durations bare)
//	required      "true": it must be given
//	min, max      inclusive bounds of a number, or of a list's elements
//	above, below  exclusive bounds
//	oneof         the allowed strings, comma-separated; of a whole number with bounds,
//	              those that can stand in its place, which its UnmarshalText makes one of
//
// A field `_ struct{}` carries the doc line of the block itself. An embedded
// struct's fields count as the block's own.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Schema describes a block, or an attribute that is an object.
type Schema struct {
	Doc   string
	Attrs []Attr
}

// Attr describes one attribute.
type Attr struct {
	Name     string
	Doc      string
	Type     Type
	Required bool
	Default  sweep.Value // null: the attribute is left out where it is not given
}

// Kind is what sort of value an attribute takes.
type Kind uint8

// The kinds of attribute.
const (
	Any Kind = iota
	Bool
	Int
	Float
	String
	Duration
	List
	Map
	Object
)

// Type is the type of an attribute, with its bounds.
type Type struct {
	Kind   Kind
	Elem   *Type   // of a List or Map
	Object *Schema // of an Object
	OneOf  []string
	Low    *Bound
	High   *Bound
}

// Bound is an end of a numeric range.
type Bound struct {
	Value    float64
	Included bool
}

// String is the type as the reference and the messages name it.
func (t Type) String() string {
	switch t.Kind {
	case Bool:
		return "true or false"
	case Int:
		return "whole number"
	case Float:
		return "number"
	case String:
		return "string"
	case Duration:
		return "duration"
	case List:
		return "list of " + t.Elem.String()
	case Map:
		return "object of " + t.Elem.String()
	case Object:
		return "object"
	default:
		return "any value"
	}
}

// Range is the allowed values in words: "at least 1", "above 0 and below 1",
// `"sgd" or "adam"`; empty where all of the type are.
func (t Type) Range() string {
	if t.Kind == List || t.Kind == Map {
		if r := t.Elem.Range(); r != "" {
			return "each " + r
		}
		return ""
	}
	if t.Kind == String {
		return t.words()
	}
	var parts []string
	if t.Low != nil {
		parts = append(parts, map[bool]string{true: "at least ", false: "above "}[t.Low.Included]+number(t.Low.Value))
	}
	if t.High != nil {
		parts = append(parts, map[bool]string{true: "at most ", false: "below "}[t.High.Included]+number(t.High.Value))
	}
	bounds := strings.Join(parts, " and ")
	if words := t.words(); words != "" {
		return bounds + ", or " + words
	}
	return bounds
}

// words are the allowed strings, quoted.
func (t Type) words() string {
	quoted := make([]string, len(t.OneOf))
	for i, s := range t.OneOf {
		quoted[i] = strconv.Quote(s)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// Of is the schema of a Config struct. A tag that makes no sense is a fault of
// the program's: it panics.
func Of(config any) *Schema {
	t := reflect.TypeOf(config)
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("schema: %s is not a struct", t))
	}
	return ofStruct(t)
}

func ofStruct(t reflect.Type) *Schema {
	s := &Schema{}
	for field := range fields(t) {
		if field.Name == "_" {
			s.Doc = field.Tag.Get("doc")
			continue
		}
		name, ok := field.Tag.Lookup("hcl")
		if !ok {
			continue
		}
		a := Attr{
			Name:     name,
			Doc:      field.Tag.Get("doc"),
			Type:     ofType(field.Type, field),
			Required: field.Tag.Get("required") == "true",
		}
		if text, ok := field.Tag.Lookup("default"); ok {
			a.Default = defaultValue(t, field, a.Type, text)
		}
		s.Attrs = append(s.Attrs, a)
	}
	return s
}

func defaultValue(t reflect.Type, field reflect.StructField, typ Type, text string) sweep.Value {
	raw := sweep.String(text)
	if typ.Kind != String && typ.Kind != Duration {
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			panic(fmt.Sprintf("schema: default of %s.%s: %v", t, field.Name, err))
		}
	}
	v, problems := typ.complete(raw, nil)
	if len(problems) > 0 {
		panic(fmt.Sprintf("schema: default of %s.%s: %s", t, field.Name, problems[0]))
	}
	return v
}

// fields yields the fields of t, those of embedded structs in their place.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			field := t.Field(i)
			if field.Anonymous && field.Type.Kind() == reflect.Struct {
				for inner := range fields(field.Type) {
					if inner.Name == "_" {
						continue
					}
					inner.Index = append([]int{i}, inner.Index...)
					if !yield(inner) {
						return
					}
				}
				continue
			}
			if !yield(field) {
				return
			}
		}
	}
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	valueType    = reflect.TypeFor[sweep.Value]()
)

func ofType(t reflect.Type, field reflect.StructField) Type {
	typ := Type{}
	switch t {
	case durationType:
		typ.Kind = Duration
	case valueType:
		typ.Kind = Any
	default:
		switch t.Kind() {
		case reflect.Pointer:
			return ofType(t.Elem(), field)
		case reflect.Bool:
			typ.Kind = Bool
		case reflect.Int, reflect.Int64, reflect.Uint64:
			typ.Kind = Int
			if t.Kind() == reflect.Uint64 {
				typ.Low = &Bound{0, true}
			}
		case reflect.Float64:
			typ.Kind = Float
		case reflect.String:
			typ.Kind = String
		case reflect.Slice, reflect.Map:
			elem := ofType(t.Elem(), field)
			typ.Kind, typ.Elem = List, &elem
			if t.Kind() == reflect.Map {
				typ.Kind = Map
			}
			return typ
		case reflect.Struct:
			typ.Kind, typ.Object = Object, ofStruct(t)
			return typ
		default:
			panic(fmt.Sprintf("schema: field %s: no attribute can be a %s", field.Name, t))
		}
	}
	for _, tag := range []string{"min", "above", "max", "below"} {
		text, ok := field.Tag.Lookup(tag)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(fmt.Sprintf("schema: %s of field %s: %v", tag, field.Name, err))
		}
		bound := &Bound{f, tag == "min" || tag == "max"}
		if tag == "min" || tag == "above" {
			typ.Low = bound
		} else {
			typ.High = bound
		}
	}
	if text := field.Tag.Get("oneof"); text != "" {
		typ.OneOf = strings.Split(text, ",")
	}
	return typ
}
