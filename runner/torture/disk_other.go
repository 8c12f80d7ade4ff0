//go:build !linux

package main

import (
	"context"
	"errors"
)

func (*workspace) mount() bool { return false }

func (*workspace) unmount() error { return nil }

var errNoDisk = errors.New("disks are made on Linux alone")

func full(context.Context, *workspace, *program) error { return errNoDisk }

func readOnly(context.Context, *workspace, *program) error { return errNoDisk }
