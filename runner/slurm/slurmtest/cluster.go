//go:build linux

// Package slurmtest starts a real Slurm cluster of two nodes on this machine, for
// tests: controller, nodes and authentication of its own, below one directory, on
// free ports. It needs Slurm's and munge's programs installed, and root.
package slurmtest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed slurm.conf
var template string

// Nodes are the names of the cluster's nodes. Each has 4 cores, 8000 MB and 4 GPUs, as
// far as Slurm is concerned.
var Nodes = []string{"n1", "n2"}

// Cluster is one that runs.
type Cluster struct {
	Conf  string // path of slurm.conf, for SLURM_CONF
	dir   string
	runs  map[string]*daemon
	books *books // nil: it has no accounting

	shared string // "": nodes see what this process sees
}

// daemon is a program that the cluster consists of.
type daemon struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// patience is how long the cluster may take to be what it is waited for to be.
const patience = 30 * time.Second

// Setup is what a cluster has beyond two nodes.
type Setup struct {
	Accounting bool     // slurmdbd, with a database
	Confined   bool     // jobs have the memory that they asked for and no more, by control groups
	Shared     string   // a directory that each node, and this machine, sees late what others have written in; "": none
	Lines      []string // for slurm.conf
}

// Missing says what the machine lacks for a cluster; "": nothing.
func Missing() string { return Setup{}.missing() }

func (s Setup) missing() string {
	programs, from := []string{"slurmctld", "slurmd", "munged", "sbatch"}, "slurmctld slurmd slurm-client munge"
	if s.Accounting {
		programs, from = append(programs, "slurmdbd", "mariadbd"), from+" slurmdbd mariadb-server"
	}
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return "no " + name + " here: apt-get install " + from
		}
	}
	if _, err := exec.LookPath("bindfs"); err != nil && s.Shared != "" {
		return "no bindfs here: apt-get install bindfs"
	}
	if os.Getuid() != 0 {
		return "a Slurm node runs as root, which this process is not"
	}
	if s.Confined {
		if _, err := os.Stat("/sys/fs/cgroup/memory/memory.limit_in_bytes"); err != nil {
			return "no control groups of version 1 for memory here: Slurm needs systemd for those of version 2"
		}
	}
	return ""
}

// Start starts a cluster, with further lines for its slurm.conf, as Setup's does.
func Start(t *testing.T, lines ...string) *Cluster {
	t.Helper()
	return Setup{Lines: lines}.Start(t)
}

// Start starts a cluster that ends with t, which is skipped where there can be none.
// Slurm's commands speak to it by Conf.
func (s Setup) Start(t *testing.T) *Cluster {
	t.Helper()
	if why := s.missing(); why != "" {
		t.Skip(why)
	}
	if testing.Short() {
		t.Skip("a cluster takes a while")
	}
	dir, err := os.MkdirTemp("", "slurm") //nolint:usetesting // t's own is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left is in the temporary directory
	c := &Cluster{dir: dir, Conf: filepath.Join(dir, "slurm.conf"), runs: map[string]*daemon{}}
	lines := s.Lines
	if s.Accounting {
		if c.books, err = newBooks(); err != nil {
			t.Fatal(err)
		}
		lines = append(slices.Clone(lines), c.books.lines(c.dir)...)
	}
	if s.Confined {
		lines = append(slices.Clone(lines), "TaskPlugin=task/cgroup")
	}
	if err := c.configure(lines); err != nil {
		t.Fatal(err)
	}
	if s.Shared != "" {
		c.share(t, s.Shared)
	}
	t.Cleanup(c.end)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.logs())
		}
	})
	if err := c.start(t.Context()); err != nil {
		t.Fatalf("start cluster: %v\n%s", err, c.logs())
	}
	return c
}

