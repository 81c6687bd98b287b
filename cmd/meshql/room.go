package main

import (
	"fmt"
	"io"
	"strings"
)

// room keeps the rows of a screen free that the line editor is about to write
// on. The editor could ask the terminal where it is, but loses keys that are
// typed before the answer; without asking it writes over itself at the bottom
// of the screen. So before it writes, the screen is scrolled where it has to be.
type room struct {
	out    io.Writer
	screen func() (width, height int)
	prompt int // columns of the prompt

	line   string // as it was last
	cursor int    // in runes
	row    int    // of the cursor on the screen, counted from the prompt's
}

// begin starts a new line to be edited, at the start of a row.
func (r *room) begin() { r.line, r.cursor, r.row = "", 0, 0 }

// keep makes room for the line and one row below it. The terminal's cursor is
// where the editor left it after the line that keep was last told of, and it
// stays there.
func (r *room) keep(line string, cursor int) {
	width, height := r.screen()
	if width <= 0 || line == r.line && cursor == r.cursor && line != "" {
		return
	}
	need := min(r.rows(line, width)-r.row, height-1)
	if need > 0 {
		fmt.Fprintf(r.out, "%s\x1b[%dA", strings.Repeat("\n", need), need)
	}
	r.line, r.cursor = line, cursor
	before := []rune(line)
	r.row = r.rows(string(before[:min(cursor, len(before))]), width) - 1
}

// rows is how many rows of the screen a line takes.
func (r *room) rows(line string, width int) int {
	n := 0
	for part := range strings.SplitSeq(line, "\n") {
		n += 1 + (r.prompt+displayWidth(part))/width
	}
	return n
}
