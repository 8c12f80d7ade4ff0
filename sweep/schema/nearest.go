package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest is the known name most like name, if one is like it at all.
func Nearest(name string, known []string) (string, bool) {
	best, distance := "", max(len(name)/2+1, 3)
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(k), nil); d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	return best, best != ""
}

// Unknown says that name is not known, and what may have been meant: the
// nearest known name, or all of them.
func Unknown(name string, known []string) string {
	if near, ok := Nearest(name, known); ok {
		return fmt.Sprintf("%q is not known here; did you mean %q?", name, near)
	}
	if len(known) == 0 {
		return fmt.Sprintf("%q is not known here", name)
	}
	known = slices.Sorted(slices.Values(known))
	return fmt.Sprintf("%q is not known here; there is %s", name, strings.Join(known, ", "))
}
