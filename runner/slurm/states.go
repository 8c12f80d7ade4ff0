package slurm

import (
	"fmt"
	"os"
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

// queueArguments ask squeue for all jobs of this user's.
func queueArguments() []string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("%s:%d", c.name, c.width)
	}
	return []string{"--noheader", "--array", "--states=all", "--user=" + strconv.Itoa(os.Getuid()), "--Format=" + strings.Join(parts, ",")}
}

// accountingArguments ask sacct for some jobs.
func accountingArguments(ids []string) []string {
	return []string{"--noheader", "--parsable2", "--allocations", "--format=JobID,State,ExitCode,NodeList", "--jobs=" + strings.Join(ids, ",")}
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
		if !goodEntry(cells[0], cells[1]) {
			continue
		}
		restarts, _ := strconv.Atoi(cells[3]) // 0 where it does not say
		out = append(out, entry{id: cells[0], state: cells[1], exit: waitStatus(cells[2]), restarts: restarts, node: cells[4], reason: cells[5], comment: cells[6]})
	}
	return out
}

// parseAccounting reads what sacct --parsable2 printed: job, state, exit code, node.
func parseAccounting(text string) []entry {
	var out []entry
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 4 {
			continue
		}
		state, _, _ := strings.Cut(cells[1], " ") // CANCELLED by 1000
		if state = strings.TrimSuffix(state, "+"); goodEntry(cells[0], state) {
			out = append(out, entry{id: cells[0], state: state, exit: waitStatus(cells[2]), node: cells[3]})
		}
	}
	return out
}

// goodEntry reports whether a line is about a job: it begins with a number and a
// state.
func goodEntry(id, state string) bool {
	return id != "" && id[0] >= '0' && id[0] <= '9' && state != "" && strings.Trim(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// waitStatus is how a process ended, as wait(2) has it, from that, as squeue says it,
// or from its code and signal, 1:0; 0 where it is neither.
func waitStatus(text string) int {
	code, signal, both := strings.Cut(text, ":")
	n, _ := strconv.Atoi(code)
	if !both {
		return n
	}
	by, _ := strconv.Atoi(signal)
	return n<<8 | by
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

// unlaunchable reports whether a node did not start the job, which Slurm then holds
// until somebody looks into it.
func (e entry) unlaunchable() bool {
	return e.phase() == waiting && strings.HasPrefix(e.reason, "launch failed")
}

// heldBack reports whether the job waits for somebody to let it go on.
func (e entry) heldBack() bool {
	return e.state == "REQUEUE_HOLD" || e.state == "SPECIAL_EXIT" || e.phase() == waiting && strings.Contains(strings.ToLower(e.reason), "held")
}
