// Package email tells of runs by mail: as plain text and as HTML, with the run's
// report attached.
package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/textproto"
	"os"
	"strings"
	"sync"

	"github.com/wneessen/go-mail"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/message"
	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

// Config is the notify "email" block.
type Config struct {
	_        struct{} `doc:"Sends a mail. It is sent again after network errors and where the server says that it may be later (4xx)."`
	Host     string   `hcl:"host" doc:"The server that takes mail." required:"true"`
	Port     int      `hcl:"port" doc:"Its port; 0: 587 with starttls, 465 with tls, 25 with none." default:"0" min:"0" max:"65535"`
	TLS      string   `hcl:"tls" doc:"How the connection is protected: starttls after it is made, tls from its beginning, none not at all. None of them falls back to another." oneof:"starttls,tls,none" default:"starttls"`
	Username string   `hcl:"username" doc:"The account to log in to; without it nobody logs in."`
	Password string   `hcl:"password" doc:"Its password. Take it from the environment, env(\"SMTP_PASSWORD\")."`
	From     string   `hcl:"from" doc:"The sender, as \"sweep@example.org\" or \"Sweep <sweep@example.org>\"." required:"true"`
	To       []string `hcl:"to" doc:"Who gets it." required:"true"`
	Attach   bool     `hcl:"attach" doc:"Whether the run's report goes with it." default:"true"`
	retry.Policy
}

type way struct {
	Config
	roots *x509.CertPool // nil: the system's
}

// New sends mail through a server.
func New(_ sweep.Spec, c Config) (sweep.Notifier, error) {
	w := way{Config: c}
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch {
	case len(c.To) == 0:
		return nil, errors.New("to is empty: name who gets the mail")
	case (c.Username == "") != (c.Password == ""):
		return nil, errors.New("username and password go together: give both or none")
	case c.Username != "" && c.TLS == "none":
		return nil, errors.New(`with tls = "none" the password could be read on the way: use "starttls" or "tls", or leave username and password out`)
	}
	if _, err := w.compose(sweep.Notice{}); err != nil {
		return nil, err
	}
	if _, err := w.client(); err != nil {
		return nil, fmt.Errorf("host %q: %w", c.Host, err)
	}
	return w, nil
}

func (w way) Notify(ctx context.Context, n sweep.Notice) error {
	err := w.Do(ctx, func(ctx context.Context) error { return w.once(ctx, n) })
	if err != nil {
		return fmt.Errorf("send mail through %s: %w", w.Host, err)
	}
	return nil
}

func (w way) once(ctx context.Context, n sweep.Notice) error {
	msg, err := w.compose(n)
	if err != nil {
		return err
	}
	client, err := w.client()
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return judge(err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	_ = client.CloseWithSMTPClient(conn) // by then the mail is taken, or it is not
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*mail.SendError](msg.SendError()); ok { // it says more
		err = own
		if own.ErrorCode() > 0 && !own.IsTemp() {
			return err
		}
		return &retry.LaterError{Err: err}
	}
	return judge(err)
}

// judge says which errors may pass: not what the server refuses, nor a certificate.
func judge(err error) error {
	answer, answered := errors.AsType[*textproto.Error](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	refused := strings.Contains(err.Error(), "STARTTLS") || strings.Contains(err.Error(), "SMTP AUTH") // go-mail has no type for them
	switch {
	case answered && answer.Code < 500:
		return &retry.LaterError{Err: err}
	case answered, untrusted, refused:
		return err
	}
	return &retry.LaterError{Err: err}
}

func (w way) client() (*mail.Client, error) {
	options := []mail.Option{
		mail.WithTimeout(w.Timeout), mail.WithTLSConfig(&tls.Config{ServerName: w.Host, RootCAs: w.roots, MinVersion: tls.VersionTLS12}),
	}
	port := w.Port
	switch w.TLS {
	case "tls":
		options = append(options, mail.WithSSL())
		port = or(port, 465)
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
		port = or(port, 25)
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
		port = or(port, 587)
	}
	options = append(options, mail.WithPort(port))
	if w.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(w.Username), mail.WithPassword(w.Password))
	}
	return mail.NewClient(w.Host, options...)
}

func or(port, standard int) int {
	if port == 0 {
		return standard
	}
	return port
}

//go:embed message.html
var layout string

// page is parsed when it is first needed, not whenever the program starts.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("message").Parse(layout)) })

func (w way) compose(n sweep.Notice) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.From(w.From); err != nil {
		return nil, fmt.Errorf("from %q: %w", w.From, err)
	}
	if err := msg.To(w.To...); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	msg.Subject("[sweep] " + message.Title(n))
	msg.SetDate()
	msg.SetMessageIDWithValue(fmt.Sprintf("%s.%d@sweep", n.Run, n.Finished.UnixMilli())) // a mail that comes twice is known by it
	report, err := w.report(n)
	if err != nil {
		return nil, err
	}
	if report != nil {
		msg.AttachReadSeeker(message.ReportName(n), bytes.NewReader(report), mail.WithFileContentType("text/html"))
	}
	msg.SetBodyString(mail.TypeTextPlain, message.Text(n))
	err = msg.AddAlternativeHTMLTemplate(page(), struct {
		Title string
		Facts []message.Fact
	}{message.Title(n), message.Facts(n)})
	return msg, err
}

// report is the run's; nil: there is none to attach.
func (w way) report(n sweep.Notice) ([]byte, error) {
	if !w.Attach || n.Report == "" {
		return nil, nil
	}
	text, err := os.ReadFile(n.Report)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("attach report: %w", err)
	}
	return text, nil
}
