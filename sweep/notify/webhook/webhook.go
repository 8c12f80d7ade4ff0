// Package webhook tells of runs by a POST with the notice as JSON, signed where the
// receiver shares a secret.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"golang.org/x/net/http/httpguts"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/post"
	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

// SignatureHeader carries "sha256=" and, in hexadecimal, the HMAC-SHA256 of the body.
const SignatureHeader = "X-Sweep-Signature"

// Config is the notify "webhook" block.
type Config struct {
	_       struct{}          `doc:"Posts what docs/notify.md describes, as JSON. It is tried again after network errors and the answers 408, 429 and 5xx. Redirects to other hosts are not followed."`
	URL     string            `hcl:"url" doc:"The address." required:"true"`
	Headers map[string]string `hcl:"headers" doc:"Headers to send along." default:"{}"`
	Secret  string            `hcl:"secret" doc:"With it, the header X-Sweep-Signature is sha256= and the HMAC-SHA256 of the body, in hexadecimal: the receiver computes the same."`
	retry.Policy
}

type way struct {
	box    *post.Box
	header http.Header
	secret []byte
}

// New posts to an address.
func New(_ sweep.Spec, c Config) (sweep.Notifier, error) {
	box, err := post.To(c.URL, c.Policy)
	if err != nil {
		return nil, err
	}
	w := way{box, http.Header{}, []byte(c.Secret)}
	for name, value := range c.Headers {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, fmt.Errorf("headers: %q is no name of a header", name)
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("headers: the value of %s cannot stand in a header", name)
		}
		w.header.Set(name, value)
	}
	return w, nil
}

func (w way) Notify(ctx context.Context, n sweep.Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	header := w.header.Clone()
	if len(w.secret) > 0 {
		header.Set(SignatureHeader, Sign(w.secret, body))
	}
	return w.box.Send(ctx, body, header)
}

// Sign is the signature of a body.
func Sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body) // a hash takes everything
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
