package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// When progress is shown first, and how often again.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// clearLine takes a terminal's cursor to the start of its emptied line.
const clearLine = "\r\x1b[K"

// progress says on a terminal how long a statement has been running, from its
// second second on.
type progress struct {
	rows atomic.Int64
	stop chan struct{}
	done chan struct{}
	once sync.Once
}

// startProgress shows progress on w until it is ended; a nil w shows none.
func startProgress(w io.Writer) *progress {
	p := &progress{stop: make(chan struct{}), done: make(chan struct{})}
	if w == nil {
		close(p.done)
		return p
	}
	go p.show(w, time.Now())
	return p
}

func (p *progress) show(w io.Writer, begun time.Time) {
	defer close(p.done)
	wait := time.NewTimer(progressAfter)
	defer wait.Stop()
	shown := false
	for {
		select {
		case <-p.stop:
			if shown {
				fmt.Fprint(w, clearLine)
			}
			return
		case <-wait.C:
		}
		shown = true
		fmt.Fprintf(w, "%s%s", clearLine, progressLine(time.Since(begun), p.rows.Load()))
		wait.Reset(progressEvery)
	}
}

func progressLine(elapsed time.Duration, rows int64) string {
	line := fmt.Sprintf("%.1f s", elapsed.Seconds())
	if rows > 0 {
		line += ", " + thousands(rows) + " rows"
	}
	return line + "; Ctrl-C interrupts"
}

// end takes the line away and shows none again.
func (p *progress) end() {
	p.once.Do(func() { close(p.stop) })
	<-p.done
}

// count returns r with its rows counted.
func (p *progress) count(r rows) rows { return countedRows{r, p} }

type countedRows struct {
	rows
	progress *progress
}

func (c countedRows) Next(ctx context.Context) ([]cell, error) {
	cells, err := c.rows.Next(ctx)
	if err == nil {
		c.progress.rows.Add(1)
	}
	return cells, err
}

// afterProgress ends progress before the first byte of output.
type afterProgress struct {
	io.Writer
	progress *progress
}

func (a afterProgress) Write(b []byte) (int, error) {
	a.progress.end()
	return a.Writer.Write(b)
}

// thousands writes a number in groups of three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
