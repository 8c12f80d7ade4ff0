// Package schedule says when a sweep runs by itself: the times that a schedule
// names, and what becomes of each: whether it is fired, skipped, missed, waits, or
// takes the place of another. It has no clock, starts nothing and keeps nothing:
// what has happened and what time it is comes in, records to be kept and acted on
// come out. It is the only home of the cron library.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // containers often lack the zones

	"github.com/netresearch/go-cron"
)

// Config is the schedule block of a sweep file.
type Config struct {
	_        struct{}      `doc:"When the sweep runs by itself, once sweep schedule add has been told of the file: sweep daemon sees to it. Each time it runs, the file is read as it then is."`
	Cron     string        `hcl:"cron" doc:"Minute, hour, day of month, month and day of week, as cron has them: \"0 2 * * *\" is two at night. A sixth field in front holds seconds; @hourly, @daily, @weekly, @monthly and @yearly are short for the beginning of each. Where clocks go forward, a time that is skipped comes at the first moment after; where they go back, a time that comes twice counts once. With every hour (*), it is each hour that passes." required:"true" json:"cron"`
	Timezone string        `hcl:"timezone" doc:"The time zone that cron speaks of, such as \"Europe/Berlin\"; the machine's where not given." json:"timezone,omitempty"`
	Jitter   time.Duration `hcl:"jitter" doc:"How much later than its time it may start, so that not all machines of a place start at once: each time has a delay of its own below this, the same whenever it is asked for." default:"0s" json:"jitter,omitempty"`
	Deadline time.Duration `hcl:"deadline" doc:"How long after its start it has to be done. Then it is ended for good, as by limits: trials that have a result keep it. Without it, it may take as long as it likes." json:"deadline,omitempty"`
	Overlap  Overlap       `hcl:"overlap" doc:"What happens at a time when the last one still runs: this time is left out (skip), starts when that one is done (queue; one at most waits), or that one is ended and this one starts (replace)." default:"skip" oneof:"skip,queue,replace" json:"overlap"`
	CatchUp  bool          `hcl:"catch_up" doc:"Whether times that were missed, as the machine or the daemon was off, are made up for: once, however many they are." default:"true" json:"catch_up"`
	Fresh    bool          `hcl:"fresh" doc:"Whether every trial is trained again. Else what has not changed is taken from cache." default:"false" json:"fresh,omitempty"`
}

// Overlap is what happens at a due time while the last firing runs.
type Overlap string

// The ways to deal with it.
const (
	Skip    Overlap = "skip"
	Queue   Overlap = "queue"
	Replace Overlap = "replace"
)

// Mistake is what is wrong with an attribute of a Config.
type Mistake struct{ Attribute, Summary, Detail string }

// MistakesError is all that is wrong with a Config.
type MistakesError []Mistake

func (m MistakesError) Error() string {
	parts := make([]string, len(m))
	for i, one := range m {
		parts[i] = one.Detail
	}
	return strings.Join(parts, "; ")
}

// Schedule is a Config that makes sense.
type Schedule struct {
	Config
	name   string
	zone   *time.Location
	clock  *cron.SpecSchedule // of what a clock on the wall shows, as if it were UTC
	hourly bool               // whether it names every hour
}

const (
	everyHour = 1<<24 - 1
	// searchYears is how far ahead a time is looked for: a leap day may be eight
	// years away.
	searchYears = 9
	// examined are the times whose distance says what jitter there may be.
	examined = 1000
)

// parser reads cron expressions: with days of the month and of the week, either will
// do, as in every crontab. The options make sense, so it does not panic.
var parser = cron.MustNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom | cron.Descriptor | cron.Extended).WithMaxSearchYears(searchYears)

