package supervisor_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/runner/supervisor"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// listed is a trial directory that stands in a list of one, for a launch.
func listed(t *testing.T, launch int) (list string, dir trialdir.Dir) {
	t.Helper()
	dir = trialdir.Dir(filepath.Join(t.TempDir(), "trial"))
	list = filepath.Join(t.TempDir(), "tasks.json")
	if err := trialdir.WriteTasks(list, []trialdir.Task{{Dir: string(dir), ID: "4a5b", Launch: launch}}); err != nil {
		t.Fatal(err)
	}
	return list, dir
}

func create(t *testing.T, dir trialdir.Dir, launch int) {
	t.Helper()
	if err := dir.Create(trialdir.Spec{Launch: launch}); err != nil {
		t.Fatal(err)
	}
}

func join(t *testing.T, list string, start int) *supervisor.Supervisor {
	t.Helper()
	s, _, err := supervisor.Join(list, 0, trialdir.Claim{Job: "12_0", Start: start, Node: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJobSaysHowItEnded(t *testing.T) {
	list, dir := listed(t, 2)
	create(t, dir, 2)
	s := join(t, list, 0)
	if err := s.End(sweep.Result{Outcome: sweep.Succeeded}); err != nil {
		t.Fatal(err)
	}
	r, ok, err := dir.OutcomeOf(2)
	if err != nil || !ok || r.Outcome != sweep.Succeeded || r.Device != "n1, job 12_0" {
		t.Errorf("outcome %+v, %v, %v", r, ok, err)
	}
	if _, ok, _ := dir.OutcomeOf(3); ok {
		t.Error("it is taken for that of another launch")
	}
	if _, _, err := supervisor.Join(list, 0, trialdir.Claim{Job: "12_0", Start: 1}); !errors.Is(err, supervisor.ErrEnded) {
		t.Errorf("the job is started again: %v", err)
	}
	if ids, err := dir.Processes(); err != nil || len(ids) > 0 {
		t.Errorf("processes %v (%v): another machine takes them for its own", ids, err)
	}
}

// The last process to claim a trial has it; what comes of it in others is dropped.
func TestJobThatWasCutOff(t *testing.T) {
	list, dir := listed(t, 1)
	create(t, dir, 1)
	first := join(t, list, 0)
	second := join(t, list, 1)
	if err := first.End(sweep.Result{Outcome: sweep.Failed}); err == nil {
		t.Error("the first does not see that the trial is another's")
	}
	if _, ok, _ := dir.Outcome(); ok {
		t.Error("the first had a say in the outcome")
	}
	if err := second.End(sweep.Result{Outcome: sweep.Succeeded}); err != nil {
		t.Fatal(err)
	}
	if r, ok, err := dir.OutcomeOf(1); err != nil || !ok || r.Outcome != sweep.Succeeded {
		t.Errorf("outcome %+v, %v, %v", r, ok, err)
	}
}

// A job waits for what its runner has written to be seen on its node, and does nothing
// for a launch that is over.
func TestJobWaitsForItsLaunch(t *testing.T) {
	list, dir := listed(t, 2)
	create(t, dir, 1)
	time.AfterFunc(50*time.Millisecond, func() { create(t, dir, 2) })
	s := join(t, list, 0)
	if err := s.End(sweep.Result{Outcome: sweep.Cancelled}); err != nil {
		t.Fatal(err)
	}
	create(t, dir, 3)
	if _, _, err := supervisor.Join(list, 0, trialdir.Claim{Job: "12_0", Start: 1}); err == nil {
		t.Error("it takes part in launch 3")
	}
}
