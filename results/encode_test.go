package results

import (
	"encoding/json"
	"maps"
	"math"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// FuzzReport: what is encoded by hand is what encoding/json understands.
func FuzzReport(f *testing.F) {
	f.Add(1, int64(0), "acc", 0.5, "loss", math.NaN())
	f.Add(1<<31, int64(1_800_000_000_123_456_789), "a\"b\\c\n", math.Inf(1), "ü", math.Inf(-1))
	f.Add(7, int64(1), "", 1e-300, "<&>", -1e300)
	f.Add(0, int64(-1), "x", math.Copysign(0, -1), "\xff", 1e21)
	f.Fuzz(func(t *testing.T, step int, at int64, name1 string, value1 float64, name2 string, value2 float64) {
		r := sweep.Report{Step: step, Metrics: sweep.Metrics{name1: value1, name2: value2}}
		if at != 0 {
			r.Time = time.Unix(0, at).UTC()
		}
		text, err := appendReport(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		std, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var got, want sweep.Report
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := json.Unmarshal(std, &want); err != nil {
			t.Fatal(err)
		}
		if got.Step != want.Step || !got.Time.Equal(want.Time) || !maps.EqualFunc(got.Metrics, want.Metrics, same) {
			t.Errorf("%s is read as %+v, %s as %+v", text, got, std, want)
		}
	})
}
