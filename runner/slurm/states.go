package slurm

import (
	"fmt"
	"strconv"
	"strings"
)

// entry is what Slurm says of a job.
type entry struct {
	id       string // as people and commands have it: 12_3
	state    string // RUNNING, PENDING, ...
	exit     int    // as wait(2) has it
	restarts int
	node     string
	reason   string
	comment  string
}

// columns are what squeue is asked for, with their widths: columns of a fixed width,
// unlike those of its other formats, read the same in all versions of Slurm.
var columns = []struct {
	name  string
	width int
}{
	{"JobArrayID", 32}, {"State", 20}, {"exit_code", 12}, {"restartcnt", 8}, {"NodeList", 40}, {"Reason", 40}, {"Comment", 80},
}

// format is the argument by which squeue is asked for them.
func format() string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("%s:%d", c.name, c.width)
	}
	return strings.Join(parts, ",")
}

// parseQueue reads what squeue printed. Lines that are not such are left out: some
// sites have their commands greet.
func parseQueue(text string) []entry {
	var out []entry
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		var cells []string
		for _, c := range columns {
			n := min(c.width, len(line))
			cells = append(cells, strings.TrimSpace(line[:n]))
			line = line[n:]
		}
		exit, err := strconv.Atoi(cells[2])
		if err != nil || cells[0] == "" || cells[1] == "" {
			continue
		}
		restarts, _ := strconv.Atoi(cells[3]) // 0 where it does not say
		out = append(out, entry{id: cells[0], state: cells[1], exit: exit, restarts: restarts, node: cells[4], reason: cells[5], comment: cells[6]})
	}
	return out
}

// parseAccounting reads what sacct --parsable2 printed: job, state, exit code, node.
func parseAccounting(text string) []entry {
	var out []entry
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 4 || cells[0] == "" {
			continue
		}
		state, _, _ := strings.Cut(cells[1], " ") // CANCELLED by 1000
		code, signal, _ := strings.Cut(cells[2], ":")
		exit, err := strconv.Atoi(code)
		if err != nil {
			continue
		}
		by, _ := strconv.Atoi(signal) // 0 where it does not say
		out = append(out, entry{id: cells[0], state: strings.TrimSuffix(state, "+"), exit: exit<<8 | by, node: cells[3]})
	}
	return out
}

// phase is what a state of Slurm's comes to.
type phase int

const (
	submitting phase = iota // not in the queue yet
	waiting                 // in the queue
	running
	ended
)

// phase is how far the job is. A state that is not known is taken for one of a job
// that goes on: of one that has ended the queue soon knows nothing more.
func (e entry) phase() phase {
	switch e.state {
	case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD":
		return waiting
	case "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "DEADLINE", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL":
		return ended
	default: // RUNNING, COMPLETING, SUSPENDED, STOPPED, SIGNALING, STAGE_OUT, RESIZING
		return running
	}
}

// signal is the one that ended the job's process; 0: none did.
func (e entry) signal() int { return e.exit & 0x7f }

// code is the exit code of the job's process.
func (e entry) code() int { return e.exit >> 8 & 0xff }
