//go:build linux

package slurmtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// books is where a cluster's accounting is kept.
type books struct{ daemon, database string } // ports

func newBooks() (*books, error) {
	ports, err := free(2)
	if err != nil {
		return nil, err
	}
	return &books{daemon: ports[0], database: ports[1]}, nil
}

// lines are those of slurm.conf, of a cluster in dir.
func (b *books) lines(dir string) []string {
	return []string{
		"AccountingStorageType=accounting_storage/slurmdbd", "AccountingStorageHost=127.0.0.1", "AccountingStoragePort=" + b.daemon,
		"AccountingStoragePass=" + filepath.Join(dir, "munge.socket"),
	}
}

// keepBooks starts the database and who writes into it. The database has no users: it
// is there for the test, and for this machine, only.
func (c *Cluster) keepBooks(ctx context.Context) error {
	in := func(name string) string { return filepath.Join(c.dir, name) }
	conf := fmt.Sprintf(`AuthType=auth/munge
AuthInfo=socket=%s
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=%s
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=%s
StorageUser=root
StorageLoc=slurm
LogFile=%s
PidFile=%s
`, in("munge.socket"), c.books.daemon, c.books.database, in("log/slurmdbd.log"), in("slurmdbd.pid"))
	if err := os.WriteFile(in("slurmdbd.conf"), []byte(conf), 0o600); err != nil {
		return err
	}
	if out, err := c.command(ctx, "mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+in("database"), "--force", "--skip-test-db").CombinedOutput(); err != nil {
		return fmt.Errorf("make the database: %w\n%s", err, out)
	}
	if err := c.launch("mariadbd", "--no-defaults", "--user=root", "--datadir="+in("database"), "--skip-grant-tables", "--bind-address=127.0.0.1",
		"--port="+c.books.database, "--socket="+in("mariadb.socket"), "--pid-file="+in("mariadb.pid"), "--log-error="+in("log/mariadb.log")); err != nil {
		return err
	}
	if err := until(ctx, func() bool { return listens(ctx, c.books.database) }); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	if err := c.launch("slurmdbd", "-D"); err != nil {
		return err
	}
	if err := until(ctx, func() bool { return listens(ctx, c.books.daemon) }); err != nil {
		return fmt.Errorf("slurmdbd does not answer: %w", err)
	}
	if out, err := c.command(ctx, "sacctmgr", "--immediate", "add", "cluster", "sweeptest").CombinedOutput(); err != nil && !bytes.Contains(out, []byte("already exists")) {
		return fmt.Errorf("add the cluster to its accounting: %w\n%s", err, out)
	}
	return nil
}

func listens(ctx context.Context, port string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
