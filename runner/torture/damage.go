package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// page is the size of the store's pages.
const page = 4096

// cutShort cuts the store off at a page.
func cutShort(ctx context.Context, w *workspace, p *program) error {
	return w.damage(ctx, p, func(text []byte, r *rand.Rand) []byte { return text[:r.IntN(len(text)/page)*page] })
}

// metas are the first pages: one of them is enough, and the next write makes the
// other one anew.
const metas = 2

// overwritten puts noise in the place of a page of the store.
func overwritten(ctx context.Context, w *workspace, p *program) error {
	return w.damage(ctx, p, func(text []byte, r *rand.Rand) []byte {
		at := (metas + r.IntN(len(text)/page-metas)) * page
		for i := range page {
			text[at+i] = byte(r.Uint32())
		}
		return text
	})
}

// errNothing: there was nothing to damage; the run was killed, and that is all.
var errNothing = errors.New("nothing was damaged")

// damage kills the run and damages its store. A check has to find that, unless what
// was hit is not in use, and a run to refuse it; then the backup takes its place.
func (w *workspace) damage(ctx context.Context, p *program, do func([]byte, *rand.Rand) []byte) error {
	if err := errors.Join(p.signal(syscall.SIGKILL), p.unexpected(), w.deserted(ctx)); err != nil {
		return err
	}
	store := filepath.Join(w.results(), "results.db")
	text, err := os.ReadFile(store)
	if _, berr := os.Stat(store + ".bak"); berr != nil || err != nil || len(text) <= metas*page {
		return errNothing // the run had not come so far
	}
	if err := w.command(ctx, "db", "check").Run(); err != nil {
		return errNothing // restored a moment ago: directories of trials have gone ahead of the store
	}
	if err := os.WriteFile(store, do(text, w.random()), 0o600); err != nil {
		return fmt.Errorf("damage the store: %w", err)
	}
	found := w.command(ctx, "db", "check").Run() != nil
	next := w.start(ctx)
	if !found { // the page was not in use
		if err := errors.Join(next.signal(syscall.SIGKILL), next.unexpected()); err != nil {
			return err
		}
		return errNothing
	}
	<-next.ended
	if next.err == nil {
		return errors.New("a run goes on with a store that a check found damaged")
	}
	if out, err := w.command(ctx, "db", "restore", store+".bak").CombinedOutput(); err != nil {
		return fmt.Errorf("restore the backup: %w\n%s", err, out)
	}
	return nil
}
