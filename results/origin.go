package results

import (
	"slices"
)

// Origin is what a run was begun with: the state of its file's directory, the machine
// and the program. The JSON shape is stable.
type Origin struct {
	Commit string   `json:"commit,omitempty"` // of the git work tree that the sweep file lies in
	Dirty  bool     `json:"dirty,omitempty"`  // whether files differ from it, the sweep file or any that it knows
	Host   string   `json:"host,omitempty"`
	System string   `json:"system"` // and architecture
	Cores  int      `json:"cores"`
	GPUs   []string `json:"gpus,omitempty"`
	Sweep  string   `json:"sweep"` // versions: of the program,
	Go     string   `json:"go"`    // of what compiled it,
	Format string   `json:"format"`
}

// Format is the version of the store's format.
const Format = version

// UseData notes that trials of a run learn from a prepared data set.
func (db *DB) UseData(run, fingerprint string) error {
	return db.update(func(tx *tx) error {
		r, err := readRun(tx, run)
		if err != nil || slices.Contains(r.Data, fingerprint) {
			return err
		}
		r.Data = append(r.Data, fingerprint)
		slices.Sort(r.Data) // trials that begin together ask in any order
		return writeRun(tx, r)
	})
}

// Before is the run of the same sweep before one; false: it is the first, or those
// before it are gone.
func (db *DB) Before(run Run) (Run, bool, error) {
	runs, err := db.Runs()
	if err != nil {
		return Run{}, false, err
	}
	at := slices.IndexFunc(runs, func(r Run) bool { return r.ID == run.ID })
	for _, r := range runs[at+1:] {
		if r.Sweep == run.Sweep {
			return r, true, nil
		}
	}
	return Run{}, false, nil
}
