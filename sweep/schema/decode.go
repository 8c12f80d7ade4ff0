package schema

import (
	"encoding"
	"fmt"
	"reflect"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Decode stores a value that Complete has checked into the struct that into
// points to.
func Decode(v sweep.Value, into any) error {
	target := reflect.ValueOf(into).Elem()
	return decodeStruct(v, target)
}

func decodeStruct(v sweep.Value, target reflect.Value) error {
	given := v.Fields()
	for field := range fields(target.Type()) {
		name, ok := field.Tag.Lookup("hcl")
		if !ok {
			continue
		}
		value, ok := given[name]
		if !ok || value.IsNull() {
			continue
		}
		if err := decode(value, target.FieldByIndex(field.Index)); err != nil {
			return fmt.Errorf("decode %s: %w", name, err)
		}
	}
	return nil
}

func decode(v sweep.Value, target reflect.Value) error {
	mismatch := func() error { return fmt.Errorf("a %s does not fit a %s", v.Kind(), target.Type()) }
	switch target.Type() {
	case valueType:
		target.Set(reflect.ValueOf(v))
		return nil
	case durationType:
		text, _ := v.AsString()
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		target.SetInt(int64(d))
		return nil
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](target.Addr()); ok && v.Kind() == sweep.StringKind {
		text, _ := v.AsString()
		return u.UnmarshalText([]byte(text))
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return decode(v, target.Elem())
	case reflect.Bool:
		b, ok := v.AsBool()
		if !ok {
			return mismatch()
		}
		target.SetBool(b)
	case reflect.Int, reflect.Int64:
		i, ok := v.AsInt()
		if !ok {
			return mismatch()
		}
		target.SetInt(i)
	case reflect.Uint64:
		i, ok := v.AsInt()
		if !ok || i < 0 {
			return mismatch()
		}
		target.SetUint(uint64(i))
	case reflect.Float64:
		f, ok := v.AsFloat()
		if !ok {
			return mismatch()
		}
		target.SetFloat(f)
	case reflect.String:
		s, ok := v.AsString()
		if !ok {
			return mismatch()
		}
		target.SetString(s)
	case reflect.Slice:
		items := v.Items()
		target.Set(reflect.MakeSlice(target.Type(), len(items), len(items)))
		for i, item := range items {
			if err := decode(item, target.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		target.Set(reflect.MakeMap(target.Type()))
		for name, item := range v.Fields() {
			elem := reflect.New(target.Type().Elem()).Elem()
			if err := decode(item, elem); err != nil {
				return err
			}
			target.SetMapIndex(reflect.ValueOf(name), elem)
		}
	case reflect.Struct:
		return decodeStruct(v, target)
	default:
		return mismatch()
	}
	return nil
}
