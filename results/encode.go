package results

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// appendReport appends a report as JSON. Half of the time of recording one went
// into encoding it by reflection.
func appendReport(b []byte, r sweep.Report) (_ []byte, err error) {
	b = append(b, `{"step":`...)
	b = strconv.AppendInt(b, int64(r.Step), 10)
	if !r.Time.IsZero() {
		b = append(b, `,"time":"`...)
		if b, err = r.Time.AppendText(b); err != nil {
			return nil, fmt.Errorf("encode report: %w", err)
		}
		b = append(b, '"')
	}
	b = append(b, `,"metrics":{`...)
	var few [8]string // without the heap
	names := few[:0]
	for name := range r.Metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendName(b, name); err != nil {
			return nil, err
		}
		b = append(b, ':')
		b = appendMetric(b, r.Metrics[name])
	}
	return append(b, "}}"...), nil
}

func appendName(b []byte, name string) ([]byte, error) {
	for _, c := range []byte(name) {
		if c < ' ' || c == '"' || c == '\\' || c > '~' {
			text, err := json.Marshal(name)
			if err != nil {
				return nil, fmt.Errorf("encode report: %w", err)
			}
			return append(b, text...), nil
		}
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"'), nil
}

// appendMetric writes what JSON has no numbers for as sweep.Metrics does.
func appendMetric(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}
