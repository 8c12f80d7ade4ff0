package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/progress"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// live is the view of a run in a terminal: a bar, the best so far, and a line a
// running trial.
type live struct {
	program *tea.Program
	view    *view
	tty     io.Writer
	ended   chan error
}

func newLive(tty *os.File, run results.Run, color bool) *live {
	v := &view{tallied: tallied{run: run}, running: map[int]sweep.Trial{}, width: width(tty), bar: progress.New(progress.WithoutPercentage())}
	if !color {
		v.plain = true
	}
	l := &live{view: v, tty: tty, ended: make(chan error, 1)}
	// Without input: Ctrl-C stays a signal, which the root command handles.
	l.program = tea.NewProgram(v, tea.WithOutput(tty), tea.WithInput(nil), tea.WithoutSignalHandler())
	go func() {
		_, err := l.program.Run()
		l.ended <- err
	}()
	return l
}

func (l *live) event(e sweep.Event) { l.program.Send(e) }

func (l *live) log() io.Writer { return liveLog{l.program} }

func (l *live) close() {
	l.program.Quit()
	if err := <-l.ended; err != nil {
		fmt.Fprintf(os.Stderr, "sweep: error: show progress: %v\n", err)
	}
	for _, line := range l.view.logged { // the view has gone, and what it showed of them
		fmt.Fprintf(l.tty, "sweep: %s\n", line)
	}
}

// liveLog shows lines in the view.
type liveLog struct{ program *tea.Program }

// note is a line for the view.
type note string

func (w liveLog) Write(line []byte) (int, error) {
	w.program.Send(note(strings.TrimSuffix(string(line), "\n")))
	return len(line), nil
}

// view is the model of bubbletea's that draws.
type view struct {
	tallied
	running map[int]sweep.Trial
	now     time.Time
	width   int
	bar     progress.Model
	plain   bool
	over    bool
	notes   []string // the last few
	logged  []string // those among all notes that are not of a trial's end
}

// keptNotes is how many notes the view has room for.
const keptNotes = 3

func (v *view) note(text string) {
	if v.notes = append(v.notes, text); len(v.notes) > keptNotes {
		v.notes = v.notes[1:]
	}
}

type tick time.Time

func ticking() tea.Cmd {
	return tea.Tick(500*time.Millisecond, func(t time.Time) tea.Msg { return tick(t) })
}

// Init starts the clock.
func (v *view) Init() tea.Cmd { return ticking() }

// Update takes in an event of the run, of the clock or of the terminal.
func (v *view) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch m := msg.(type) {
	case tick:
		v.now = time.Time(m)
		return v, ticking()
	case tea.WindowSizeMsg:
		v.width = m.Width
	case note:
		v.note(string(m))
		v.logged = append(v.logged, string(m))
	case sweep.Event:
		v.now = m.Time
		v.count(m)
		switch m.Kind {
		case sweep.TrialStarted, sweep.TrialPromoted, sweep.TrialReported:
			v.running[m.Trial.Number] = m.Trial
		case sweep.TrialEnded:
			delete(v.running, m.Trial.Number)
			if o := m.Trial.Outcome; !o.Ranked() && o != sweep.Cancelled {
				v.note(fmt.Sprintf("trial %s %s: %s", m.Trial.Name(), o, m.Trial.Message))
			}
		case sweep.RunSteered:
			v.note(m.Reason)
		case sweep.RunEnded:
			v.over = true
		case sweep.RunStarted:
		}
	}
	return v, nil
}

// View draws. When the run is over nothing is left: the leaderboard follows.
func (v *view) View() tea.View {
	if v.over || v.began.IsZero() {
		return tea.NewView("")
	}
	var b strings.Builder
	done := 0.0
	if v.total > 0 {
		done = float64(v.done) / float64(v.total)
		v.bar.SetWidth(max(min(v.width/3, 40), 10))
		b.WriteString(v.bar.ViewAs(done) + "  ")
	}
	fmt.Fprintf(&b, "%s done, %d running", v.progress(), len(v.running))
	if v.total > 0 {
		fmt.Fprintf(&b, ", %d to come", max(v.total-v.done-len(v.running), 0))
	}
	fmt.Fprintf(&b, ", %v", v.now.Sub(v.began).Round(time.Second))
	if left, ok := v.left(v.now); ok {
		fmt.Fprintf(&b, ", %v left", left)
	}
	b.WriteByte('\n')
	objective := v.run.Objectives[0].Name
	if v.hasBest {
		value, _ := v.run.Value(v.best)
		line := fmt.Sprintf("best %s %s: %s", objective, number(value), settings(v.best.Params, v.run.Params))
		if v.best.Violation > 0 {
			line += " (infeasible)"
		}
		b.WriteString(v.style(lipgloss.NewStyle().Foreground(lipgloss.Green), line) + "\n")
	}
	for _, n := range slices.Sorted(maps.Keys(v.running)) {
		b.WriteString(v.style(lipgloss.NewStyle(), v.line(v.running[n])) + "\n")
	}
	for _, n := range v.notes {
		b.WriteString(v.style(lipgloss.NewStyle().Foreground(lipgloss.Yellow), "  "+n) + "\n")
	}
	return tea.NewView(b.String())
}

func (v *view) style(s lipgloss.Style, line string) string {
	line = clip(line, v.width)
	if v.plain {
		return line
	}
	return s.Render(line)
}

// line is a running trial: its progress, its metric, its parameters.
func (v *view) line(t sweep.Trial) string {
	text := fmt.Sprintf("  %-10s", t.Name())
	epochs, known := t.Task.Train.Fields()["epochs"].AsInt()
	switch {
	case known && t.Steps > 0:
		text += fmt.Sprintf("  epoch %d/%d", t.Reports[t.Steps-1].Step, epochs)
	case t.Steps > 0:
		text += fmt.Sprintf("  step %d", t.Steps)
	}
	if t.Steps > 0 {
		if value, ok := t.Reports[len(t.Reports)-1].Metrics[v.run.Objectives[0].Name]; ok {
			text += fmt.Sprintf("  %s %s", v.run.Objectives[0].Name, number(value))
		}
	}
	return text + "  " + settings(t.Params, v.run.Params)
}

// clip cuts a line to the terminal's width.
func clip(line string, width int) string {
	line, _, _ = strings.Cut(line, "\n")
	if runes := []rune(line); len(runes) > width && width > 1 {
		return string(runes[:width-1]) + "…"
	}
	return line
}
