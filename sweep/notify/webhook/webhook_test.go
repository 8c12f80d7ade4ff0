package webhook

import (
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/notifytest"
	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

const path, secret = "/hooks/s3cr3t-path", "s3cr3t-key"

var policy = retry.Policy{Timeout: 10 * time.Second, Retries: 2, Backoff: time.Millisecond}

// server keeps what is posted to it, and answers the codes given, then 204.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	codes  []int
}

func serve(t *testing.T, codes ...int) *server {
	t.Helper()
	s := &server{codes: codes}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != path {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.bodies, s.heads = append(s.bodies, string(body)), append(s.heads, r.Header)
		code := http.StatusNoContent
		if len(s.codes) > 0 {
			code, s.codes = s.codes[0], s.codes[1:]
		}
		w.WriteHeader(code)
		if code >= 300 {
			io.WriteString(w, "no such hook: "+r.URL.Path) //nolint:errcheck // the client may have gone
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.bodies
	s.bodies = nil
	return out
}

func hook(t *testing.T, c Config) sweep.Notifier {
	t.Helper()
	c.Policy = policy
	n, err := New(sweep.Spec{}, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestContract(t *testing.T) {
	notifytest.Run(t, notifytest.Way{
		New: func(t *testing.T) (sweep.Notifier, func() []string) {
			t.Helper()
			s := serve(t)
			return hook(t, Config{URL: s.URL + path, Secret: secret}), s.received
		},
		Broken: func(t *testing.T) sweep.Notifier {
			t.Helper()
			return hook(t, Config{URL: serve(t, 404).URL + path, Secret: secret})
		},
		Secrets: []string{path, secret},
	})
}

// The payload is what docs/notify.md promises: fields are added, never changed.
func TestPayload(t *testing.T) {
	s := serve(t)
	if err := hook(t, Config{URL: s.URL + path}).Notify(t.Context(), notifytest.Sample()); err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(s.received()[0]), "", "  "); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../docs/notify.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), pretty.String()) {
		t.Errorf("docs/notify.md does not show the payload:\n%s", pretty.String())
	}
}

// A receiver that shares the secret can tell the message from a forged one.
func TestSignature(t *testing.T) {
	s := serve(t)
	if err := hook(t, Config{URL: s.URL + path, Secret: secret, Headers: map[string]string{"Authorization": "Bearer x", "User-Agent": "mine"}}).Notify(t.Context(), notifytest.Sample()); err != nil {
		t.Fatal(err)
	}
	head, body := s.heads[0], []byte(s.received()[0])
	if got := head.Get(SignatureHeader); !hmac.Equal([]byte(got), []byte(Sign([]byte(secret), body))) || len(got) != len("sha256=")+64 {
		t.Errorf("signature %q", got)
	}
	if Sign([]byte("Jefe"), []byte("what do ya want for nothing?")) != "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" {
		t.Error("not the HMAC-SHA256 of RFC 4231")
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Authorization": "Bearer x", "User-Agent": "mine"} {
		if got := head.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := hook(t, Config{URL: s.URL + path}).Notify(t.Context(), notifytest.Sample()); err != nil || s.heads[1].Get(SignatureHeader) != "" {
		t.Errorf("signed without a secret: %v", err)
	}
}

// What may pass is tried again, with the same body; what will not pass is not.
func TestRetries(t *testing.T) {
	for _, test := range []struct {
		codes    []int
		attempts int
		want     string
	}{
		{[]int{503, 429, 204}, 3, ""},
		{[]int{500, 502, 503}, 3, "after 3 attempts: it answers 503 Service Unavailable"},
		{[]int{404}, 1, "it answers 404 Not Found: no such hook: ***"},
		{[]int{503, 401}, 2, "it answers 401 Unauthorized"},
	} {
		s := serve(t, test.codes...)
		err := hook(t, Config{URL: s.URL + path}).Notify(t.Context(), notifytest.Sample())
		bodies := s.received()
		if len(bodies) != test.attempts || bodies[0] != bodies[len(bodies)-1] {
			t.Errorf("%v: %d attempts, want %d", test.codes, len(bodies), test.attempts)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.codes, err, test.want)
		}
	}
}

func TestWrong(t *testing.T) {
	for _, test := range []struct {
		c    Config
		want string
	}{
		{Config{URL: "hooks.example.org/s3cr3t", Policy: policy}, "url is no address"},
		{Config{URL: "ftp://example.org/s3cr3t", Policy: policy}, "begins with https://"},
		{Config{URL: "https:///s3cr3t", Policy: policy}, "url is no address"},
		{Config{URL: "https://exa mple.org/s3cr3t", Policy: policy}, "url is no address"},
		{Config{URL: "https://example.org"}, "timeout must be above 0"},
		{Config{URL: "https://example.org", Headers: map[string]string{"a b": "s3cr3t"}, Policy: policy}, `"a b" is no name of a header`},
		{Config{URL: "https://example.org", Headers: map[string]string{"a": "s3cr3t\n"}, Policy: policy}, "value of a cannot stand"},
	} {
		_, err := New(sweep.Spec{}, test.c)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%+v: %v, want %q", test.c, err, test.want)
		}
	}
}
