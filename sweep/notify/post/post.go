// Package post sends JSON to an address, again where that may help. It knows
// nothing of what it sends. An address may hold a secret: errors name its host alone.
package post

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

// Box is an address.
type Box struct {
	url    *url.URL
	policy retry.Policy
	client *http.Client
}

// To is the box at an address.
func To(address string, p retry.Policy) (*Box, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("url is no address (what it is instead is not shown): write one that begins with https://")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // there is one message
	return &Box{u, p, &http.Client{Transport: transport, CheckRedirect: redirect}}, nil
}

// redirect follows to where the message and its secrets were meant for anyway: the
// same host, as a POST, not less protected.
func redirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.Method != http.MethodPost || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Send posts a body with the headers given.
func (b *Box) Send(ctx context.Context, body []byte, header http.Header) error {
	err := b.policy.Do(ctx, func(ctx context.Context) error { return b.once(ctx, body, header) })
	if err != nil {
		return fmt.Errorf("post to %s: %w", b.url.Host, err)
	}
	return nil
}

func (b *Box) once(ctx context.Context, body []byte, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be posted to") // the reason would show it
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "sweep"} {
		if req.Header.Get(name) == "" {
			req.Header.Set(name, value)
		}
	}
	answer, err := b.client.Do(req)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok { // which shows the address
			err = inner.Err
		}
		if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
			return err
		}
		return &retry.LaterError{Err: err}
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	err = errors.New(b.describe(answer, text))
	switch code := answer.StatusCode; {
	case code < 300:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return &retry.LaterError{Err: err, After: patience(answer.Header)}
	}
	return err
}

// describe is an answer in words, the address taken out where the server repeats it.
func (b *Box) describe(answer *http.Response, text []byte) string {
	status := strings.TrimSpace(strconv.Itoa(answer.StatusCode) + " " + http.StatusText(answer.StatusCode))
	if to, err := answer.Location(); err == nil {
		return fmt.Sprintf("it answers %s, to %s, where nothing is sent: give the address that it is now", status, to.Host)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	for _, part := range []string{b.url.String(), b.url.RequestURI(), b.url.Path} {
		if len(part) > 1 {
			line = strings.ReplaceAll(line, part, "***")
		}
	}
	if line = strings.ToValidUTF8(line, "?"); line == "" || strings.HasPrefix(line, "<") {
		return "it answers " + status
	}
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "..."
	}
	return fmt.Sprintf("it answers %s: %s", status, line)
}

// patience is the pause that an answer asks for, in seconds or as a time by the
// server's own clock.
func patience(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	until, err := http.ParseTime(text)
	now, nerr := http.ParseTime(h.Get("Date"))
	if err != nil || nerr != nil {
		return 0
	}
	return max(until.Sub(now), 0)
}
