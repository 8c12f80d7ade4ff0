package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// distribution is the type that uniform(), normal() and their like return.
var distribution = cty.Capsule("distribution", reflect.TypeFor[sweep.Domain]())

// maxList bounds what a function may make: a list longer than any that a
// person wants to try.
const maxList = 1_000_000

// functions are those that expressions in a sweep file may call.
func functions() map[string]function.Function {
	return map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
		"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc,
		"parseint": stdlib.ParseIntFunc, "int": distributionOf(sweep.IntUniform),

		"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc,
		"indent": stdlib.IndentFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc,
		"regexall": stdlib.RegexAllFunc, "regexreplace": stdlib.RegexReplaceFunc, "replace": stdlib.ReplaceFunc,
		"split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc, "strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc,
		"title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
		"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,

		"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
		"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
		"distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
		"index": stdlib.IndexFunc, "keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc,
		"merge": stdlib.MergeFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc,
		"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc,
		"values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

		"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc, "csvdecode": stdlib.CSVDecodeFunc,
		"tobool":   stdlib.MakeToFunc(cty.Bool),
		"tonumber": stdlib.MakeToFunc(cty.Number), "tostring": stdlib.MakeToFunc(cty.String),

		"uniform": distributionOf(sweep.Uniform), "loguniform": distributionOf(sweep.LogUniform),
		"logint": distributionOf(sweep.LogInt), "normal": normal, "step": step,
		"linspace": spaced("linspace", func(lo, hi, at float64) float64 { return lo + at*(hi-lo) }),
		"logspace": spaced("logspace", func(lo, hi, at float64) float64 {
			return math.Exp(math.Log(lo) + at*(math.Log(hi)-math.Log(lo)))
		}),
	}
}

func numbers(names ...string) []function.Parameter {
	params := make([]function.Parameter, len(names))
	for i, name := range names {
		params[i] = function.Parameter{Name: name, Type: cty.Number}
	}
	return params
}

func float(v cty.Value) float64 {
	f, _ := v.AsBigFloat().Float64()
	return f
}

func checked(d sweep.Domain) (cty.Value, error) {
	if err := d.Validate(); err != nil {
		return cty.NilVal, err
	}
	return cty.CapsuleVal(distribution, &d), nil
}

func distributionOf(shape sweep.Shape) function.Function {
	return function.New(&function.Spec{
		Params: numbers("lo", "hi"),
		Type:   function.StaticReturnType(distribution),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return checked(sweep.Domain{Shape: shape, Lo: float(args[0]), Hi: float(args[1])})
		},
	})
}

var normal = function.New(&function.Spec{
	Params: numbers("mean", "sd"),
	Type:   function.StaticReturnType(distribution),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return checked(sweep.Domain{Shape: sweep.Normal, Mean: float(args[0]), SD: float(args[1])})
	},
})

var step = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "distribution", Type: distribution}, {Name: "step", Type: cty.Number}},
	Type:   function.StaticReturnType(distribution),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		d := *args[0].EncapsulatedValue().(*sweep.Domain)
		d.Step = float(args[1])
		if d.Step == 0 {
			return cty.NilVal, errors.New("step must be above 0, not 0")
		}
		return checked(d)
	},
})

// spaced is a function (lo, hi, n) whose n values at maps from [0, 1].
func spaced(name string, at func(lo, hi, at float64) float64) function.Function {
	return function.New(&function.Spec{
		Params: numbers("lo", "hi", "n"),
		Type:   function.StaticReturnType(cty.List(cty.Number)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			lo, hi, n := float(args[0]), float(args[1]), float(args[2])
			switch {
			case n != math.Trunc(n) || n < 2 || n > maxList:
				return cty.NilVal, fmt.Errorf("%s needs a whole number of values from 2 to %d, not %g", name, maxList, n)
			case lo >= hi:
				return cty.NilVal, fmt.Errorf("lower bound %g must be below upper bound %g", lo, hi)
			case name == "logspace" && lo <= 0:
				return cty.NilVal, fmt.Errorf("lower bound of a log scale must be above 0, not %g", lo)
			}
			values := make([]cty.Value, int(n))
			for i := range values {
				f := at(lo, hi, float64(i)/(n-1))
				if i == len(values)-1 {
					f = hi
				}
				values[i] = cty.NumberFloatVal(sweep.Tidy(f))
			}
			return cty.ListVal(values), nil
		},
	})
}
