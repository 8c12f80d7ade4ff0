//go:build linux

package slurmtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// staleness is how long, in seconds, a mount believes what it has last seen of a file or
// a directory, such as that one is not there. NFS has three seconds and more.
const staleness = "5"

// share has a directory be seen through a file system of its own by this machine and by
// each node. What is written through one of them is seen late through the others, as on
// NFS; like there, what a file holds is asked for anew when it is opened.
func (c *Cluster) share(t *testing.T, dir string) {
	t.Helper()
	behind := filepath.Join(c.dir, "shared")
	if err := os.Mkdir(behind, 0o700); err != nil {
		t.Fatal(err)
	}
	c.shared = dir
	c.mount(t, behind, dir)
	for _, n := range Nodes {
		at := c.sharedBy(n)
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
		c.mount(t, behind, at)
	}
}

// sharedBy is where a node's mount lies for this machine.
func (c *Cluster) sharedBy(node string) string { return filepath.Join(c.dir, "shared."+node) }

func (c *Cluster) mount(t *testing.T, what, at string) {
	t.Helper()
	const options = "attr_timeout=" + staleness + ",entry_timeout=" + staleness + ",negative_timeout=" + staleness + ",auto_cache"
	var out bytes.Buffer
	cmd := exec.Command("bindfs", "-f", "-o", options, what, at) //nolint:noctx // it is ended below
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // also where the test is killed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is not to end before it is unmounted
	}()
	end := func() {
		_ = cmd.Process.Kill() // by itself it may never end
		<-ended
	}
	over := func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	if err := until(t.Context(), func() bool { return over() || mounted(at) }); err != nil || !mounted(at) {
		end()
		t.Skipf("no file systems by programs here: bindfs: %v\n%s", err, out.String())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
		end()
	})
}

// mounted reports whether a directory is another file system's than the one above it.
func mounted(at string) bool {
	var own, above syscall.Stat_t
	return syscall.Stat(at, &own) == nil && syscall.Stat(filepath.Dir(at), &above) == nil && own.Dev != above.Dev
}

// apart is a program of a node, which sees the shared directory through the node's own
// mount.
func (c *Cluster) apart(node string, program []string) []string {
	const script = `mount --make-private "$2" && mount --bind "$1" "$2" && shift 2 && exec "$@"`
	return append([]string{"unshare", "--mount", "--propagation", "unchanged", "sh", "-c", script, "sh", c.sharedBy(node), c.shared}, program...)
}
