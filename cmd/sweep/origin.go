package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// origin is what a run of the sweep file at path is begun with, here and now.
func origin(ctx context.Context, path string) *results.Origin {
	info := build()
	o := &results.Origin{System: runtime.GOOS + "/" + runtime.GOARCH, Cores: local.Cores(), Sweep: info.Version, Go: info.Go, Format: results.Format}
	if info.Commit != "" {
		o.Sweep += " " + short(info.Commit)
	}
	if host, err := os.Hostname(); err == nil {
		o.Host = host
	}
	for _, g := range gpu.Probe().GPUs {
		o.GPUs = append(o.GPUs, g.Name)
	}
	o.Commit, o.Dirty = workTree(ctx, path)
	return o
}

// gitPatience is how long git may take; a run does not wait for more.
const gitPatience = 5 * time.Second

// workTree is the commit of the git work tree that a file lies in, and whether files
// that it knows, or the file itself, differ from it. There is none where git is not
// installed or knows no work tree there.
func workTree(ctx context.Context, path string) (commit string, dirty bool) {
	ctx, cancel := context.WithTimeout(ctx, gitPatience)
	defer cancel()
	dir, name := filepath.Dir(path), filepath.Base(path)
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false", "-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0") // it is only looked at
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "--verify", "--quiet", "HEAD")
	if err != nil {
		return "", false
	}
	known, err := git("status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return commit, true // what cannot be told is not told to be clean
	}
	own, err := git("status", "--porcelain", "--untracked-files=all", "--ignored", "--", name)
	return commit, err != nil || known != "" || own != ""
}

func short(commit string) string { return commit[:min(len(commit), 12)] }

// describeOrigin is an origin in words.
func describeOrigin(o results.Origin) string {
	var parts []string
	if o.Commit != "" {
		commit := "commit " + short(o.Commit)
		if o.Dirty {
			commit += " with changes"
		}
		parts = append(parts, commit)
	}
	machine := fmt.Sprintf("%s, %s, %d cores", o.Host, o.System, o.Cores)
	if len(o.GPUs) > 0 {
		machine += ", " + strings.Join(o.GPUs, ", ")
	}
	return strings.Join(append(parts, machine, fmt.Sprintf("sweep %s (%s, store %s)", o.Sweep, o.Go, o.Format)), "; ")
}

// noted notes with a run which data its trials learn from.
func noted(db *results.DB, run string, prepare func(context.Context, sweep.Task) (string, error)) func(context.Context, sweep.Task) (string, error) {
	var mu sync.Mutex
	known := map[string]bool{"": true}
	return func(ctx context.Context, task sweep.Task) (string, error) {
		fingerprint, err := prepare(ctx, task)
		if err != nil {
			return fingerprint, err
		}
		mu.Lock()
		defer mu.Unlock()
		if known[fingerprint] {
			return fingerprint, nil
		}
		if err := db.UseData(run, fingerprint); err != nil {
			return "", err
		}
		known[fingerprint] = true
		return fingerprint, nil
	}
}

// sayUnchanged says so where all of a run's trials were taken from earlier ones.
func (o *options) sayUnchanged(cmd *cobra.Command, db *results.DB, run results.Run) error {
	if !unchanged(run) {
		return nil
	}
	from := map[string]bool{}
	for t, err := range db.Trials(run.ID) {
		if err != nil {
			return err
		}
		earlier, _, _ := strings.Cut(t.CachedAs, "/")
		from[earlier] = true
	}
	for earlier := range from {
		was, err := db.Find(earlier)
		if len(from) > 1 || err != nil || was.Hash != run.Hash {
			break
		}
		o.say(cmd.ErrOrStderr(), "nothing has changed since run %s: all %d trials are taken from it", earlier, run.Cached)
		return nil
	}
	o.say(cmd.ErrOrStderr(), "there was nothing to train: all %d trials are taken from earlier runs", run.Cached)
	return nil
}
