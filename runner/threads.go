package runner

import (
	"fmt"
	"os"
)

// threads are the variables by which programs and their libraries learn how many
// threads to use.
var threads = []string{
	"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS",
	"VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS",
}

// Threads is the environment that tells a trial to use n threads, where the user has
// not said otherwise.
func Threads(n int) []string {
	out := []string{fmt.Sprintf("GOMAXPROCS=%d", n)}
	for _, name := range threads {
		if _, set := os.LookupEnv(name); !set {
			out = append(out, fmt.Sprintf("%s=%d", name, n))
		}
	}
	return out
}
