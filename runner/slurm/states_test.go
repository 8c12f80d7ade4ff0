package slurm

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// standing is what the runner makes of an entry.
type standing struct {
	id     string
	phase  phase
	code   int
	signal int
	starts int
}

func TestQueueOfVersions(t *testing.T) {
	const label = "sweep:0123456789:abcdef0123 4a5b6c7d8e9f0a1b#1 and 5 more"
	for version, want := range map[string][]standing{
		"22.05": {
			{"51_3", ended, 0, 15, 1},
			{"51_0", ended, 0, 0, 1},
			{"51_1", ended, 3, 0, 1},
			{"51_2", ended, 0, 9, 1},
			{"51_4", waiting, 0, 0, 2},
			{"51_5", running, 0, 0, 1},
			{"57_0", waiting, 0, 0, 1},
			{"57_1", waiting, 0, 0, 1},
		},
		"23.11": {
			{"812_0", ended, 0, 0, 1},
			{"812_1", ended, 1, 0, 1},
			{"812_2", ended, 0, 9, 1},
			{"812_3", ended, 0, 0, 2},
			{"812_4", ended, 0, 0, 1},
			{"812_5", ended, 0, 0, 1},
			{"813", running, 0, 0, 1},
		},
		"24.11": {
			{"90411_0", ended, 0, 125, 1},
			{"90411_1", ended, 0, 15, 1},
			{"90411_2", waiting, 0, 0, 1},
			{"90411_3", waiting, 0, 0, 3},
			{"90411_4", running, 0, 0, 1},
			{"90411_5", running, 0, 0, 1},
		},
	} {
		t.Run(version, func(t *testing.T) {
			var got []standing
			for _, e := range parseQueue(recorded(t, version, "squeue.txt")) {
				got = append(got, standing{e.id, e.phase(), e.code(), e.signal(), e.restarts + 1})
				if want := label[:len("sweep:0123456789:abcdef0123")]; e.id != "813" && e.comment[:len(want)] != want {
					t.Errorf("the label of %s is %q", e.id, e.comment)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestAccountingOfVersions(t *testing.T) {
	for version, want := range map[string][]standing{
		"22.05": {{"51_0", ended, 0, 0, 1}, {"51_1", ended, 3, 0, 1}, {"51_2", ended, 0, 9, 1}, {"51_3", ended, 0, 15, 1}},
		"23.11": {{"812_3", ended, 0, 0, 1}, {"812_4", ended, 1, 0, 1}, {"812_[6-9]", waiting, 0, 0, 1}},
		"24.11": {{"90411_0", ended, 0, 125, 1}, {"90411_1", ended, 0, 0, 1}, {"90411_4", ended, 0, 0, 1}},
	} {
		t.Run(version, func(t *testing.T) {
			var got []standing
			for _, e := range parseAccounting(recorded(t, version, "sacct.txt")) {
				got = append(got, standing{e.id, e.phase(), e.code(), e.signal(), e.restarts + 1})
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func recorded(t *testing.T, version, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", version, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever is printed, nothing that is no job is taken for one.
func FuzzParseQueue(f *testing.F) {
	f.Add("51_0   COMPLETED")
	f.Add("slurm_load_jobs error: Unable to contact slurm controller")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range parseQueue(text) {
			if !goodEntry(e.id, e.state) {
				t.Errorf("%q: entry %+v", text, e)
			}
		}
		parseAccounting(text)
	})
}
