package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

type tellConfig struct {
	To    string            `hcl:"to" doc:"Whom." required:"true"`
	Port  int               `hcl:"port" doc:"Where." default:"1" min:"1"`
	Heads map[string]string `hcl:"heads" doc:"More." default:"{}"`
}

// teller keeps whom it told, and fails with its whole configuration.
type teller struct {
	tellConfig
	told *[]string
}

func (t teller) Notify(_ context.Context, n sweep.Notice) error {
	if n.Reason == "fail" {
		return fmt.Errorf("%+v has gone away", t.tellConfig)
	}
	*t.told = append(*t.told, t.To)
	return nil
}

func readNotify(t *testing.T, blocks string) (*File, *[]string, error) {
	t.Helper()
	told := &[]string{}
	p := testPlugins()
	Add(p.Notify, "tell", func(_ sweep.Spec, c tellConfig) (sweep.Notifier, error) {
		if strings.HasPrefix(c.To, "nobody") {
			return nil, fmt.Errorf("to %q is nobody", c.To)
		}
		return teller{c, told}, nil
	})
	f, err := Parse([]byte("maximize = \"score\"\nparams { x = [1] }\ndata \"points\" {}\nmodel \"net\" { units = param.x }\n"+blocks), "f.hcl", nil, p)
	return f, told, err
}

// A block is told of its occasions, of all where it names none.
func TestOccasions(t *testing.T) {
	f, told, err := readNotify(t, `
notify "tell" { to = "a" }
notify "tell" {
  to = "b"
  on = ["champion", "failed"]
}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range [][]sweep.Occasion{{sweep.RunFinished}, {sweep.RunFinished, sweep.NewChampion}, {sweep.RunRegressed}, {sweep.RunFailed}} {
		*told = nil
		for _, n := range f.Notifiers {
			if err := n.Notify(t.Context(), sweep.Notice{Occasions: o}); err != nil {
				t.Fatal(err)
			}
		}
		want := "a"
		if o[len(o)-1] == sweep.NewChampion || o[0] == sweep.RunFailed {
			want = "a b"
		}
		if got := strings.Join(*told, " "); got != want {
			t.Errorf("%v: told %s, want %s", o, got, want)
		}
	}
}

// What env gives reaches the plugin, and nobody else.
func TestSecrets(t *testing.T) {
	t.Setenv("S_URL", "https://example.org/s3cr3t-path?k=s3cr3t-key")
	t.Setenv("S_TOKEN", "s3cr3t-token")
	t.Setenv("S_NOBODY", "nobody-s3cr3t")
	const good = `
notify "tell" {
  to    = env("S_URL")
  heads = { a = "Bearer ${upper("x")} ${env("S_TOKEN")}" }
}`
	f, told, err := readNotify(t, good)
	if err != nil || len(f.Unset.List()) > 0 {
		t.Fatal(err, f.Unset)
	}
	n := f.Notifiers[0]
	if err := n.Notify(t.Context(), sweep.Notice{Occasions: n.On}); err != nil || (*told)[0] != "https://example.org/s3cr3t-path?k=s3cr3t-key" {
		t.Error(err, *told)
	}
	err = n.Notify(t.Context(), sweep.Notice{Occasions: n.On, Reason: "fail"})
	if want := `notify "tell" on line 6 told nobody: {To:*** Port:1 Heads:map[a:Bearer X ***]} has gone away`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	t.Setenv("S_TOKEN", "another")
	if again, _, err := readNotify(t, good); err != nil || again.Hash != f.Hash {
		t.Errorf("with another secret it is another sweep: %v", err)
	}

	for block, want := range map[string]string{
		`to = env("S_NOBODY")`:                              "Invalid block", // from the plugin
		"to = \"a\"\nport = env(\"S_TOKEN\")":               "not shown",
		"to = \"a\"\nport = parseint(env(\"S_TOKEN\"), 10)": "not shown",
		"to = \"a\"\nheads = env(\"S_TOKEN\")":              "not shown",
		"to = \"a\"\nheads = { a = [env(\"S_TOKEN\")] }":    "not shown",
		"to = env(\"S_TOKEN\").x":                           "not shown",
		`to = env()`:                                        "Not a name",
		`to = env("a", "b")`:                                "Not a name",
		`to = env(upper("a"))`:                              "Not a name",
		`to = env("${param.x}")`:                            "Not a name",
		"to = \"a\"\non = []":                               "Nobody to tell",
		"to = \"a\"\non = [\"succes\"]":                     "on must be",
		"to = \"a\"\non = [env(\"S_TOKEN\")]":               "Secrets are for notify blocks",
		`too = env("S_TOKEN")`:                              "Unknown attribute",
	} {
		t.Setenv("S_TOKEN", "s3cr3t-token")
		_, _, err := readNotify(t, "notify \"tell\" {\n"+block+"\n}")
		diags, ok := errors.AsType[Diagnostics](err)
		if !ok {
			t.Errorf("%s: %v", block, err)
			continue
		}
		var b strings.Builder
		if err := diags.Write(&b, false, 80); err != nil {
			t.Fatal(err)
		}
		if got := flat(b.String()); !strings.Contains(got, want) || strings.Contains(got, "s3cr3t") {
			t.Errorf("%s:\n%s\nwant %q", block, &b, want)
		}
	}
}

// Who cannot be told for want of a variable is left out, and named; other mistakes
// of the block are told all the same.
func TestUnset(t *testing.T) {
	const block = `
notify "tell" { to = env("S_NOT_SET") }
notify "tell" {
  to   = "b"
  port = env("S_NOT_SET_EITHER")
}
notify "tell" { to = "c" }
`
	f, _, err := readNotify(t, block)
	if err != nil || len(f.Notifiers) != 1 || f.Notifiers[0].Line != 11 {
		t.Fatalf("%v: %v", err, f)
	}
	if list := f.Unset.List(); len(list) != 2 || list[0].Line != 6 || list[1].Line != 9 || !strings.Contains(list[1].Detail, "S_NOT_SET_EITHER is not set") {
		t.Errorf("%+v", list)
	}
	_, _, err = readNotify(t, "notify \"tell\" {\nto = env(\"S_NOT_SET\")\nport = 0\n}")
	if err == nil || !strings.Contains(err.Error(), "port must be at least 1") {
		t.Error(err)
	}
	_, _, err = readNotify(t, "notify \"tel\" {\nto = env(\"S_NOT_SET\")\n}")
	if err == nil || !strings.Contains(err.Error(), "tell") {
		t.Error(err)
	}
}
