package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// pager is a writer that shows what fits a screen directly and hands what is
// longer to a command.
type pager struct {
	out     io.Writer
	command string // empty: none
	lines   int    // that fit

	held  bytes.Buffer
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// pagerCommand is the command that long results go through, empty for none.
func pagerCommand(setting string) string {
	switch {
	case setting == pagerOff:
		return ""
	case setting != "":
		return setting
	case os.Getenv("PAGER") != "":
		return os.Getenv("PAGER")
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

func (p *pager) Write(b []byte) (int, error) {
	switch {
	case p.command == "":
		return p.out.Write(b)
	case p.stdin != nil:
		return p.stdin.Write(b)
	}
	p.held.Write(b)
	if bytes.Count(p.held.Bytes(), []byte("\n")) <= p.lines {
		return len(b), nil
	}
	if err := p.start(); err != nil {
		return 0, err
	}
	if _, err := p.stdin.Write(p.held.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (p *pager) start() error {
	p.cmd = exec.Command("sh", "-c", p.command)
	p.cmd.Stdout, p.cmd.Stderr = p.out, os.Stderr
	p.cmd.Env = append(os.Environ(), "LESS=-SRFX")
	if own, set := os.LookupEnv("LESS"); set {
		p.cmd.Env = append(p.cmd.Env, "LESS="+own)
	}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("pager: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("pager: %w", err)
	}
	p.stdin = in
	return nil
}

// Close shows what was held back, or waits until the pager is left.
func (p *pager) Close() error {
	if p.stdin == nil {
		_, err := p.out.Write(p.held.Bytes())
		return err
	}
	err := p.stdin.Close()
	var left *exec.ExitError
	if werr := p.cmd.Wait(); werr != nil && !errors.As(werr, &left) {
		err = errors.Join(err, werr)
	}
	return err
}

// brokenPipe reports whether nobody reads the output any more, which ends it
// quietly.
func brokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