// configure writes what the cluster's programs read.
func (c *Cluster) configure(lines []string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	who, err := user.Current()
	if err != nil {
		return err
	}
	ports, err := free(3)
	if err != nil {
		return err
	}
	conf := strings.NewReplacer("@DIR@", c.dir, "@HOST@", host, "@USER@", who.Username,
		"@PORT@", ports[0], "@PORT1@", ports[1], "@PORT2@", ports[2]).Replace(merged(template, lines))
	files := map[string][]byte{
		"slurm.conf": []byte(conf), "munge.key": bytes.Repeat([]byte("for tests only, "), 64),
		"cgroup.conf": []byte("CgroupPlugin=cgroup/v1\nConstrainRAMSpace=yes\nConstrainSwapSpace=yes\n"), // where TaskPlugin says so
		"gres.conf":   fmt.Appendf(nil, "NodeName=%s Name=gpu File=%s/gpu[0-3]\n", strings.Join(Nodes, ","), c.dir),
	}
	for name, content := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(c.dir, name), content, 0o600))
	}
	for i := range 4 { // GPUs are devices: these are like /dev/null
		err = errors.Join(err, syscall.Mknod(filepath.Join(c.dir, fmt.Sprintf("gpu%d", i)), syscall.S_IFCHR|0o600, 1<<8|3))
	}
	return errors.Join(err, os.Mkdir(filepath.Join(c.dir, "state"), 0o700), os.Mkdir(filepath.Join(c.dir, "log"), 0o700))
}

// merged is a slurm.conf with further lines, which take the place of those that say
// something else of the same. Only partitions there may be more than one of.
func merged(conf string, lines []string) string {
	key := func(line string) string { k, _, _ := strings.Cut(line, "="); return k }
	out := slices.Clone(lines)
	for line := range strings.Lines(conf) {
		if k := key(line); k == "PartitionName" || !slices.ContainsFunc(lines, func(l string) bool { return key(l) == k }) {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// free are ports that nobody listens on.
func free(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:errcheck // nobody connects
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		out = append(out, port)
	}
	return out, nil
}

func (c *Cluster) start(ctx context.Context) error {
	in := func(name string) string { return filepath.Join(c.dir, name) }
	if err := c.launch("munged", "--foreground", "--force", "--socket="+in("munge.socket"), "--key-file="+in("munge.key"),
		"--pid-file="+in("munged.pid"), "--log-file="+in("log/munged.log"), "--seed-file="+in("munge.seed")); err != nil {
		return err
	}
	if err := until(ctx, func() bool { _, err := os.Stat(in("munge.socket")); return err == nil }); err != nil {
		return fmt.Errorf("munged has no socket: %w", err)
	}
	if c.books != nil {
		if err := c.keepBooks(ctx); err != nil {
			return err
		}
	}
	if err := c.Up("slurmctld"); err != nil {
		return err
	}
	for _, n := range Nodes {
		if err := c.Up(n); err != nil {
			return err
		}
	}
	return c.Await(ctx, "idle", Nodes...)
}

// Up starts the controller, "slurmctld", or a node, after a Kill or Stop.
func (c *Cluster) Up(name string) error {
	if name == "slurmctld" {
		return c.launch(name, "-D")
	}
	return c.launch(name, "-D", "-N", name)
}

func (c *Cluster) launch(name string, args ...string) error {
	cmd := exec.Command(name, args...) //nolint:noctx // it is ended by name
	if slices.Contains(Nodes, name) {
		program := append([]string{"slurmd"}, args...)
		if c.shared != "" {
			program = c.apart(name, program)
		}
		cmd = exec.Command(program[0], program[1:]...) //nolint:noctx,gosec // it is ended by name; the arguments are a test's
	}
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // also where the test is killed
	if err := cmd.Start(); err != nil {
		return err
	}
	d := &daemon{cmd: cmd, ended: make(chan struct{})}
	go func() {
		defer close(d.ended)
		_ = cmd.Wait() // it ends by a signal
	}()
	c.runs[name] = d
	return nil
}

// Kill ends the controller or a node at once, as kill -9 does.
func (c *Cluster) Kill(name string) { c.signal(name, syscall.SIGKILL) }

// Stop ends the controller or a node in order: the controller saves what it knows of
// jobs, which it otherwise does a few seconds after it has learned it.
func (c *Cluster) Stop(name string) { c.signal(name, syscall.SIGTERM) }

func (c *Cluster) signal(name string, s syscall.Signal) {
	if d := c.runs[name]; d != nil {
		_ = d.cmd.Process.Signal(s) // it may have ended
		<-d.ended
		delete(c.runs, name)
	}
}

// end ends all jobs, and then the cluster, by its processes' numbers.
func (c *Cluster) end() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if c.runs["slurmctld"] != nil {
		_ = c.command(ctx, "scancel", "--user="+fmt.Sprint(os.Getuid())).Run() // there may be none
		_ = until(ctx, func() bool {
			out, err := c.command(ctx, "squeue", "--noheader", "--states=RUNNING,COMPLETING").Output()
			return err != nil || len(bytes.TrimSpace(out)) == 0
		})
	}
	for _, name := range append(Nodes, "slurmctld", "slurmdbd", "mariadbd", "munged") {
		c.Kill(name)
	}
}

func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf)
	return cmd
}

