package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/webhook"
)

// A whole run tells a server over the network, after the server has been busy; its
// secrets are in no file and on no screen.
func TestAServerIsTold(t *testing.T) {
	program, err := exec.LookPath("sweep")
	if err != nil {
		t.Fatal(err)
	}
	const secret = "s3cr3t-key"
	requests := 0
	var told sweep.Notice
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if requests++; requests == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if err != nil || r.URL.Path != "/s3cr3t-path" || r.Header.Get(webhook.SignatureHeader) != webhook.Sign([]byte(secret), body) {
			t.Errorf("%s %v: %v", r.URL, r.Header, err)
		}
		if err := json.Unmarshal(body, &told); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	work := t.TempDir()
	const file = `minimize = "loss"
params {
  x = [2, 1]
}
command {
  argv = ["sh", "-c", "echo loss=$0", param.x]
}
metric "loss" {
  pattern = "loss=([0-9.]+)"
}
notify "webhook" {
  url     = env("HOOK_URL")
  secret  = env("HOOK_SECRET")
  backoff = "1ms"
}
`
	if err := os.WriteFile(filepath.Join(work, "told.hcl"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var printed []byte
	for _, args := range [][]string{{"run", "told.hcl"}, {"validate", "told.hcl"}, {"plan", "told.hcl", "--json"}, {"show", "--json"}, {"show", "told/0", "--json"}, {"report", "-o", "-"}} {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "HOOK_URL="+server.URL+"/s3cr3t-path", "HOOK_SECRET="+secret)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("sweep %v: %v: %s", args, err, out)
		}
		printed = append(printed, out...)
	}
	if requests != 2 || told.Run != "told-1" || told.Best == nil || told.Best.Value != 1 || told.Trials["succeeded"] != 2 {
		t.Errorf("%d requests, told %+v", requests, told)
	}
	if _, err := os.Stat(told.Report); err != nil {
		t.Error(err)
	}
	if bytes.Contains(printed, []byte("s3cr3t")) {
		t.Errorf("a secret was printed:\n%s", printed)
	}
	files := 0
	err = filepath.WalkDir(work, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("s3cr3t")) {
			t.Errorf("%s has a secret", path)
		}
		return err
	})
	if err != nil || files < 10 {
		t.Errorf("%d files, %v", files, err)
	}
}
