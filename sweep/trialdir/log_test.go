package trialdir

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A log that grows far beyond its limit keeps its beginning and its end in whole
// lines, and every byte is there or counted.
func TestLogKeepsHeadAndTail(t *testing.T) {
	const limit = 4096
	for _, size := range []int{1, 7, 100, 3000, 20_000} { // of a write
		d := Dir(t.TempDir())
		log, err := d.OpenLog(limit)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&all, "line %d\n", i)
		}
		for rest := all.String(); rest != ""; rest = rest[min(size, len(rest)):] {
			if _, err := log.Write([]byte(rest[:min(size, len(rest))])); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(d.Log()); err != nil || info.Size() > limit {
				t.Fatalf("the log has %d bytes (%v)", info.Size(), err)
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(d.Log())
		if err != nil {
			t.Fatal(err)
		}
		note := regexp.MustCompile(`(?m)^\[sweep: (\d+) bytes are left out here: log_limit\]\n`)
		found := note.FindSubmatchIndex(text)
		if found == nil || len(note.FindAll(text, -1)) != 1 {
			t.Fatalf("writes of %d: there is not one line on what is left out:\n%s", size, text)
		}
		lost, _ := strconv.Atoi(string(text[found[2]:found[3]]))
		head, tail := string(text[:found[0]]), string(text[found[1]:])
		if lost+len(head)+len(tail) != all.Len() {
			t.Errorf("writes of %d: %d + %d bytes are kept and %d left out of %d", size, len(head), len(tail), lost, all.Len())
		}
		if !strings.HasPrefix(all.String(), head) || !strings.HasSuffix(all.String(), tail) || len(head) < limit/3 || len(tail) < limit/5 {
			t.Errorf("writes of %d: the head is\n%s\nthe tail\n%s", size, head, tail)
		}
		if !strings.HasSuffix(head, "\n") || !strings.HasPrefix(tail, "line ") {
			t.Errorf("writes of %d: lines are cut", size)
		}
	}
}

func TestSmallLogIsWhole(t *testing.T) {
	for _, limit := range []int64{0, 100} {
		d := Dir(t.TempDir())
		for range 2 { // a trial that goes on
			log, err := d.OpenLog(limit)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(log, "one\ntwo\n")
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := os.ReadFile(d.Log()); err != nil || string(text) != "one\ntwo\none\ntwo\n" {
			t.Errorf("limit %d: the log is %q (%v)", limit, text, err)
		}
	}
}
