package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, name string, c Config) *Schedule {
	t.Helper()
	s, err := New(name, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTimeChanges has what is said of clocks that are changed, to the letter.
func TestTimeChanges(t *testing.T) {
	for _, test := range []struct{ name, cron, zone, from, want string }{
		{
			"a nightly time that is skipped comes at the first moment after", "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00+01:00",
			"03-28 02:30 +01, 03-29 03:00 +02, 03-30 02:30 +02, 03-31 02:30 +02",
		},
		{
			"a nightly time that comes twice counts once", "30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00+02:00",
			"10-24 02:30 +02, 10-25 02:30 +02, 10-26 02:30 +01, 10-27 02:30 +01",
		},
		{
			"also where one looks between the two", "30 2 * * *", "Europe/Berlin", "2026-10-25T02:10:00+01:00",
			"10-26 02:30 +01, 10-27 02:30 +01",
		},
		{
			"times of one gap are one", "0,15,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00",
			"03-29 03:00 +02, 03-30 02:00 +02",
		},
		{
			"the first moment after is no second time", "0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00",
			"03-29 03:00 +02, 03-30 02:00 +02",
		},
		{
			"every hour is each that passes, forward", "0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00+01:00",
			"03-29 01:00 +01, 03-29 03:00 +02, 03-29 04:00 +02",
		},
		{
			"and back", "30 * * * *", "Europe/Berlin", "2026-10-25T01:00:00+02:00",
			"10-25 01:30 +02, 10-25 02:30 +02, 10-25 02:30 +01, 10-25 03:30 +01",
		},
		{
			"midnight may be what is skipped", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00-04:00",
			"09-06 01:00 -03, 09-07 00:00 -03",
		},
		{
			"or what comes twice", "30 23 * * *", "America/Santiago", "2026-04-03T12:00:00-03:00",
			"04-03 23:30 -03, 04-04 23:30 -03, 04-05 23:30 -04",
		},
		{
			"clocks may change by half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			"10-04 02:30 +11, 10-05 02:15 +11",
		},
		{
			"back, too", "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00",
			"04-05 01:45 +11, 04-06 01:45 +1030",
		},
		{
			"a whole day may be skipped", "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00-10:00",
			"12-29 12:00 -10, 12-31 00:00 +14, 12-31 12:00 +14",
		},
		{
			"a leap day is found eight years away", "0 2 29 2 *", "UTC", "2096-03-01T00:00:00Z",
			"02-29 02:00 +00, 02-29 02:00 +00",
		},
		{
			"a day of the month or of the week will do", "0 2 1 * THU", "UTC", "2026-11-25T00:00:00Z",
			"11-26 02:00 +00, 12-01 02:00 +00, 12-03 02:00 +00",
		},
		{
			"seconds", "*/20 * * * * *", "UTC", "2026-11-25T00:00:01Z",
			"11-25 00:00 +00, 11-25 00:00 +00, 11-25 00:01 +00",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := at(t, "nightly", Config{Cron: test.cron, Timezone: test.zone})
			next, err := time.Parse(time.RFC3339, test.from)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range strings.Count(test.want, ",") + 1 {
				next = s.Next(next)
				got = append(got, strings.TrimSuffix(next.Format("01-02 15:04 -0700"), "00"))
			}
			if text := strings.Join(got, ", "); text != test.want {
				t.Errorf("%s in %s: %s\nwant %s", test.cron, test.zone, text, test.want)
			}
		})
	}
}

// TestNextIsWhatAClockOnTheWallSays compares with a walk through the minutes of the
// days around time changes with the eyes on the clock.
func TestNextIsWhatAClockOnTheWallSays(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Beirut", "UTC"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		change := time.Date(2024, 1, 1, 0, 0, 0, 0, loc)
		for change.Year() < 2027 {
			begin, end := change.AddDate(0, 0, -2).Add(30*time.Second), change.AddDate(0, 0, 2)
			aroundChange(t, loc, begin, end)
			if _, change = change.ZoneBounds(); change.IsZero() {
				break
			}
		}
	}
}

