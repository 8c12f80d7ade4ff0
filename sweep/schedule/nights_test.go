package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	nights   = 400
	settling = time.Minute // what a run takes to end when it is asked to
)

// outage is a time in which the machine is off.
type outage struct{ from, to time.Time }

// world is what happens to a schedule from outside: how long each night's run takes
// and how it ends, and when the machine is off.
type world struct {
	begin, end time.Time
	took       map[string]time.Duration // by the night's date
	exit       map[string]int
	off        []outage
}

func night(due time.Time) string { return due.Format(time.DateOnly) }

// berlin is 400 nights with three time changes.
func berlin(t *testing.T, seed uint64) world {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 6))
	w := world{begin: time.Date(2026, 3, 1, 12, 0, 0, 0, zone), took: map[string]time.Duration{}, exit: map[string]int{}}
	w.end = w.begin.AddDate(0, 0, nights)
	hours := func(lo, hi int) time.Duration {
		return time.Duration(lo)*time.Hour + time.Duration(r.IntN((hi-lo)*3600))*time.Second
	}
	for day := range nights + 1 {
		date := night(w.begin.AddDate(0, 0, day))
		switch p := r.IntN(100); {
		case p < 70:
			w.took[date] = hours(1, 5)
		case p < 85:
			w.took[date] = hours(5, 9)
		case p < 95:
			w.took[date] = hours(20, 30)
		default:
			w.took[date] = hours(40, 70)
		}
		if r.IntN(10) == 0 {
			w.exit[date] = 1 + r.IntN(3)
		}
	}
	for from := w.begin.Add(hours(24, 400)); from.Before(w.end.AddDate(0, 0, -7)); from = from.Add(hours(100, 900)) {
		to := from.Add(10*time.Minute + time.Duration(r.IntN(7200))*time.Minute)
		w.off = append(w.off, outage{from, to})
		from = to
	}
	// One time change is slept through, one begins in the hour that comes twice.
	for _, o := range []outage{
		{time.Date(2026, 3, 29, 1, 0, 0, 0, zone), time.Date(2026, 3, 29, 9, 0, 0, 0, zone)},
		{time.Date(2026, 10, 25, 1, 50, 0, 0, zone).Add(30 * time.Minute), time.Date(2026, 10, 25, 1, 50, 0, 0, zone).Add(100 * time.Minute)},
	} {
		w.off = slices.DeleteFunc(w.off, func(other outage) bool { return other.from.Before(o.to) && o.from.Before(other.to) })
		if seed%2 == 0 {
			w.off = append(w.off, o)
		}
	}
	slices.SortFunc(w.off, func(a, b outage) int { return a.from.Compare(b.from) })
	return w
}

