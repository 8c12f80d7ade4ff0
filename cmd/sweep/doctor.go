package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
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

	Runner []runner.Finding `json:"runner,omitempty"` // of the one that --runner names
}

func newDoctor(o *options, p *config.Plugins) *cobra.Command {
	var asJSON bool
	var on string
	cmd := &cobra.Command{
		Use:   "doctor [FILE]",
		Short: "Say what sweep finds on this machine, and what is wrong",
		Long: `Say what sweep finds on this machine, and what is wrong. With --runner, say so of
what that runner needs as well: of a cluster, its commands, its controller, the
partition, and by a small job whether a node sees the shared directory and runs this
program. Its settings are those of a sweep file, or of the user's profiles.`,
		Example: `  sweep doctor
  sweep doctor --json
  sweep doctor --runner slurm
  sweep doctor --runner slurm grid.hcl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
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
			if on != "" || len(args) > 0 {
				if h.Runner, err = examine(cmd, on, args, p); err != nil {
					return err
				}
				for _, f := range h.Runner {
					if f.Problem != "" {
						h.Problems = append(h.Problems, f.What+": "+f.Problem)
					}
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
	runnerFlag(cmd, &on, p)
	return cmd
}

// examine asks a runner, of a file or of the profiles, whether it has what it needs.
func examine(cmd *cobra.Command, on string, args []string, p *config.Plugins) ([]runner.Finding, error) {
	var r sweep.Runner
	var err error
	if len(args) == 1 {
		var file *config.File
		if file, _, err = readFile(args[0], nil, p, config.On(on)); err == nil {
			r = file.Runner
		}
	} else {
		r, err = config.Runner(on, p)
	}
	if err != nil {
		return nil, err
	}
	examined, ok := runner.As[runner.Examined](r)
	if !ok {
		return nil, nil // it needs this machine alone
	}
	return examined.Examine(cmd.Context()), nil
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
	for _, f := range h.Runner {
		if f.Problem == "" {
			field(cmd, f.What, "%s", f.Found)
		}
	}
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
