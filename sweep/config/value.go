package config

import (
	"fmt"
	"math/big"

	"github.com/zclconf/go-cty/cty"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// fromCty is v as a sweep.Value. HCL has one type of number: a whole one
// becomes an int.
func fromCty(v cty.Value) (sweep.Value, error) {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown():
		return sweep.Value{}, fmt.Errorf("the value is not known")
	case v.IsNull():
		return sweep.Value{}, nil
	}
	switch t := v.Type(); {
	case t == cty.Bool:
		return sweep.Bool(v.True()), nil
	case t == cty.String:
		return sweep.String(v.AsString()), nil
	case t == cty.Number:
		return fromNumber(v.AsBigFloat())
	case t.IsTupleType(), t.IsListType(), t.IsSetType():
		items := make([]sweep.Value, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			item, err := fromCty(element)
			if err != nil {
				return sweep.Value{}, err
			}
			items = append(items, item)
		}
		return sweep.List(items...), nil
	case t.IsObjectType(), t.IsMapType():
		fields := make(map[string]sweep.Value, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			field, err := fromCty(element)
			if err != nil {
				return sweep.Value{}, err
			}
			fields[key.AsString()] = field
		}
		return sweep.Object(fields), nil
	case t == distribution:
		return sweep.Value{}, fmt.Errorf("a distribution can only stand in params, by itself or in a conditional")
	default:
		return sweep.Value{}, fmt.Errorf("a %s cannot stand here", t.FriendlyName())
	}
}

func fromNumber(n *big.Float) (sweep.Value, error) {
	if i, accuracy := n.Int64(); accuracy == big.Exact {
		return sweep.Int(i), nil
	}
	f, _ := n.Float64()
	if n.IsInf() || f > maxFloat || f < -maxFloat {
		return sweep.Value{}, fmt.Errorf("the number %s is too large", n.Text('g', 6))
	}
	return sweep.Float(f), nil
}

const maxFloat = 1.7e308

// toCty is the inverse of fromCty.
func toCty(v sweep.Value) cty.Value {
	switch v.Kind() {
	case sweep.BoolKind:
		b, _ := v.AsBool()
		return cty.BoolVal(b)
	case sweep.IntKind:
		i, _ := v.AsInt()
		return cty.NumberIntVal(i)
	case sweep.FloatKind:
		f, _ := v.AsFloat()
		return cty.NumberFloatVal(f)
	case sweep.StringKind:
		s, _ := v.AsString()
		return cty.StringVal(s)
	case sweep.ListKind:
		items := make([]cty.Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = toCty(item)
		}
		return cty.TupleVal(items)
	case sweep.ObjectKind:
		fields := make(map[string]cty.Value, len(v.Fields()))
		for name, field := range v.Fields() {
			fields[name] = toCty(field)
		}
		return cty.ObjectVal(fields)
	default:
		return cty.NullVal(cty.DynamicPseudoType)
	}
}

// harmonise turns the whole numbers of a list of choices into floats where one
// of them has a fraction, and does the same for each field of objects.
func harmonise(choices []sweep.Value) []sweep.Value {
	floats, objects := false, len(choices) > 0
	for _, c := range choices {
		floats = floats || c.Kind() == sweep.FloatKind
		objects = objects && c.Kind() == sweep.ObjectKind
	}
	out := make([]sweep.Value, len(choices))
	copy(out, choices)
	if floats {
		for i, c := range out {
			if f, ok := c.AsFloat(); ok {
				out[i] = sweep.Float(f)
			}
		}
	}
	if !objects {
		return out
	}
	columns := map[string][]sweep.Value{} // a field's values, null where it is missing
	for i, c := range choices {
		for name, field := range c.Fields() {
			if columns[name] == nil {
				columns[name] = make([]sweep.Value, len(choices))
			}
			columns[name][i] = field
		}
	}
	for name := range columns {
		columns[name] = harmonise(columns[name])
	}
	for i, c := range choices {
		fields := make(map[string]sweep.Value, len(c.Fields()))
		for name := range c.Fields() {
			fields[name] = columns[name][i]
		}
		out[i] = sweep.Object(fields)
	}
	return out
}
