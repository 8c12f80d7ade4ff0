package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// unit is what systemd is told of a workspace's daemon. A stop signals the daemon
// alone, which ends its runs itself.
const unit = `# Written by sweep schedule install; sweep schedule uninstall removes it.
[Unit]
Description=%s

[Service]
Type=notify
NotifyAccess=main
ExecStart=%s
ExecReload=/bin/kill -HUP $MAINPID
Environment=%s
EnvironmentFile=-%s
KillMode=mixed
TimeoutStopSec=5min
Restart=on-failure
RestartSec=10

[Install]
WantedBy=default.target
`

func newScheduleInstall(o *options) *cobra.Command {
	var with string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Have systemd always run the daemon of this workspace, or say what cron needs",
		Long: `Write a unit that has systemd run the daemon of this workspace for you, and print
what to type to start it. It gets the PATH that is set now: trials that are commands
look for their programs in it. What else is to be in its environment, such as secrets
that the files read with env("NAME"), goes into daemon.env in the workspace, which you
write: a line NAME=value each.

Where there is no systemd, print a line for your crontab (crontab -e).`,
		Example: `  sweep schedule install
  sweep schedule install --with cron`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find own program: %w", err)
			}
			switch with {
			case "auto", "systemd", "cron":
			default:
				return status{exitUsage, fmt.Errorf("--with %s: write auto, systemd or cron", with)}
			}
			if err := os.MkdirAll(db.Dir(), 0o700); err != nil { // what the daemon says goes there
				return fmt.Errorf("make workspace: %w", err)
			}
			if with == "cron" || with == "auto" && !hasSystemd() {
				fmt.Fprintln(cmd.OutOrStdout(), crontabLine(db, exe))
				o.say(cmd.ErrOrStderr(), "that is a line for crontab -e: cron then starts the daemon with the machine")
				return nil
			}
			file, err := unitFile(db)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				return fmt.Errorf("install unit: %w", err)
			}
			text := fmt.Sprintf(unit, plainText("sweep daemon of "+db.Dir()),
				word(exe)+" --dir "+word(db.Dir())+" daemon", strings.ReplaceAll(word("PATH="+os.Getenv("PATH")), "$$", "$"), strings.ReplaceAll(envFile(db), "%", "%%"))
			if err := trialdir.WriteFile(file, []byte(text)); err != nil {
				return fmt.Errorf("install unit: %w", err)
			}
			o.say(cmd.ErrOrStderr(), "wrote %s; to have it run, type", file)
			fmt.Fprintf(cmd.OutOrStdout(), "systemctl --user daemon-reload\nsystemctl --user enable --now %s\n", filepath.Base(file))
			o.say(cmd.ErrOrStderr(), "it ends when you log out, unless you type: loginctl enable-linger")
			return nil
		},
	}
	cmd.Flags().StringVar(&with, "with", "auto", "what is to start the daemon: systemd, cron, or auto: systemd where it runs")
	return cmd
}

func newScheduleUninstall(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "Remove what install has written",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			file, err := unitFile(db)
			if err != nil {
				return err
			}
			if err := os.Remove(file); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("uninstall: there is no %s; a line in a crontab is yours to remove (crontab -e)", file)
			} else if err != nil {
				return fmt.Errorf("uninstall: %w", err)
			}
			o.say(cmd.ErrOrStderr(), "removed %s; to end what runs of it, type", file)
			fmt.Fprintf(cmd.OutOrStdout(), "systemctl --user disable --now %s\nsystemctl --user daemon-reload\n", filepath.Base(file))
			return nil
		},
	}
}

// envFile is where a person writes down what is to be in the daemon's environment.
func envFile(db *results.DB) string { return filepath.Join(db.Dir(), "daemon.env") }

// hasSystemd reports whether systemd runs this machine (sd_booted(3)), and can be
// spoken to.
func hasSystemd() bool {
	_, err := os.Stat("/run/systemd/system")
	_, lerr := exec.LookPath("systemctl")
	return err == nil && lerr == nil
}

var notInUnitName = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// unitFile is the unit of a workspace: named for where it lies, and told from others
// of that name by a hash.
func unitFile(db *results.DB) (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find directory for units: %w", err)
	}
	base := filepath.Base(db.Dir())
	if strings.HasPrefix(base, ".") {
		base = filepath.Base(filepath.Dir(db.Dir()))
	}
	sum := sha256.Sum256([]byte(db.Dir()))
	name := fmt.Sprintf("sweep-%s-%x.service", strings.Trim(notInUnitName.ReplaceAllString(base, "-"), "-."), sum[:4])
	return filepath.Join(config, "systemd", "user", name), nil
}

// plainText is a text as a setting of a unit takes it (systemd.unit(5)).
func plainText(s string) string {
	return strings.NewReplacer("%", "%%", "\\", "\\\\", "\n", " ").Replace(s)
}

// word is a word of a command line in a unit (systemd.service(5)).
func word(s string) string {
	return `"` + strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`, "$", "$$", "\n", `\n`).Replace(s) + `"`
}

// crontabLine has cron start the daemon with the machine (crontab(5)).
func crontabLine(db *results.DB, exe string) string {
	quote := func(s string) string {
		return strings.ReplaceAll("'"+strings.ReplaceAll(s, "'", `'\''`)+"'", "%", `\%`)
	}
	return fmt.Sprintf("@reboot %s --dir %s daemon 2>>%s", quote(exe), quote(db.Dir()), quote(filepath.Join(db.Dir(), "daemon.log")))
}
