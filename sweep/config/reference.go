package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

const referenceIntro = `# Sweep file reference

Generated from the program's own schema by ` + "`sweep docs`" + `; do not edit.

A sweep file is written in [HCL](https://github.com/hashicorp/hcl). Expressions may use ` + "`var.NAME`, `local.NAME`" + `
and, in ` + "`params`, `data`, `model`, `train` and `command`, `param.NAME`" + `: the value that the variant at hand gives to a
parameter, or null where it does not exist in that variant; in ` + "`feasible`, `metric.NAME`" + `. An attribute that is null counts as not given.

## params

Every attribute is a parameter, in the order in which a grid nests them (the last one varies fastest).

| form | meaning |
| --- | --- |
| ` + "`x = [1, 2, 3]`" + ` | one of these values, of any type, objects too |
| ` + "`x = 5`" + ` | always this value |
| ` + "`x = linspace(lo, hi, n)`, `logspace(lo, hi, n)`, `range(lo, hi, step)`" + ` | lists, spaced evenly, by ratio, by step (without hi) |
| ` + "`x = uniform(lo, hi)`, `loguniform(lo, hi)`" + ` | any number between, evenly on a plain or a logarithmic scale |
| ` + "`x = int(lo, hi)`, `logint(lo, hi)`" + ` | any whole number from lo to hi, both included |
| ` + "`x = normal(mean, sd)`" + ` | normally distributed |
| ` + "`x = step(uniform(lo, hi), s)`" + ` | a distribution on the lattice lo, lo + s, lo + 2s, ... |
| ` + "`x = param.y == \"a\" ? [1, 2] : null`" + ` | depends on other parameters, in any order; null: it does not exist then |

Blocks inside ` + "`params`" + `: ` + "`zip { a = [1, 2]  b = [3, 4] }`" + ` advances parameters together;
` + "`skip { when = param.a * param.b > 512 }`" + ` leaves variants out;
` + "`try { a = 1  b = 3 }`" + ` runs a variant first. ` + "`skip` and `try`" + ` may stand any number of times.

## Outside blocks

`

const referenceCommand = "What a trial gets: the environment of `sweep`, and `SWEEP_TRIAL_DIR` (its directory), `SWEEP_PARAMS` (all parameters as\n" +
	"JSON), `SWEEP_PARAM_<NAME>` (each one), `SWEEP_SEED`, `SWEEP_CHECKPOINT_DIR` and `CUDA_VISIBLE_DEVICES`. No shell is involved:\n" +
	"an argument reaches the program as it is. To report, append lines such as `{\"step\": 1, \"val_loss\": 0.3}` to\n" +
	"`metrics.jsonl` in its directory, or print the numbers and say in `metric` blocks how to find them.\n\n"

// Reference is the sweep file reference in Markdown.
func Reference(p *Plugins) string {
	var b strings.Builder
	b.WriteString(referenceIntro)
	table(&b, topSchema)
	section := func(name, form string, s *schema.Schema) {
		fmt.Fprintf(&b, "## %s\n\n`%s`: %s\n\n", name, form, s.Doc)
		table(&b, s)
	}
	plugins := func(name, about string, from catalogue) {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", name, about)
		for _, plugin := range from.Names() {
			if name == "model" && plugin == command {
				continue
			}
			s, _ := from.lookup(plugin)
			fmt.Fprintf(&b, "### %s %q\n\n%s\n\n", name, plugin, s.Doc)
			table(&b, s)
		}
	}
	section("variable", `variable "name" { ... }`, variableSchema)
	b.WriteString("## locals\n\n`locals { name = expression }`: names for expressions, used as `local.name`.\n\n")
	section("objective", `objective "metric" { ... }`, objectiveSchema)
	plugins("search", "`search \"method\" { ... }`: how variants are chosen. Without the block: a grid, where the space is finite.\n\nEvery method that learns from results also takes\n\n"+
		attributes(searchSchema), p.Search)
	plugins("stop", "`stop \"rule\" { ... }`: when a running trial is cut short. Several may stand in a file: the first that says stop decides.", p.Stop)
	section("limits", "limits { ... }", limitsSchema)
	plugins("data", "`data \"source\" { ... }`: what models learn from. Prepared once, into a cache that all trials share.", p.Data)
	plugins("model", "`model \"kind\" { ... }`: what is trained.", p.Models)
	if p.Train != nil {
		section("train", "train { ... }", p.Train)
	}
	if s, ok := p.Models.lookup(command); ok {
		section("command", "command { ... }", s)
		b.WriteString(referenceCommand)
	}
	section("metric", `metric "name" { ... }`, metricSchema)
	plugins("runner", "`runner \"where\" { ... }`: where trials run; `runner \"local\" {}` where not given. Several may stand in a file: the first is used, or the one that `--runner` names. A second label, `runner \"slurm\" \"short\" { ... }`, is a name of its own. What `~/.config/sweep/runners.hcl` says of a runner of the same name counts where the file does not say otherwise, and its other runners can be chosen too.", p.Runners)
	section("champion", "champion { ... }", championSchema)
	section("regression", "regression { ... }", regressionSchema)
	section("schedule", "schedule { ... }", scheduleSchema)
	plugins("notify", "`notify \"way\" { ... }`: who is told of a run's end, and of what: see [notify.md](notify.md). Any number may stand in a file. In these blocks alone,\n`env(\"NAME\")` is the value of a variable of the environment: it is in no record, log or message.\n\nEvery way also takes\n\n"+
		attributes(notifySchema), p.Notify)
	section("keep", "keep { ... }", keepSchema)
	b.WriteString("## Functions\n\n")
	for i, name := range sortedKeys(functions()) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("`" + name + "`")
	}
	b.WriteString(".\n")
	return b.String()
}

// attributes is a table of its own.
func attributes(s *schema.Schema) string {
	var b strings.Builder
	table(&b, s)
	return strings.TrimSpace(b.String())
}

func table(b *strings.Builder, s *schema.Schema) {
	if len(s.Attrs) == 0 {
		return
	}
	b.WriteString("| attribute | type | default | |\n| --- | --- | --- | --- |\n")
	rows(b, "", s)
	b.WriteByte('\n')
}

func rows(b *strings.Builder, prefix string, s *schema.Schema) {
	for _, a := range s.Attrs {
		typ := a.Type.String()
		if r := a.Type.Range(); r != "" {
			typ += ", " + r
		}
		def := ""
		switch {
		case a.Required:
			def = "required"
		case !a.Default.IsNull():
			def = "`" + literal(a.Default) + "`"
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, a.Name, cell(typ), cell(def), cell(a.Doc))
		inner := a.Type
		suffix := "."
		if inner.Kind == schema.List {
			inner, suffix = *inner.Elem, "[]."
		}
		if inner.Kind == schema.Object {
			rows(b, prefix+a.Name+suffix, inner.Object)
		}
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// literal is a default as a sweep file would have it.
func literal(v sweep.Value) string {
	if s, ok := v.AsString(); ok {
		return strconv.Quote(s)
	}
	if f, ok := v.AsFloat(); ok {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return v.String()
}
