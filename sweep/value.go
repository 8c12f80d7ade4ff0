package sweep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds a Value may have.
const (
	Null Kind = iota
	BoolKind
	IntKind
	FloatKind
	StringKind
	ListKind
	ObjectKind
)

func (k Kind) String() string {
	return [...]string{"null", "bool", "whole number", "number", "string", "list", "object"}[k]
}

// Value is a typed parameter or attribute value. It keeps whole numbers and
// floats apart through JSON: a float always carries a point or an exponent.
// The zero Value is null. Values are immutable.
type Value struct{ v any } // nil, bool, int64, float64, string, []Value or map[string]Value

// Bool is a boolean value.
func Bool(b bool) Value { return Value{b} }

// Int is a whole-number value.
func Int(i int64) Value { return Value{i} }

// Float is a floating-point value.
func Float(f float64) Value { return Value{f} }

// String is a string value.
func String(s string) Value { return Value{s} }

// List is an ordered list of values.
func List(items ...Value) Value { return Value{items} }

// Object is a value with named fields.
func Object(fields map[string]Value) Value { return Value{fields} }

// Kind tells which type v holds.
func (v Value) Kind() Kind {
	switch v.v.(type) {
	case bool:
		return BoolKind
	case int64:
		return IntKind
	case float64:
		return FloatKind
	case string:
		return StringKind
	case []Value:
		return ListKind
	case map[string]Value:
		return ObjectKind
	}
	return Null
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.v == nil }

// AsBool is v's boolean; ok is false for any other kind.
func (v Value) AsBool() (b, ok bool) { b, ok = v.v.(bool); return }

// AsString is v's string; ok is false for any other kind.
func (v Value) AsString() (s string, ok bool) { s, ok = v.v.(string); return }

// AsInt is v as a whole number: an int, or a float without a fraction.
func (v Value) AsInt() (int64, bool) {
	switch n := v.v.(type) {
	case int64:
		return n, true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n), true
		}
	}
	return 0, false
}

// AsFloat is v as a number: a float or an int.
func (v Value) AsFloat() (float64, bool) {
	switch n := v.v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// Items are the elements of a list, nil for any other kind. The caller must not change them.
func (v Value) Items() []Value { items, _ := v.v.([]Value); return items }

// Fields are the fields of an object, nil for any other kind. The caller must not change them.
func (v Value) Fields() map[string]Value { fields, _ := v.v.(map[string]Value); return fields }

// Equal reports whether v and w have the same kind and content. Int(1) and Float(1) differ.
func (v Value) Equal(w Value) bool {
	switch x := v.v.(type) {
	case []Value:
		y, ok := w.v.([]Value)
		return ok && slices.EqualFunc(x, y, Value.Equal)
	case map[string]Value:
		y, ok := w.v.(map[string]Value)
		return ok && maps.EqualFunc(x, y, Value.Equal)
	}
	switch w.v.(type) {
	case []Value, map[string]Value:
		return false
	}
	return v.v == w.v
}

// String is v as a person reads it: strings bare, lists and objects as JSON.
func (v Value) String() string {
	switch x := v.v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	text, err := v.MarshalJSON()
	if err != nil {
		return fmt.Sprint(v.v)
	}
	return string(text)
}

// MarshalJSON writes canonical JSON: sorted fields, floats with a point or an
// exponent. A float that JSON cannot hold (NaN, Inf) is an error.
func (v Value) MarshalJSON() ([]byte, error) {
	switch x := v.v.(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("encode %v: not a finite number", x)
		}
		text := strconv.FormatFloat(x, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return []byte(text), nil
	case []Value:
		if x == nil {
			return []byte("[]"), nil
		}
	case map[string]Value:
		if x == nil {
			return []byte("{}"), nil
		}
	}
	return json.Marshal(v.v)
}

// UnmarshalJSON reads any JSON value; a number without point or exponent becomes an int.
func (v *Value) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var raw any
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	w, err := fromJSON(raw)
	if err != nil {
		return err
	}
	*v = w
	return nil
}

func fromJSON(raw any) (Value, error) {
	switch x := raw.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(x.String(), 10, 64); err == nil {
			return Int(i), nil
		}
		f, err := x.Float64()
		if err != nil {
			return Value{}, fmt.Errorf("decode number %s: %w", x, err)
		}
		return Float(f), nil
	case []any:
		items := make([]Value, len(x))
		for i, item := range x {
			value, err := fromJSON(item)
			if err != nil {
				return Value{}, err
			}
			items[i] = value
		}
		return List(items...), nil
	case map[string]any:
		fields := make(map[string]Value, len(x))
		for name, field := range x {
			value, err := fromJSON(field)
			if err != nil {
				return Value{}, err
			}
			fields[name] = value
		}
		return Object(fields), nil
	}
	return Value{raw}, nil // nil, bool or string
}

// Params are a variant's parameter values by name. A parameter that does not
// exist in the variant has no entry.
type Params map[string]Value

// Key is the canonical text of p: equal exactly for equal parameters.
func (p Params) Key() string {
	text, err := Object(p).MarshalJSON()
	if err != nil {
		panic(fmt.Sprintf("sweep: parameters without a finite value: %v", err)) // a Domain never yields one
	}
	return string(text)
}
