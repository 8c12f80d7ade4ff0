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
	Conf string // path of slurm.conf, for SLURM_CONF
	dir  string
	runs map[string]*daemon
}

// daemon is a program that the cluster consists of.
type daemon struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// patience is how long the cluster may take to be what it is waited for to be.
const patience = 30 * time.Second

// Missing says what the machine lacks for a cluster; "": nothing.
func Missing() string {
	for _, name := range []string{"slurmctld", "slurmd", "munged", "sbatch"} {
		if _, err := exec.LookPath(name); err != nil {
			return "no " + name + " here: apt-get install slurmctld slurmd slurm-client munge"
		}
	}
	if os.Getuid() != 0 {
		return "a Slurm node runs as root, which this process is not"
	}
	return ""
}

// Start starts a cluster, with further lines for its slurm.conf, that ends with t,
// which is skipped where there can be none. Slurm's commands speak to it by Conf.
func Start(t *testing.T, lines ...string) *Cluster {
	t.Helper()
	if why := Missing(); why != "" {
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
	if err := c.configure(lines); err != nil {
		t.Fatal(err)
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
	conf := strings.Join(lines, "\n") + "\n" + strings.NewReplacer("@DIR@", c.dir, "@HOST@", host, "@USER@", who.Username,
		"@PORT@", ports[0], "@PORT1@", ports[1], "@PORT2@", ports[2]).Replace(template)
	files := map[string][]byte{
		"slurm.conf": []byte(conf), "munge.key": bytes.Repeat([]byte("for tests only, "), 64),
		"gres.conf": fmt.Appendf(nil, "NodeName=%s Name=gpu File=%s/gpu[0-3]\n", strings.Join(Nodes, ","), c.dir),
	}
	for name, content := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(c.dir, name), content, 0o600))
	}
	for i := range 4 { // GPUs are devices: these are like /dev/null
		err = errors.Join(err, syscall.Mknod(filepath.Join(c.dir, fmt.Sprintf("gpu%d", i)), syscall.S_IFCHR|0o600, 1<<8|3))
	}
	return errors.Join(err, os.Mkdir(filepath.Join(c.dir, "state"), 0o700), os.Mkdir(filepath.Join(c.dir, "log"), 0o700))
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
	program := name
	for _, n := range Nodes {
		if name == n {
			program = "slurmd"
		}
	}
	cmd := exec.Command(program, args...) //nolint:noctx // it is ended by name
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
	for _, name := range append(Nodes, "slurmctld", "munged") {
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
	if err := until(t.Context(), func() bool {
		out, err := c.command(t.Context(), "squeue", "--noheader", "--job="+job, "--format=%T %r").Output()
		return err == nil && strings.HasPrefix(string(out), "PENDING BeginTime")
	}); err != nil {
		t.Errorf("job %s was not requeued: %v", job, err)
		return
	}
	c.Run(t, "scontrol", "update", "JobId="+job, "StartTime=now", "ExcNodeList="+before)
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
	ctx, cancel := context.WithTimeout(ctx, patience)
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