// live lets a daemon with a fake clock act on what is decided, through all of it, and
// answers what it has recorded.
func live(t *testing.T, s *Schedule, w world) []string {
	t.Helper()
	state := State{Decided: w.begin}
	kept := map[int64]Firing{}
	launches := map[int64]int{}
	left := map[int64]time.Duration{} // of work, by due time
	var ends time.Time                // of the process; zero: there is none
	record := func(f Firing) {
		key := f.Due.Unix()
		if before, ok := kept[key]; ok && before.Status.Final() {
			t.Errorf("%v was %s, and is %s now", f.Due, before.Status, f.Status)
		}
		kept[key] = f
	}
	launch := func(f Firing, now time.Time) {
		key := f.Due.Unix()
		if launches[key]++; launches[key] == 1 {
			left[key] = w.took[night(f.Due)]
		}
		ends = now.Add(left[key])
	}
	offs, on := slices.Clone(w.off), true
	for now := w.begin; now.Before(w.end); {
		if on && !ends.IsZero() && !now.Before(ends) {
			f := state.Running.Done(w.exit[night(state.Running.Due)], now)
			ends = time.Time{}
			state = state.With(f)
			record(f)
		}
		var made []Firing
		if on {
			state, made = s.Decide(state, now)
		}
		for _, f := range made {
			record(f)
			switch f.Status {
			case Running:
				launch(f, now)
			case Ending:
				ends = now.Add(settling)
			default:
			}
		}
		next := w.end
		sooner := func(at time.Time) {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if on {
			sooner(s.Wake(state, now))
			sooner(ends)
		}
		if len(offs) > 0 {
			sooner(map[bool]time.Time{true: offs[0].from, false: offs[0].to}[on])
		}
		if !next.After(now) {
			t.Fatalf("at %v it wakes at %v", now, next)
		}
		now = next
		switch {
		case len(offs) == 0:
		case on && now.Equal(offs[0].from):
			on = false
			if !ends.IsZero() {
				left[state.Running.Due.Unix()] = ends.Sub(now)
			}
			ends = time.Time{}
		case !on && now.Equal(offs[0].to):
			on, offs = true, offs[1:]
			if state.Running != nil {
				f := s.Orphan(*state.Running, now)
				if state = state.With(f); f.Status == Running {
					launch(f, now)
				} else {
					record(f)
				}
			}
		}
	}
	var out []string
	for _, f := range kept {
		out = append(out, line(f.Due, f.Status, f.Started, f.Finished, f.Reason))
	}
	slices.Sort(out)
	return out
}

func line(due time.Time, s Status, started, finished time.Time, reason string) string {
	text := fmt.Sprintf("%s %s", due.Format(time.RFC3339), s)
	if !started.IsZero() {
		text += " " + started.Format(time.RFC3339)
	}
	if !finished.IsZero() {
		text += " to " + finished.Format(time.RFC3339)
	}
	return strings.TrimSpace(text + " " + reason)
}

// expect works out the same list night by night, from what is promised.
func expect(s *Schedule, w world) []string {
	type one struct {
		due, at time.Time // at: when somebody is there to fire it
		missed  string
	}
	var events []one
	for day := 1; day <= nights; day++ {
		date := w.begin.AddDate(0, 0, day)
		due := time.Date(date.Year(), date.Month(), date.Day(), 2, 30, 0, 0, w.begin.Location())
		switch night(due) {
		case "2026-03-29", "2027-03-28": // it is skipped
			due = time.Date(date.Year(), date.Month(), date.Day(), 3, 0, 0, 0, w.begin.Location())
		case "2026-10-25": // it comes twice
			due = time.Date(date.Year(), date.Month(), date.Day(), 1, 30, 0, 0, w.begin.Location()).Add(time.Hour)
		}
		e := one{due: due, at: s.At(due)}
		for _, o := range w.off {
			if !e.at.Before(o.from) && e.at.Before(o.to) {
				if n := len(events); n > 0 && events[n-1].at.Equal(o.to) { // of one outage, the last
					events[n-1].missed = map[bool]string{true: madeUp, false: nobodyThere}[s.CatchUp]
				}
				if e.at = o.to; !s.CatchUp {
					e.missed = nobodyThere
				}
			}
		}
		if e.at.Before(w.end) {
			events = append(events, e)
		}
	}
	var out []string
	say := func(due time.Time, status Status, started, finished time.Time, reason string) {
		out = append(out, line(due, status, started, finished, reason))
	}
	// runs is when a run that starts then ends, and how.
	runs := func(due, started time.Time) (finished time.Time, status Status, reason string) {
		work, now := w.took[night(due)], started
		deadline := w.end.AddDate(1, 0, 0)
		if s.Deadline > 0 {
			deadline = started.Add(s.Deadline)
		}
		for _, o := range append(slices.Clone(w.off), outage{w.end.AddDate(1, 0, 0), w.end.AddDate(1, 0, 0)}) {
			if !o.to.After(now) {
				continue
			}
			if !deadline.After(o.from) && deadline.Before(now.Add(work)) {
				return deadline.Add(settling), Ended, deadlinePast
			}
			if until := now.Add(work); !until.After(o.from) {
				status = Finished
				if w.exit[night(due)] != 0 {
					status = Failed
				}
				return until, status, ""
			}
			work -= o.from.Sub(now)
			if now = o.to; !deadline.After(now) { // nobody is left to be asked
				return now, Ended, deadlinePast
			}
		}
		panic("it never ends")
	}
	var due, started, finished time.Time // of the one that runs
	var status Status
	var reason string
	var waiting *one
	start := func(d, at time.Time) {
		due, started = d, at
		finished, status, reason = runs(d, at)
	}
	// pass lets time go by up to t.
	pass := func(t time.Time, fires bool) {
		for status != "" && !finished.After(t) {
			say(due, status, started, finished, reason)
			status = ""
			if waiting != nil && fires && s.Overlap == Replace && finished.Equal(t) { // another is about to take its place
				say(waiting.due, Skipped, time.Time{}, time.Time{}, replaced)
				waiting = nil
			}
			if waiting != nil {
				start(waiting.due, finished)
				waiting = nil
			}
		}
	}
	for _, e := range events {
		pass(e.at, e.missed == "")
		switch {
		case e.missed != "":
			say(e.due, Missed, time.Time{}, time.Time{}, e.missed)
		case status == "":
			start(e.due, e.at)
		case s.Overlap == Skip:
			say(e.due, Skipped, time.Time{}, time.Time{}, stillRunning)
		case s.Overlap == Queue && waiting != nil:
			say(e.due, Skipped, time.Time{}, time.Time{}, oneWaits)
		case s.Overlap == Queue:
			waiting = &e
		default:
			finished, status, reason = e.at.Add(settling), Ended, replaced
			waiting = &e
		}
	}
	pass(w.end.Add(-1), false)
	if status != "" {
		say(due, Running, started, time.Time{}, "")
	}
	if waiting != nil {
		say(waiting.due, Waiting, time.Time{}, time.Time{}, "")
	}
	slices.Sort(out)
	return out
}

// TestFourHundredNights lives through time changes, outages, runs that fail, and
// such that take longer than a day, and has every night come to what was promised.
func TestFourHundredNights(t *testing.T) {
	total := map[string]int{}
	for seed := range uint64(8) {
		w := berlin(t, seed)
		for _, overlap := range []Overlap{Skip, Queue, Replace} {
			for _, c := range []Config{
				{CatchUp: true},
				{CatchUp: false},
				{CatchUp: true, Deadline: 6 * time.Hour},
				{CatchUp: true, Deadline: 26 * time.Hour, Jitter: 10 * time.Minute},
				{CatchUp: false, Deadline: 50 * time.Hour, Jitter: 3 * time.Hour},
			} {
				c.Cron, c.Timezone, c.Overlap = "30 2 * * *", "Europe/Berlin", overlap
				s := at(t, "nightly", c)
				got, want := live(t, s, w), expect(s, w)
				if len(got) != nights {
					t.Errorf("seed %d, %s, %+v: %d nights, want %d", seed, overlap, c, len(got), nights)
				}
				for i := range max(len(got), len(want)) {
					var g, e string
					if i < len(got) {
						g = got[i]
					}
					if i < len(want) {
						e = want[i]
					}
					if g != e {
						t.Fatalf("seed %d, %s, %+v: night %d\n got %s\nwant %s", seed, overlap, c, i, g, e)
					}
					total[strings.Fields(g)[1]]++
				}
			}
		}
	}
	t.Logf("what became of the nights: %v", total)
	for _, s := range []Status{Finished, Failed, Ended, Skipped, Missed} {
		if total[string(s)] < 100 {
			t.Errorf("%d nights are %s: nothing was tested", total[string(s)], s)
		}
	}
}
