package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep/process"
)

// cores are those that trials are kept to. A file's lock in a folder says that one
// is taken, so that several sweeps of a user share them out.
type cores struct {
	numbers []int
	folder  string
}

// machineCores are those this process may use; none where trials cannot be kept to them.
func machineCores() cores {
	return cores{process.Cores(), filepath.Join(os.TempDir(), fmt.Sprintf("sweep-cores-%d", os.Getuid()))}
}

// take takes n free cores, those from a place on if they are; none where there are
// not so many. Give them back at the end.
func (c cores) take(n, from int) (taken []int, giveBack func()) {
	var locks []*flock.Flock
	giveBack = func() {
		for _, l := range locks {
			_ = l.Unlock() // closing the file is all it does
		}
	}
	if n > len(c.numbers) || os.MkdirAll(c.folder, 0o700) != nil {
		return nil, giveBack
	}
	for i := range c.numbers {
		number := c.numbers[(from+i)%len(c.numbers)]
		l := flock.New(filepath.Join(c.folder, strconv.Itoa(number)), flock.SetPermissions(0o600))
		if held, err := l.TryLock(); err != nil || !held {
			continue
		}
		taken, locks = append(taken, number), append(locks, l)
		if len(taken) == n {
			return taken, giveBack
		}
	}
	giveBack()
	return nil, func() {}
}

// name is how people call the cores that a trial is kept to.
func name(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	if len(words) == 1 {
		return "core " + words[0]
	}
	return "cores " + strings.Join(words, ",")
}
