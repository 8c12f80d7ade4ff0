package email

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/notifytest"
	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

const password = "s3cr3t-pass"

// server takes mail on loopback, after it has answered the errors given.
type server struct {
	t     *testing.T
	port  int
	roots *x509.CertPool
	auth  bool

	mu     sync.Mutex
	mails  []string
	errs   []error
	dialed int
	user   string // who logged in last
	rcpt   []string
}

// serve starts a server: "starttls", "tls" or "none".
func serve(t *testing.T, how string, auth bool, errs ...error) *server {
	t.Helper()
	pair := httptest.NewUnstartedServer(http.NotFoundHandler()) // it has a certificate for 127.0.0.1
	pair.StartTLS()
	certificate := pair.TLS.Certificates
	s := &server{t: t, roots: x509.NewCertPool(), auth: auth, errs: errs}
	s.roots.AddCert(pair.Certificate())
	pair.Close()

	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	smtpd := smtp.NewServer(s)
	smtpd.Domain, smtpd.ErrorLog, smtpd.MaxMessageBytes = "localhost", log.New(io.Discard, "", 0), 1<<24
	if how != "none" {
		smtpd.TLSConfig = &tls.Config{Certificates: certificate, MinVersion: tls.VersionTLS12}
	}
	if how == "tls" {
		listener = tls.NewListener(listener, smtpd.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = smtpd.Serve(listener) // it ends with Close
	}()
	t.Cleanup(func() { _, _ = smtpd.Close(), listener.Close(); <-done }) // it may not have begun to serve
	return s
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialed++
	return &session{s: s}, nil
}

func (s *server) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.mails
	s.mails = nil
	return out
}

type session struct {
	s  *server
	in bool
}

func (c *session) Reset()        {}
func (c *session) Logout() error { return nil }

func (c *session) AuthMechanisms() []string {
	if c.s.auth {
		return []string{sasl.Plain}
	}
	return nil
}

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if pass != password {
			return &smtp.SMTPError{Code: 535, Message: "wrong credentials"}
		}
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		c.in, c.s.user = true, user
		return nil
	}), nil
}

func (c *session) Mail(string, *smtp.MailOptions) error {
	if c.s.auth && !c.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(c.s.errs) > 0 {
		err := c.s.errs[0]
		c.s.errs = c.s.errs[1:]
		return err
	}
	c.s.rcpt = append(c.s.rcpt, to)
	return nil
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.mails = append(c.s.mails, string(raw))
	return nil
}

func through(t *testing.T, s *server, c Config) sweep.Notifier {
	t.Helper()
	c.Host, c.Port, c.Policy = "127.0.0.1", s.port, retry.Policy{Timeout: 10 * time.Second, Retries: 2, Backoff: time.Millisecond}
	if c.From == "" {
		c.From, c.To = "Sweep <sweep@example.org>", []string{"ada@example.org", "Bob <bob@example.org>"}
	}
	n, err := New(sweep.Spec{}, c)
	if err != nil {
		t.Fatal(err)
	}
	w := n.(way)
	w.roots = s.roots
	return w
}

// decoded is a mail as its reader sees it: the headers, then every part.
func decoded(t *testing.T, raw string) (head mail.Header, parts map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	parts = map[string]string{}
	collect(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body, parts)
	return m.Header, parts
}

func collect(t *testing.T, contentType, encoding, name string, body io.Reader, parts map[string]string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			collect(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p, parts)
		}
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if name != "" {
		kind = name
	}
	parts[kind] = string(text)
}

func TestContract(t *testing.T) {
	notifytest.Run(t, notifytest.Way{
		New: func(t *testing.T) (sweep.Notifier, func() []string) {
			t.Helper()
			s := serve(t, "none", false)
			return through(t, s, Config{TLS: "none"}), func() []string {
				var texts []string
				for _, raw := range s.received() {
					head, parts := decoded(t, raw)
					if head.Get("X-Injected") != "" || head.Get("Bcc") != "" {
						t.Errorf("a header was injected: %v", head)
					}
					if strings.Contains(parts["text/html"], "<script>") {
						t.Errorf("not escaped: %s", parts["text/html"])
					}
					texts = append(texts, parts["text/plain"])
				}
				return texts
			}
		},
		Broken: func(t *testing.T) sweep.Notifier {
			t.Helper()
			return through(t, serve(t, "starttls", true), Config{TLS: "starttls", Username: "me", Password: password + "-old"})
		},
		Secrets: []string{password},
	})
}

