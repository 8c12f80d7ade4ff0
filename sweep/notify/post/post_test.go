package post

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

var policy = retry.Policy{Timeout: 10 * time.Second, Retries: 3, Backoff: time.Millisecond}

func box(t *testing.T, address string) *Box {
	t.Helper()
	b, err := To(address, policy)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// transport answers without a network.
type transport func(attempt int) (*http.Response, error)

type counted struct {
	transport
	attempts int
}

func (c *counted) RoundTrip(*http.Request) (*http.Response, error) {
	c.attempts++
	return c.transport(c.attempts)
}

func answer(code int, header map[string]string) *http.Response {
	r := &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

// A server that asks for a pause gets it, whether in seconds or as a time.
func TestRetryAfter(t *testing.T) {
	for name, test := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"seconds": {map[string]string{"Retry-After": "90"}, 90 * time.Second},
		"a time":  {map[string]string{"Retry-After": "Thu, 26 Nov 2026 02:05:00 GMT", "Date": "Thu, 26 Nov 2026 02:03:00 GMT"}, 2 * time.Minute},
		"past":    {map[string]string{"Retry-After": "Thu, 26 Nov 2026 02:00:00 GMT", "Date": "Thu, 26 Nov 2026 02:03:00 GMT"}, time.Millisecond},
		"no date": {map[string]string{"Retry-After": "Thu, 26 Nov 2026 02:00:00 GMT"}, time.Millisecond},
		"nothing": {nil, time.Millisecond},
		"what?":   {map[string]string{"Retry-After": "-5"}, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := box(t, "https://hooks.example.org/x")
				b.client.Transport = &counted{transport: func(attempt int) (*http.Response, error) {
					if attempt == 1 {
						return answer(http.StatusTooManyRequests, test.header), nil
					}
					return answer(http.StatusOK, nil), nil
				}}
				start := time.Now()
				if err := b.Send(t.Context(), nil, nil); err != nil || time.Since(start) != test.want {
					t.Errorf("after %v: %v; want %v", time.Since(start), err, test.want)
				}
			})
		})
	}
}

// Errors of the network are tried again. They name the host, and no more of the address.
func TestNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := box(t, "https://user:s3cr3t@hooks.example.org/s3cr3t?t=s3cr3t")
		c := &counted{transport: func(int) (*http.Response, error) { return nil, errors.New("connection reset by peer") }}
		b.client.Transport = c
		err := b.Send(t.Context(), nil, nil)
		if err == nil || err.Error() != "post to hooks.example.org: after 4 attempts: connection reset by peer" || c.attempts != 4 {
			t.Errorf("after %d attempts: %v", c.attempts, err)
		}
	})
}

// A server whose certificate nobody vouches for is told nothing, and asked once.
func TestCertificate(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was told") }))
	defer s.Close()
	s.Config.ErrorLog = nil
	err := box(t, s.URL+"/s3cr3t").Send(t.Context(), nil, nil)
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "attempts") || strings.Contains(err.Error(), "s3cr3t") {
		t.Error(err)
	}
}

// A message and its secrets go to the host that they were meant for, as a POST.
func TestRedirects(t *testing.T) {
	told := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was told") }))
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusPermanentRedirect)
		case "/see":
			http.Redirect(w, r, "/here", http.StatusSeeOther)
		case "/away":
			http.Redirect(w, r, other.URL+"/s3cr3t", http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusTemporaryRedirect)
		case "/here":
			body, _ := io.ReadAll(r.Body)
			if told++; string(body) != "hello" || r.Method != http.MethodPost {
				t.Errorf("%s %q", r.Method, body)
			}
		}
	}))
	defer s.Close()
	for path, want := range map[string]string{"/moved": "", "/see": "303 See Other", "/away": "307 Temporary Redirect, to 127.0.0.1", "/round": "307"} {
		err := box(t, s.URL+path).Send(t.Context(), []byte("hello"), nil)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t")) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if told != 1 {
		t.Errorf("told %d times, want 1", told)
	}
}

// What a server says is shown in a line, unless it is a page.
func TestAnswers(t *testing.T) {
	for text, want := range map[string]string{
		"invalid_token\nmore":                      "403 Forbidden: invalid_token",
		"<html>no</html>":                          "answers 403 Forbidden",
		strings.Repeat("é", 300):                   "é...",
		"no hook /hooks/s3cr3t?t=1, /hooks/s3cr3t": "no hook ***, ***",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, text) //nolint:errcheck // the client may have gone
		}))
		err := box(t, s.URL+"/hooks/s3cr3t?t=1").Send(t.Context(), nil, nil)
		if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		s.Close()
	}
}
