// Command sweep is a hyperparameter factory: it runs the sweeps that sweep
// files describe, ranks what comes out, and uses the winners.
package main

import "os"

func main() { os.Exit(run(os.Args[1:])) }
