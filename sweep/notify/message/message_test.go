package message_test

import (
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/message"
	"github.com/inflame-deeplearning/sweep/sweep/notify/notifytest"
)

// A title says the most important first, and no more than fits into a line.
func TestTitle(t *testing.T) {
	for want, change := range map[string]func(n *sweep.Notice){
		"grid-3: finished, val_accuracy 0.98125":     func(*sweep.Notice) {},
		"grid-3: new champion, val_accuracy 0.98125": func(n *sweep.Notice) { n.Occasions = append(n.Occasions, sweep.NewChampion) },
		"grid-3: regression, val_accuracy 0.98125":   func(n *sweep.Notice) { n.Occasions = append(n.Occasions, sweep.RunRegressed) },
		"grid-3: failed": func(n *sweep.Notice) { n.Occasions, n.Best = []sweep.Occasion{sweep.RunFailed}, nil },
		"Test: grid-3: finished, val_accuracy 0.98125": func(n *sweep.Notice) { n.Test = true },
		"grid-3: finished, val_accuracy 1.23457e-07":   func(n *sweep.Notice) { n.Best.Value = 1.23456789e-7 },
	} {
		n := notifytest.Sample()
		if change(&n); message.Title(n) != want {
			t.Errorf("title %q, want %q", message.Title(n), want)
		}
	}
}

// The text has a line for everything that is known, and none for what is not.
func TestText(t *testing.T) {
	n := notifytest.Sample()
	text := message.Text(n)
	for _, want := range []string{
		"Outcome     complete\n", "Best        val_accuracy 0.98125, trial grid-3/7\n", "Champion    val_accuracy 0.9825, trial grid-1/4\n",
		"Trials      12: 9 succeeded, 2 stopped, 1 failed (2 from cache)\n", "Parameters  hidden = 128, learning_rate = 0.03, optimizer = adam\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	n.Best, n.Champion, n.Verdict, n.Report = nil, nil, "", ""
	for _, absent := range []string{"Best", "Parameters", "Champion", "Former", "Verdict", "Report"} {
		if strings.Contains(message.Text(n), absent) {
			t.Errorf("there is a line of %s:\n%s", absent, message.Text(n))
		}
	}
}