func aroundChange(t *testing.T, loc *time.Location, begin, end time.Time) {
	t.Helper()
	for _, hours := range [][]int{{0}, {1}, {2}, {3}, {2, 3}, {1, 23}, nil} {
		for _, minutes := range [][]int{{0}, {30}, {15, 45}} {
			want := onTheWall(loc, begin, end, hours, minutes)
			s := at(t, "wall", Config{Cron: field(minutes) + " " + field(hours) + " * * *", Timezone: loc.String()})
			var got []string
			for next := s.Next(begin); next.Before(end); next = s.Next(next) {
				got = append(got, next.Format(time.RFC3339))
			}
			if !slices.Equal(got, want) {
				i := 0
				for i < min(len(got), len(want)) && got[i] == want[i] {
					i++
				}
				t.Errorf("%s in %s: %d times, want %d; the first that differs: %v, want %v", s.Cron, loc, len(got), len(want), got[i:min(i+2, len(got))], want[i:min(i+2, len(want))])
			}
		}
	}
}

// field is a list as cron has it; none is all.
func field(list []int) string {
	if list == nil {
		return "*"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
}

// onTheWall are the times at which somebody fires who looks at the clock every
// minute: at a time that is named, if it did not come before; and, if the clock has
// jumped over one, at once. Who fires every hour only looks at the minutes.
func onTheWall(loc *time.Location, begin, end time.Time, hours, minutes []int) []string {
	named := func(wall time.Time) bool {
		return (hours == nil || slices.Contains(hours, wall.Hour())) && slices.Contains(minutes, wall.Minute())
	}
	wallOf := func(at time.Time) time.Time {
		at = at.In(loc)
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC)
	}
	var out []string
	latest := wallOf(begin)
	last := latest
	for at := begin.Truncate(time.Minute).Add(time.Minute); at.Before(end); at = at.Add(time.Minute) {
		wall := wallOf(at)
		fires := named(wall) && (hours == nil || wall.After(latest))
		if hours != nil {
			for missed := last.Add(time.Minute); missed.Before(wall); missed = missed.Add(time.Minute) {
				fires = fires || named(missed)
			}
		}
		if fires {
			out = append(out, at.In(loc).Format(time.RFC3339))
		}
		if last = wall; wall.After(latest) {
			latest = wall
		}
	}
	return out
}

// TestJitter has delays that are below the jitter, spread, and always the same.
func TestJitter(t *testing.T) {
	c := Config{Cron: "0 2 * * *", Timezone: "UTC", Jitter: 10 * time.Minute}
	s, again, other := at(t, "a", c), at(t, "a", c), at(t, "b", c)
	due := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var sum time.Duration
	alike := 0
	for range 400 {
		due = s.Next(due)
		delay := s.At(due).Sub(due)
		if delay < 0 || delay >= s.Jitter || delay%time.Second != 0 {
			t.Errorf("the time of %v is delayed by %v", due, delay)
		}
		if !again.At(due).Equal(s.At(due)) {
			t.Errorf("the time of %v has two delays", due)
		}
		if other.At(due).Equal(s.At(due)) {
			alike++
		}
		sum += delay
	}
	if mean := sum / 400; mean < 4*time.Minute || mean > 6*time.Minute {
		t.Errorf("delays of up to 10m are %v on average", mean)
	}
	if alike > 20 {
		t.Errorf("two schedules have %d of 400 delays in common", alike)
	}
}

func FuzzCron(f *testing.F) {
	for _, seed := range []string{"0 2 * * *", "*/5 1-3,7 L * mon#2", "@daily", "TZ=UTC * * * * *", "0 0 31 4 *", "60 * * * *", "h * * * *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := New("fuzz", Config{Cron: text, Timezone: "Europe/Berlin"})
		if err != nil {
			if wrong, ok := err.(MistakesError); !ok || len(wrong) == 0 { //nolint:errorlint // New says so
				t.Fatalf("an error that is no mistake of somebody's: %v", err)
			}
			return
		}
		last := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
		for range 5 {
			next := s.Next(last)
			if !next.IsZero() && !next.After(last) {
				t.Fatalf("%q: %v comes after %v", text, next, last)
			}
			if last = next; last.IsZero() {
				break
			}
		}
	})
}
