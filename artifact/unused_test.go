package artifact

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is used stays, with the keys that lead to it; the rest goes, keys first, and
// what another process is at is left alone.
func TestUnused(t *testing.T) {
	dir := t.TempDir()
	if list, err := FindUnused(filepath.Join(dir, "nowhere"), nil); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
	for name, text := range map[string]string{
		"aaaa.data": "12345", "aaaa.manifest": "{}", "k1.key": "aaaa", "k2.key": "aaaa", "k1.key.lock": "", "k3.key.part": "half",
		"bbbb.data": "1", "k4.key": "bbbb", "k5.key": "cccc",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := FindUnused(dir, map[string]bool{"bbbb": true})
	if err != nil || len(list) != 2 || list[0].Data != "aaaa" || list[0].Bytes != 5+2+4+4 || list[1].Data != "cccc" {
		t.Fatalf("%+v, %v", list, err)
	}
	if first := filepath.Ext(list[0].Files[0]); first != ".key" {
		t.Errorf("%s goes first", first)
	}
	for _, u := range list {
		if err := u.Remove(); err != nil {
			t.Error(err)
		}
		if err := u.Remove(); err != nil { // somebody was quicker
			t.Error(err)
		}
	}
	left, err := os.ReadDir(dir)
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	if want := []string{"bbbb.data", "k1.key.lock", "k3.key.part", "k4.key"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("left %v, want %v; %v", names, want, err)
	}
}
