package trialdir

import (
	"bytes"
	"io"
	"os"
)

// lastWords is how many lines are.
const lastWords = 5

// LastWords is the end of what the trial printed.
func (d Dir) LastWords() string {
	f, err := os.Open(d.Log())
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	const most = 4096
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(len(lines)-lastWords, 0):], []byte("\n")))
}
