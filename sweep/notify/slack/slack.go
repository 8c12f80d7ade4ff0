// Package slack tells of runs in a channel, through an incoming webhook.
package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/message"
	"github.com/inflame-deeplearning/sweep/sweep/notify/post"
	"github.com/inflame-deeplearning/sweep/sweep/notify/retry"
)

// Config is the notify "slack" block.
type Config struct {
	_   struct{} `doc:"Writes into a channel, through an incoming webhook of a Slack app. Mattermost and others that take Slack's messages do as well."`
	URL string   `hcl:"url" doc:"The webhook's address. It is a secret: take it from the environment, env(\"SLACK_URL\")." required:"true"`
	retry.Policy
}

type way struct{ box *post.Box }

// New writes through a webhook.
func New(_ sweep.Spec, c Config) (sweep.Notifier, error) {
	box, err := post.To(c.URL, c.Policy)
	if err != nil {
		return nil, err
	}
	return way{box}, nil
}

func (w way) Notify(ctx context.Context, n sweep.Notice) error {
	body, err := json.Marshal(compose(n))
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return w.box.Send(ctx, body, nil)
}

// payload is what a webhook takes.
type payload struct {
	Text   string  `json:"text"` // where blocks cannot be shown, as in notifications
	Blocks []block `json:"blocks"`
}

type block struct {
	Type   string `json:"type"`
	Text   *text  `json:"text,omitempty"`
	Fields []text `json:"fields,omitempty"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Slack refuses longer ones.
const (
	maxHeader = 150
	maxField  = 2000
)

// marks are signs that say at a glance how a run ended.
var marks = map[sweep.Occasion]string{
	sweep.RunFinished: "✅", sweep.NewChampion: "🏆", sweep.RunRegressed: "📉", sweep.RunFailed: "❌",
}

func compose(n sweep.Notice) payload {
	title := message.Title(n)
	for _, o := range []sweep.Occasion{sweep.RunFailed, sweep.RunRegressed, sweep.NewChampion, sweep.RunFinished} {
		if slices.Contains(n.Occasions, o) {
			title = marks[o] + " " + title
			break
		}
	}
	fields := block{Type: "section"}
	for _, f := range message.Facts(n) { // Slack takes ten
		fields.Fields = append(fields.Fields, text{"mrkdwn", short("*"+escape(f.Name)+"*\n"+escape(f.Text), maxField)})
	}
	return payload{escape(title), []block{{Type: "header", Text: &text{"plain_text", short(title, maxHeader)}}, fields}}
}

// escape is what Slack asks for in its markup.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func short(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}
