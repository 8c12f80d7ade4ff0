package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDocs runs the pages as a reader would: the files that a page shows
// (```hcl file=NAME) are written down, then every line after a dollar sign of
// its ```console blocks is typed, in order, in one folder. The lines below a
// command are what it has to print, but for words with digits in them; three
// dots stand for any lines.
func TestDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("the pages train for a while")
	}
	for _, page := range []string{"../../README.md", "../../docs/tutorial.md", "../../docs/search.md", "../../docs/champion.md", "../../docs/nightly.md", "../../docs/notify.md", "../../docs/report.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			runPage(t, page, nil)
		})
	}
}

// runPage runs one page, in an environment with further variables.
func runPage(t *testing.T, page string, vars map[string]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	script, commands := scriptOf(string(text))
	if commands == 0 {
		t.Fatalf("%s has no console block", page)
	}
	file := filepath.Join(t.TempDir(), "page.txtar")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{file}, RequireExplicitExec: true, Setup: func(env *testscript.Env) error {
		if err := setup(env); err != nil {
			return err
		}
		for name, value := range vars {
			env.Setenv(name, value)
		}
		return os.Symlink(env.Getenv("EXAMPLES"), filepath.Join(env.WorkDir, "examples"))
	}})
}

// scriptOf turns a page into a testscript, and counts its commands.
func scriptOf(page string) (script string, commands int) {
	var lines, files strings.Builder
	inside := ""
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		switch fence, ok := strings.CutPrefix(line, "```"); {
		case ok && inside != "":
			inside = ""
		case ok:
			inside = "other"
			if fence == "console" {
				inside = "console"
			} else if _, name, ok := strings.Cut(fence, "file="); ok {
				inside = "file"
				files.WriteString("-- " + name + " --\n")
			}
		case inside == "file":
			files.WriteString(line + "\n")
		case inside == "console":
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				lines.WriteString("exec " + command + "\n")
				commands++
			} else if line != "..." && line != "" {
				lines.WriteString(expectation(line))
			}
		}
	}
	return lines.String() + files.String(), commands
}

// expectation is the check that a command printed a line.
func expectation(line string) string {
	stream := "stdout"
	if strings.HasPrefix(line, "sweep:") {
		stream = "stderr"
	}
	words := strings.Fields(line)
	for i, word := range words {
		if words[i] = regexp.QuoteMeta(word); strings.ContainsAny(word, "0123456789") {
			words[i] = `\S+`
		}
	}
	return stream + " '^" + strings.ReplaceAll(strings.Join(words, " +"), "'", "''") + " *$'\n"
}