// Run runs a command of Slurm's, and answers what it printed.
func (c *Cluster) Run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := c.command(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// Release waits until a job was requeued, and has it start at once on another node
// than before, which would not take it yet: Slurm has it wait for two minutes.
func (c *Cluster) Release(t *testing.T, job, before string) {
	t.Helper()
	c.AwaitJob(t, job, "PENDING BeginTime")
	c.Run(t, "scontrol", "update", "JobId="+job, "StartTime=now", "ExcNodeList="+before)
}

// AwaitJob waits until a job is in a state, "PENDING", which may go on with a reason,
// "PENDING BeginTime", or "", when Slurm has forgotten it.
func (c *Cluster) AwaitJob(t *testing.T, job, state string) {
	t.Helper()
	last := ""
	if err := within(t.Context(), 3*time.Minute, func() bool { // its time limit may be what it waits for
		out, err := c.command(t.Context(), "squeue", "--noheader", "--states=all", "--job="+job, "--format=%T %r").Output()
		last = strings.TrimSpace(string(out))
		if state == "" {
			return last == "" // some versions take it for a mistake then
		}
		return err == nil && strings.HasPrefix(last, state)
	}); err != nil {
		t.Errorf("job %s is not %q but %q: %v", job, state, last, err)
	}
}

// Await waits until nodes are in a state.
func (c *Cluster) Await(ctx context.Context, state string, nodes ...string) error {
	last := ""
	err := until(ctx, func() bool {
		out, err := c.command(ctx, "sinfo", "--noheader", "--Node", "--nodes="+strings.Join(nodes, ","), "--format=%T").CombinedOutput()
		last = strings.TrimSpace(string(out))
		return err == nil && last != "" && strings.Trim(strings.ReplaceAll(last, state, ""), "*\n") == ""
	})
	if err != nil {
		return fmt.Errorf("nodes %v are not %s but %q: %w", nodes, state, last, err)
	}
	return nil
}

// until waits for something to be so.
func until(ctx context.Context, so func() bool) error {
	return within(ctx, patience, so)
}

func within(ctx context.Context, limit time.Duration, so func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for !so() {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// logs are the ends of what the cluster's programs wrote.
func (c *Cluster) logs() string {
	var b strings.Builder
	files, _ := filepath.Glob(filepath.Join(c.dir, "log", "*")) // a constant pattern
	for _, file := range files {
		text, _ := os.ReadFile(file) // what there is of it
		fmt.Fprintf(&b, "%s:\n%s\n", filepath.Base(file), text[max(len(text)-2000, 0):])
	}
	return b.String()
}
