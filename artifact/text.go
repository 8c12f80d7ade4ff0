package artifact

import (
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
)

// TextEncoding turns a text into hashed TF-IDF features (Weinberger et al.
// 2009): words and n-grams of words fall into buckets by their hash, a bucket's
// value is (1 + log count) times its weight, and all texts have the same length.
type TextEncoding struct {
	Features int       `json:"features"`
	NGrams   int       `json:"ngrams"`
	IDF      []float32 `json:"idf"` // per bucket: log((1+n)/(1+df)) + 1
}

// words are the lower-case runs of letters and digits.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// counts is how often each bucket is hit.
func (e TextEncoding) counts(text string) map[uint32]int {
	ws := words(text)
	out := map[uint32]int{}
	for n := 1; n <= e.NGrams; n++ {
		for i := 0; i+n <= len(ws); i++ {
			h := fnv.New64a()
			for _, w := range ws[i : i+n] {
				_, _ = h.Write([]byte(w))
				_, _ = h.Write([]byte{0})
			}
			sum := h.Sum64()
			out[uint32((sum^sum>>32)%uint64(e.Features))]++
		}
	}
	return out
}

// fit learns the buckets' weights from the texts of the training split.
func (e *TextEncoding) fit(texts []string, train []int) {
	df := make([]int, e.Features)
	for _, i := range train {
		for bucket := range e.counts(texts[i]) {
			df[bucket]++
		}
	}
	e.IDF = make([]float32, e.Features)
	for b, n := range df {
		e.IDF[b] = float32(math.Log(float64(1+len(train))/float64(1+n)) + 1)
	}
}

// Sparse is the text's features that are not 0, by bucket.
func (e TextEncoding) Sparse(text string) (buckets []uint32, values []float32) {
	counts := e.counts(text)
	buckets = slices.Sorted(maps.Keys(counts))
	values = make([]float32, len(buckets))
	norm := 0.0
	for i, b := range buckets {
		values[i] = float32(1+math.Log(float64(counts[b]))) * e.IDF[b]
		norm += float64(values[i]) * float64(values[i])
	}
	if norm == 0 {
		return buckets, values
	}
	// Length sqrt(Features)/4 rather than 1: the inputs then have the size that
	// a network's initial weights are made for.
	scale := float32(math.Sqrt(float64(e.Features)) / 4 / math.Sqrt(norm))
	for i := range values {
		values[i] *= scale
	}
	return buckets, values
}
