package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

func newLogs(o *options) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "logs TRIAL",
		Short: "Print what a trial printed",
		Example: `  sweep logs grid-1/3
  sweep logs 3 -f`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, t, _, err := o.trial(args[0])
			if err != nil {
				return err
			}
			dir := trialdir.Dir(t.Dir)
			f, err := os.Open(dir.Log())
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("trial %s has printed nothing", t.Name())
			}
			if err != nil {
				return fmt.Errorf("read log: %w", err)
			}
			defer f.Close() //nolint:errcheck // it is only read
			for {
				if err := unlessShorter(f); err != nil {
					return err
				}
				_, ended, err := dir.Outcome()
				if err != nil {
					return err
				}
				if _, err := io.Copy(cmd.OutOrStdout(), f); err != nil {
					return fmt.Errorf("read log: %w", err)
				}
				if !follow || ended {
					return nil
				}
				select {
				case <-time.After(100 * time.Millisecond):
				case <-cmd.Context().Done():
					return nil
				}
			}
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing until the trial ends")
	return cmd
}

// unlessShorter goes on with a log where it was, or with what is now its end where
// its middle was left out meanwhile.
func unlessShorter(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err == nil && at > info.Size() {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	return nil
}
