package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/sweep/config"
)

func newDocs(p *config.Plugins) *cobra.Command {
	return &cobra.Command{
		Use:   "docs",
		Short: "Print the reference of sweep files, in Markdown",
		Example: `  sweep docs | less
  sweep docs > docs/sweep-file.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := fmt.Fprint(cmd.OutOrStdout(), config.Reference(p)); err != nil {
				return fmt.Errorf("write reference: %w", err)
			}
			return nil
		},
	}
}
