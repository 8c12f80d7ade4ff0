package main

import (
	"os"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// The committed reference is what the program would write today.
func TestReferenceIsFresh(t *testing.T) {
	committed, err := os.ReadFile("../../docs/sweep-file.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != config.Reference(plugins()) {
		t.Error("docs/sweep-file.md is not fresh: run go run ./cmd/sweep docs > docs/sweep-file.md")
	}
}
