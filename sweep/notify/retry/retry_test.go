package retry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each attempt comes after the pause that the policy, or whoever was asked, wants.
func TestPauses(t *testing.T) {
	passing, lasting := &LaterError{Err: errors.New("busy")}, errors.New("unknown")
	for _, test := range []struct {
		name    string
		policy  Policy
		answers []error // of the attempts; then none is wrong
		at      []int   // seconds from the start
		want    string
	}{
		{"at once", Policy{Retries: 4, Backoff: time.Second}, nil, []int{0}, ""},
		{"the third time", Policy{Retries: 4, Backoff: time.Second}, []error{passing, passing}, []int{0, 1, 3}, ""},
		{"for good", Policy{Retries: 4, Backoff: time.Second}, []error{passing, lasting}, []int{0, 1}, "unknown"},
		{"too often", Policy{Retries: 2, Backoff: time.Second}, []error{passing, passing, passing}, []int{0, 1, 3}, "after 3 attempts: busy"},
		{"not again", Policy{Backoff: time.Second}, []error{passing}, []int{0}, "after 1 attempts: busy"},
		{"a minute at most", Policy{Retries: 9, Backoff: 40 * time.Second}, []error{passing, passing, passing}, []int{0, 40, 100, 160}, ""},
		{"but what is asked for", Policy{Retries: 9, Backoff: 2 * time.Minute}, []error{passing, passing}, []int{0, 120, 240}, ""},
		{"as asked", Policy{Retries: 4, Backoff: time.Second}, []error{&LaterError{passing, 90 * time.Second}, passing}, []int{0, 90, 92}, ""},
		{"asked for less", Policy{Retries: 4, Backoff: 5 * time.Second}, []error{&LaterError{passing, time.Second}}, []int{0, 5}, ""},
		{"asked for too much", Policy{Retries: 4, Backoff: time.Second}, []error{&LaterError{passing, time.Hour}}, []int{0}, "busy; it asks to be tried again in 1h0m0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.policy.Timeout = time.Second
				var at []int
				start := time.Now()
				err := test.policy.Do(t.Context(), func(context.Context) error {
					at = append(at, int(time.Since(start).Seconds()))
					if n := len(at); n <= len(test.answers) {
						return test.answers[n-1]
					}
					return nil
				})
				if !slices.Equal(at, test.at) || message(err) != test.want {
					t.Errorf("attempts at %v, %q; want %v, %q", at, message(err), test.at, test.want)
				}
			})
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// An attempt that hangs is cut short and tried again; one whose caller has gone is not.
func TestHanging(t *testing.T) {
	p := Policy{Timeout: 10 * time.Second, Retries: 1, Backoff: time.Second}
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := p.Do(t.Context(), hang)
		if spent := time.Since(start); spent != 21*time.Second || message(err) != "after 2 attempts: no answer within 10s" {
			t.Errorf("after %v: %v", spent, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := p.Do(ctx, hang); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // in a pause
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		slow := Policy{Timeout: time.Second, Retries: 9, Backoff: 20 * time.Second}
		if err := slow.Do(ctx, func(context.Context) error { return &LaterError{Err: errors.New("busy")} }); message(err) != "busy" {
			t.Error(err)
		}
	})
}

func TestCheck(t *testing.T) {
	if err := (Policy{}).Check(); err == nil || !strings.Contains(err.Error(), "timeout must be above 0") {
		t.Error(err)
	}
}