// New is the schedule of that name. The error is a MistakesError.
func New(name string, c Config) (*Schedule, error) {
	s := &Schedule{Config: c, name: name, zone: time.Local}
	var wrong MistakesError
	add := func(attribute, summary, format string, args ...any) {
		wrong = append(wrong, Mistake{attribute, summary, fmt.Sprintf(format, args...)})
	}
	if c.Timezone != "" {
		zone, err := time.LoadLocation(c.Timezone)
		if err != nil {
			add("timezone", "Unknown time zone", "%q is no time zone: write one such as \"Europe/Berlin\" or \"UTC\".", c.Timezone)
		}
		s.zone = zone
	}
	var what string
	if s.clock, what = parse(c.Cron); what != "" {
		add("cron", "Wrong cron expression", "%s", what)
		return nil, wrong
	}
	s.hourly = s.clock.Hour&everyHour == everyHour
	if c.Jitter > 0 && c.Jitter >= s.shortest() {
		add("jitter", "Jitter too long", "A delay of up to %v may be longer than from one time to the next, which are at the least %v apart: write less than that.", c.Jitter, s.shortest())
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return s, nil
}

// example ends what is said of a wrong expression.
const example = `write minute, hour, day of month, month and day of week, such as "0 2 * * *" for two at night`

// parse reads a cron expression, or says what is wrong with it.
func parse(text string) (_ *cron.SpecSchedule, wrong string) {
	if strings.Contains(text, "TZ=") {
		return nil, fmt.Sprintf("%q names a time zone: write timezone = \"...\" instead.", text)
	}
	parsed, err := parser.Parse(strings.ToLower(strings.TrimSpace(text))) // it takes the H of THU for an option
	if err != nil {
		what, _, _ := strings.Cut(err.Error(), ": strconv.")
		return nil, fmt.Sprintf("%q is no cron expression (%s): %s.", text, what, example)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	switch {
	case !ok:
		return nil, fmt.Sprintf("%q names no times, but a distance, which depends on when it begins: write \"*/30 * * * *\" for every half hour.", text)
	case spec.Next(epoch).IsZero():
		return nil, fmt.Sprintf("%q never comes: there is no such day.", text)
	}
	spec.Location = time.Local // that of the time given
	return spec, ""
}

// epoch is where times are counted from that are to be the same always.
var epoch = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// shortest is the shortest distance between neighbouring times, on a clock that is
// never changed.
func (s *Schedule) shortest() time.Duration {
	shortest := time.Duration(math.MaxInt64)
	last := s.clock.Next(epoch)
	for range examined {
		next := s.clock.Next(last)
		if next.IsZero() {
			break
		}
		shortest = min(shortest, next.Sub(last))
		last = next
	}
	return shortest
}

// Next is the first time that the schedule names after t; the zero time where there
// is none. It walks through the stretches of time in which the zone's clock runs
// evenly: in each, the expression is asked for what the clock shows.
func (s *Schedule) Next(t time.Time) time.Time {
	shows := func(at time.Time, offset int) time.Time {
		return at.UTC().Add(time.Duration(offset) * time.Second)
	}
	at := t.In(s.zone)
	start, end := at.ZoneBounds()
	_, offset := at.Zone()
	after := shows(at, offset)
	if !start.IsZero() && !s.hourly { // what the clock has shown before it was put back counts no more
		_, before := start.Add(-1).Zone()
		if shown := shows(start, before); after.Before(shown) {
			after = shown.Add(-1)
		}
	}
	for {
		clock := s.clock.Next(after)
		if clock.IsZero() {
			return time.Time{}
		}
		due := clock.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || due.Before(end) {
			return due.In(s.zone)
		}
		_, then := end.Zone()
		before, now := shows(end, offset), shows(end, then) // on the clock, as it is changed
		switch {
		case s.hourly:
			after = now
		case clock.Before(now): // skipped
			return end.In(s.zone)
		case before.After(now):
			after = before
		default:
			after = now
		}
		after, offset = after.Add(-1), then
		_, end = end.ZoneBounds()
	}
}

// At is when a due time is to start: later by its share of the jitter, which follows
// from the schedule's name and the time.
func (s *Schedule) At(due time.Time) time.Time {
	if s.Jitter <= 0 {
		return due
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", s.name, due.Unix()))
	delay := time.Duration(binary.BigEndian.Uint64(sum[:]) % uint64(s.Jitter))
	if s.Jitter > time.Second {
		delay = delay.Truncate(time.Second)
	}
	return due.Add(delay)
}

// Upcoming are the next n times at which something is to start, the jitter included.
func (s *Schedule) Upcoming(now time.Time, n int) []time.Time {
	out := []time.Time{}
	for due := s.Next(now.Add(-s.Jitter - 1)); len(out) < n && !due.IsZero(); due = s.Next(due) {
		if at := s.At(due); at.After(now) {
			out = append(out, at)
		}
	}
	return out
}
