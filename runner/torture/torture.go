package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// torture is the whole of it.
type torture struct {
	options
	dir       string
	out       io.Writer
	began     time.Time
	inflicted int
	sweeps    int
	faults    map[string]int
}

func (t *torture) run(ctx context.Context) error {
	chosen := slices.DeleteFunc(slices.Clone(subjects), func(s subject) bool { return t.only != "" && s.name != t.only })
	if len(chosen) == 0 {
		return fmt.Errorf("there is no sweep %q", t.only)
	}
	undisturbed := map[string]outcome{}
	for _, s := range chosen {
		w := t.workspace("undisturbed", s, 0)
		if err := w.prepare(); err != nil {
			return err
		}
		if err := w.start(ctx).wait(); err != nil {
			return fmt.Errorf("run %s undisturbed: %w", s.name, err)
		}
		o, err := w.outcome(ctx)
		if err != nil {
			return err
		}
		if err := w.check(ctx, true); err != nil {
			return fmt.Errorf("%s undisturbed: %w", s.name, err)
		}
		undisturbed[s.name] = o
	}
	r := rand.New(rand.NewPCG(t.seed, 0))
	for round := 0; t.inflicted < t.kills; round++ {
		s := chosen[round%len(chosen)]
		w := t.workspace(fmt.Sprintf("round-%d", round), s, undisturbed[s.name].took)
		if err := w.prepare(); err != nil {
			return err
		}
		w.disk = round%2 == 1 && w.mount()
		if err := t.round(ctx, w, r, undisturbed[s.name]); err != nil {
			return fmt.Errorf("%s, round %d: %w", s.name, round, err)
		}
		t.sweeps++
		if w.disk {
			if err := w.unmount(); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(w.dir); err != nil {
			return fmt.Errorf("clear up: %w", err)
		}
		fmt.Fprintf(t.out, "%s: as undisturbed; %d faults so far\n", s.name, t.inflicted)
	}
	t.report()
	return nil
}

// faultsEach is how many faults a sweep has before it is let to its end.
const faultsEach = 20

// round tortures one sweep.
func (t *torture) round(ctx context.Context, w *workspace, r *rand.Rand, want outcome) error {
	for most := min(t.kills, t.inflicted+faultsEach); t.inflicted < most; {
		if over, err := w.complete(ctx); over || err != nil {
			break
		}
		p := w.start(ctx)
		if r.IntN(2) == 0 { // else it may be killed before it has ended them
			if err := w.left(ctx, p); err != nil {
				return err
			}
		}
		delay := w.moment(r, 8)
		select {
		case <-p.ended:
		case <-time.After(delay):
		}
		f := faults[r.IntN(len(faults))]
		for f.able != nil && !f.able(w) {
			f = faults[r.IntN(len(faults))]
		}
		switch err := f.inflict(ctx, w, p); {
		case errors.Is(err, errNothing):
			continue
		case err != nil:
			return fmt.Errorf("%s after %v: %w", f.name, delay.Round(time.Millisecond), err)
		}
		t.inflicted++
		t.faults[f.name]++
		if t.verbose {
			fmt.Fprintf(t.out, "%s: %s after %v\n", w.subject.name, f.name, delay.Round(time.Millisecond))
		}
		err := errors.Join(p.unexpected(), w.check(ctx, false))
		if f.orphans {
			w.orphans = append(w.orphans, w.trialProcesses()...)
		}
		if r.IntN(2) == 0 { // else the next run begins while the last one's trials are still ending
			err = errors.Join(err, w.deserted(ctx))
		}
		if err != nil {
			return fmt.Errorf("after %s: %w", f.name, err)
		}
	}
	if err := w.start(ctx).wait(); err != nil { // also where it is over: the end of the last one may have been cut off
		return fmt.Errorf("the last run: %w", err)
	}
	w.orphans = nil
	got, err := w.outcome(ctx)
	if err != nil {
		return err
	}
	return errors.Join(w.check(ctx, true), w.deserted(ctx), w.clean(), got.compare(want, w.subject))
}

func (t *torture) report() {
	fmt.Fprintf(t.out, "%d faults on %d sweeps survived in %v; lost 0, doubled 0\n", t.inflicted, t.sweeps, time.Since(t.began).Round(time.Second))
	for _, f := range faults {
		fmt.Fprintf(t.out, "%6d %s\n", t.faults[f.name], f.name)
	}
}

// workspace is a sweep in a directory of its own.
func (t *torture) workspace(name string, s subject, took time.Duration) *workspace {
	return &workspace{torture: t, subject: s, took: took, dir: filepath.Join(t.dir, name+"-"+s.name)}
}

type workspace struct {
	*torture
	subject subject
	dir     string
	took    time.Duration // by the undisturbed sweep
	disk    bool          // its results are on a disk of their own
	orphans []int         // processes that nobody was left to end; a run that comes as far as to start trials does
}

func (w *workspace) onDisk() bool { return w.disk }

// random is what a fault draws from; what it draws has no influence on the next one.
func (w *workspace) random() *rand.Rand {
	return rand.New(rand.NewPCG(w.seed, uint64(w.inflicted+1)))
}

// moment is some part of the nth part of the time that the undisturbed sweep took.
func (w *workspace) moment(r *rand.Rand, nth int) time.Duration {
	return time.Duration(r.Float64() * float64(w.took) / float64(nth))
}

// results is the directory of the store and the trials.
func (w *workspace) results() string { return filepath.Join(w.dir, ".sweep") }

func (w *workspace) prepare() error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return fmt.Errorf("make workspace: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, w.subject.name+".hcl"), []byte(strings.TrimPrefix(w.subject.file, "\n")), 0o600); err != nil {
		return fmt.Errorf("write sweep file: %w", err)
	}
	return nil
}
