package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the tests run this very program as sweep.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sweep": main})
}

// TestScripts types what a user types and reads what they see.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, Setup: setup, Condition: condition,
	})
}

// condition "data": the real data sets are there; "torch": Python has PyTorch.
func condition(name string) (bool, error) {
	var err error
	switch name {
	case "data":
		_, err = os.Stat(realData)
	case "torch":
		err = exec.Command("python3", "-c", "import torch").Run() //nolint:noctx // it ends
	default:
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return err == nil, nil
}

// realData is where the real data sets may be.
const realData = "../../../shared/data"

// setup makes the examples, and the real data sets where they are, reachable.
func setup(env *testscript.Env) error {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	data, err := filepath.Abs(realData)
	if err != nil {
		return err
	}
	env.Setenv("DATA", data)
	env.Setenv("EXAMPLES", examples)
	env.Setenv("SWEEP_DIR", "")
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, ".config"))
	return nil
}