// The mail says how it went in its subject, and everything in a text, in a page and
// in the report that goes with it.
func TestMail(t *testing.T) {
	notice := notifytest.Sample()
	notice.Report = filepath.Join(t.TempDir(), "report.html")
	report := "<!DOCTYPE html>" + strings.Repeat("<p>ü</p>\n", 10_000)
	if err := os.WriteFile(notice.Report, []byte(report), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "none", false)
	if err := through(t, s, Config{TLS: "none", Attach: true}).Notify(t.Context(), notice); err != nil {
		t.Fatal(err)
	}
	head, parts := decoded(t, s.received()[0])
	if got := head.Get("Subject"); got != "[sweep] grid-3: finished, val_accuracy 0.98125" {
		t.Errorf("subject %q", got)
	}
	if got := head.Get("To"); got != "<ada@example.org>, \"Bob\" <bob@example.org>" || strings.Join(s.rcpt, " ") != "ada@example.org bob@example.org" {
		t.Errorf("to %s, recipients %v", got, s.rcpt)
	}
	for kind, want := range map[string]string{
		"text/plain": "learning_rate = 0.03", "text/html": "hidden = 128, learning_rate = 0.03", "grid-3.html": report,
	} {
		if !strings.Contains(parts[kind], want) {
			t.Errorf("%s: %.300q", kind, parts[kind])
		}
	}
	if err := through(t, s, Config{TLS: "none"}).Notify(t.Context(), notice); err != nil {
		t.Fatal(err)
	}
	again, parts := decoded(t, s.received()[0])
	if len(parts) != 2 || again.Get("Message-Id") != head.Get("Message-Id") {
		t.Errorf("%d parts, message %s, before %s", len(parts), again.Get("Message-Id"), head.Get("Message-Id"))
	}
}

// The connection is protected as the block says, or there is none.
func TestProtection(t *testing.T) {
	for _, how := range []string{"starttls", "tls"} {
		s := serve(t, how, true)
		if err := through(t, s, Config{TLS: how, Username: "me", Password: password}).Notify(t.Context(), notifytest.Sample()); err != nil || s.user != "me" || len(s.received()) != 1 {
			t.Errorf("%s: %v", how, err)
		}
		s.roots = x509.NewCertPool() // nobody vouches for it
		err := through(t, s, Config{TLS: how, Username: "me", Password: password}).Notify(t.Context(), notifytest.Sample())
		if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "attempts") {
			t.Errorf("%s: %v", how, err)
		}
	}
	s := serve(t, "none", false)
	err := through(t, s, Config{TLS: "starttls"}).Notify(t.Context(), notifytest.Sample())
	if err == nil || !strings.Contains(err.Error(), "does not support STARTTLS") || len(s.received()) > 0 || s.dialed > 1 {
		t.Errorf("in the clear, %d times: %v", s.dialed, err)
	}
}

// What the server says may be later is tried again, what it refuses is not.
func TestRetries(t *testing.T) {
	busy := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	unknown := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	for _, test := range []struct {
		errs   []error
		dialed int
		want   string
	}{
		{[]error{busy}, 2, ""},
		{[]error{busy, busy, busy, busy}, 3, "after 3 attempts"},
		{[]error{unknown}, 1, "no such user"},
	} {
		s := serve(t, "none", false, test.errs...)
		err := through(t, s, Config{TLS: "none", From: "a@example.org", To: []string{"b@example.org"}}).Notify(t.Context(), notifytest.Sample())
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) || s.dialed != test.dialed {
			t.Errorf("%d connections, %v; want %d, %q", s.dialed, err, test.dialed, test.want)
		}
	}
	s := serve(t, "starttls", true)
	err := through(t, s, Config{TLS: "starttls", Username: "me", Password: "wrong"}).Notify(t.Context(), notifytest.Sample())
	if err == nil || !strings.Contains(err.Error(), "535") || s.dialed > 2 { // once before STARTTLS, once after
		t.Errorf("%d connections: %v", s.dialed, err)
	}
}

// Nobody is there: it is tried again, and said where.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		t.Fatal(err)
	}
	s := &server{port: l.Addr().(*net.TCPAddr).Port}
	l.Close() //nolint:errcheck // nobody uses it
	err = through(t, s, Config{TLS: "none"}).Notify(t.Context(), notifytest.Sample())
	if err == nil || !strings.Contains(err.Error(), "send mail through 127.0.0.1: after 3 attempts") {
		t.Error(err)
	}
}

func TestWrong(t *testing.T) {
	good := Config{Host: "mail.example.org", TLS: "starttls", From: "a@example.org", To: []string{"b@example.org"}, Policy: retry.Policy{Timeout: time.Second}}
	for want, change := range map[string]func(c *Config){
		"timeout must be above 0":  func(c *Config) { c.Timeout = 0 },
		"to is empty":              func(c *Config) { c.To = nil },
		"to: ":                     func(c *Config) { c.To = []string{"not an address"} },
		`from "nobody"`:            func(c *Config) { c.From = "nobody" },
		"give both or none":        func(c *Config) { c.Username = "me" },
		"could be read on the way": func(c *Config) { c.Username, c.Password, c.TLS = "me", password, "none" },
		`host ""`:                  func(c *Config) { c.Host = "" },
	} {
		c := good
		change(&c)
		if _, err := New(sweep.Spec{}, c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := New(sweep.Spec{}, good); err != nil {
		t.Error(err)
	}
	var b bytes.Buffer
	if err := page().Execute(&b, struct {
		Title string
		Facts []struct{ Name, Text string }
	}{"<script>", nil}); err != nil || strings.Contains(b.String(), "<script>") {
		t.Errorf("%v: %s", err, &b)
	}
}
