package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/notifytest"
	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

const path = "/services/T000/B000/s3cr3t"

// channel takes messages as Slack does: it refuses those that break its limits.
func channel(t *testing.T, code int) (sweep.Notifier, func() []string) {
	t.Helper()
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var p payload
		if err := json.Unmarshal(body, &p); err != nil || r.URL.Path != path {
			t.Errorf("%s %v: %s", r.URL, err, body)
		}
		for _, b := range p.Blocks {
			if b.Text != nil && (b.Type != "header" || b.Text.Type != "plain_text" || utf8.RuneCountInString(b.Text.Text) > 150) || len(b.Fields) > 10 {
				t.Errorf("Slack would refuse %+v", b)
			}
			for _, f := range b.Fields {
				if utf8.RuneCountInString(f.Text) > 2000 || strings.Contains(f.Text, "<") {
					t.Errorf("Slack would refuse %+v", f)
				}
			}
		}
		got = append(got, string(body))
		w.WriteHeader(code)
		io.WriteString(w, map[bool]string{true: "ok", false: "no_service " + path}[code == 200]) //nolint:errcheck // the client may have gone
	}))
	t.Cleanup(s.Close)
	n, err := New(sweep.Spec{}, Config{URL: s.URL + path, Policy: retry.Policy{Timeout: 10 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	return n, func() []string { out := got; got = nil; return out }
}

func TestContract(t *testing.T) {
	notifytest.Run(t, notifytest.Way{
		New: func(t *testing.T) (sweep.Notifier, func() []string) {
			t.Helper()
			return channel(t, 200)
		},
		Broken: func(t *testing.T) sweep.Notifier {
			t.Helper()
			n, _ := channel(t, 404)
			return n
		},
		Secrets: []string{path, "s3cr3t"},
	})
}

// The message says at a glance how it went, and then what.
func TestMessage(t *testing.T) {
	n := notifytest.Sample()
	n.Occasions = append(n.Occasions, sweep.NewChampion) // of which there is more to say
	n.Reason = "complete & <well>"
	p := compose(n)
	if want := "🏆 grid-3: new champion, val_accuracy 0.98125"; p.Text != want || p.Blocks[0].Text.Text != want {
		t.Errorf("text %q, header %q; want %q", p.Text, p.Blocks[0].Text.Text, want)
	}
	var fields []string
	for _, f := range p.Blocks[1].Fields {
		fields = append(fields, f.Text)
	}
	want := []string{
		"*Outcome*\ncomplete &amp; &lt;well&gt;",
		"*Verdict*\nworse by 0.00125: the champion stays",
		"*Best*\nval_accuracy 0.98125, trial grid-3/7",
		"*Parameters*\nhidden = 128, learning_rate = 0.03, optimizer = adam",
		"*Champion*\nval_accuracy 0.9825, trial grid-1/4",
		"*Trials*\n12: 9 succeeded, 2 stopped, 1 failed (2 from cache)",
		"*Finished*\n2026-11-26 03:12 UTC, after 1h12m30s",
		"*File*\ngrid.hcl",
		"*Report*\n/srv/sweeps/.sweep/runs/grid-3/report.html",
	}
	if strings.Join(fields, "|") != strings.Join(want, "|") {
		t.Errorf("fields %q\nwant %q", fields, want)
	}
}
