package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
)

// health is what doctor found. The JSON shape is stable.
type health struct {
	OS        string    `json:"os"`
	Arch      string    `json:"arch"`
	Cores     int       `json:"cores"`
	GPUs      gpu.Found `json:"gpus"`
	Workspace string    `json:"workspace"`
	Writable  bool      `json:"writable"`
	Runs      int       `json:"runs"`
	Problems  []string  `json:"problems"`
}

func newDoctor(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what sweep finds on this machine, and what is wrong",
		Example: `  sweep doctor
  sweep doctor --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := health{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: local.Cores(), GPUs: gpu.Probe(), Problems: []string{}}
			db, err := o.db()
			if err != nil {
				return err
			}
			h.Workspace = db.Dir()
			if h.Writable, err = writable(h.Workspace); err != nil {
				h.Problems = append(h.Problems, err.Error())
			}
			if runs, err := db.Runs(); err != nil {
				h.Problems = append(h.Problems, err.Error())
			} else {
				h.Runs = len(runs)
				if err := db.Check(); err != nil {
					h.Problems = append(h.Problems, err.Error())
				}
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), h)
			} else {
				h.write(cmd)
			}
			if err == nil && len(h.Problems) > 0 {
				err = status{code: exitError}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (h health) write(cmd *cobra.Command) {
	field(cmd, "system", "%s/%s", h.OS, h.Arch)
	field(cmd, "cores", "%d: as many trials at once, if the sweep file does not say otherwise", h.Cores)
	if len(h.GPUs.GPUs) == 0 {
		field(cmd, "GPUs", "none: %s", h.GPUs.Reason)
	}
	for _, g := range h.GPUs.GPUs {
		field(cmd, "GPU", "%d: %s, %.1f of %.1f GiB in use, driver %s", g.Index, g.Name, gib(g.MemoryUsed), gib(g.MemoryTotal), h.GPUs.Driver)
	}
	state := "will be made by the first run"
	if _, err := os.Stat(h.Workspace); err == nil {
		state = fmt.Sprintf("%d runs", h.Runs)
	}
	field(cmd, "workspace", "%s: %s", h.Workspace, state)
	for _, p := range h.Problems {
		field(cmd, "problem", "%s", p)
	}
	if len(h.Problems) == 0 {
		field(cmd, "problems", "none")
	}
}

func gib(bytes uint64) float64 { return float64(bytes) / (1 << 30) }

// writable reports whether the workspace, or the nearest folder above it that
// is there, can be written to.
func writable(dir string) (bool, error) {
	for {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return false, fmt.Errorf("the workspace cannot be written to: %w", err)
	}
	_ = f.Close() // nothing was written
	if err := os.Remove(f.Name()); err != nil {
		return true, fmt.Errorf("clean up: %w", err)
	}
	return true, nil
}
