// Command objective stands for a training program that knows nothing of
// sweeps: it takes its parameters as flags and prints its loss as it goes.
// The loss is Rosenbrock's function, whose minimum, 0, is at x = y = 1.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	x := flag.Float64("x", 0, "first coordinate")
	y := flag.Float64("y", 0, "second coordinate")
	flag.Parse()
	final := (1-*x)*(1-*x) + 100*(*y-*x**x)*(*y-*x**x)
	for epoch := 1; epoch <= 3; epoch++ {
		fmt.Fprintf(os.Stdout, "epoch %d loss=%g\n", epoch, final+1/float64(epoch)-1.0/3)
	}
}
