package artifact

import (
	"bytes"
	"slices"
	"testing"
)

// Of later data, which is split anew, a model knows what it has learned from.
func TestSeen(t *testing.T) {
	b := block(t, halves)
	before := prepared(t, t.TempDir(), b, grown(20, "a", "b", "y"))
	src := grown(40, "y", "a", "b")
	now := prepared(t, t.TempDir(), b, src)
	var file bytes.Buffer
	if _, err := before.Seen().WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	written := file.Bytes()
	seen, err := ReadSeen(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	x, err := now.Again(t.Context(), b, src, Val, before.Meta)
	if err != nil {
		t.Fatal(err)
	}
	got := seen.Unseen(x, before.Meta)
	width := before.Meta.Shape[0]
	train := features(before.Splits[Train], width)
	var want []int
	for i, f := range features(x, width) {
		if !slices.ContainsFunc(train, func(known []float32) bool { return slices.Equal(known, f) }) {
			want = append(want, i)
		}
	}
	if !slices.Equal(got, want) || len(want) == 0 || len(want) == x.Len() {
		t.Errorf("new to the model are %v of %d, want %v", got, x.Len(), want)
	}
	if _, err := ReadSeen(bytes.NewReader(written[:len(written)-3])); err == nil {
		t.Error("a file that is cut short was read")
	}
	if left := seen.Unseen(before.Splits[Train], before.Meta); left != nil {
		t.Errorf("its own training examples %v are new to it", left)
	}
}
