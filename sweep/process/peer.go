package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Peer is a child that answers requests on its standard input, a line of JSON each.
type Peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// StartPeer starts cmd, whose errors go to ours.
func StartPeer(cmd *exec.Cmd) (*Peer, error) {
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return &Peer{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// Process is the child's.
func (p *Peer) Process() *os.Process { return p.cmd.Process }

// Call sends a request and reads the answer.
func (p *Peer) Call(request, answer any) error {
	if err := json.NewEncoder(p.in).Encode(request); err != nil {
		return fmt.Errorf("ask %s: %w", p.cmd.Path, err)
	}
	return p.Read(answer)
}

// Read reads an answer to what was not asked: a greeting.
func (p *Peer) Read(answer any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", p.cmd.Path, err)
	}
	if err := json.Unmarshal(line, answer); err != nil {
		return fmt.Errorf("read answer %q of %s: %w", line, p.cmd.Path, err)
	}
	return nil
}

// Close ends the child's input, and waits for it to end.
func (p *Peer) Close() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }
