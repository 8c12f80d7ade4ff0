// Package retry tries again to tell someone, where that may help. It knows neither
// whom nor how.
package retry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Policy are the attributes of ways to notify that may try again.
type Policy struct {
	Timeout time.Duration `hcl:"timeout" doc:"How long an attempt may take." default:"10s"`
	Retries int           `hcl:"retries" doc:"Further attempts where one fails for a reason that may pass." default:"4" min:"0" max:"20"`
	Backoff time.Duration `hcl:"backoff" doc:"The pause before the second attempt. It doubles, up to a minute; a server that asks for a longer one, of ten minutes at most, gets it." default:"1s"`
}

const (
	longest  = time.Minute
	patience = 10 * time.Minute // with servers
)

// Check says what is wrong with the attributes.
func (p Policy) Check() error {
	if p.Timeout <= 0 {
		return errors.New("timeout must be above 0")
	}
	return nil
}

// LaterError is an error that another attempt may not have.
type LaterError struct {
	Err   error
	After time.Duration // the least pause that was asked for
}

func (l *LaterError) Error() string { return l.Err.Error() }
func (l *LaterError) Unwrap() error { return l.Err }

// Do tries until it succeeds, fails for good, or ctx ends. The error is the last
// attempt's.
func (p Policy) Do(ctx context.Context, try func(context.Context) error) error {
	pause := p.Backoff
	for attempt := 1; ; attempt++ {
		err := p.once(ctx, try)
		later, passing := errors.AsType[*LaterError](err)
		switch {
		case err == nil || !passing || ctx.Err() != nil:
			return err
		case attempt > p.Retries:
			return fmt.Errorf("after %d attempts: %w", attempt, err)
		case later.After > patience:
			return fmt.Errorf("%w; it asks to be tried again in %v", err, later.After)
		}
		timer := time.NewTimer(max(pause, later.After))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause = min(2*pause, max(longest, p.Backoff))
	}
}

// once is an attempt; one that takes too long may do better the next time.
func (p Policy) once(ctx context.Context, try func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	err := try(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return &LaterError{Err: fmt.Errorf("no answer within %v", p.Timeout)}
	}
	return err
}
