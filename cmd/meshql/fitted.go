package main

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/jedib0t/go-pretty/v6/text"
)

// fitted is the format of the prompt: a table, or rows written vertically where
// a table is wider than the screen. A plan is neither, but text.
func fitted(width int) format {
	return func(ctx context.Context, w io.Writer, r rows) (int, error) {
		if isPlan(r) {
			return writeLines(ctx, w, r)
		}
		h, err := hold(ctx, r)
		if err != nil {
			return 0, errors.Join(err, r.Close())
		}
		if width > 0 && len(h.Columns()) > 1 && h.width() > width {
			return writeVertical(ctx, w, h)
		}
		return writeTable(ctx, w, h)
	}
}

// isPlan reports whether a result is the text of a plan.
func isPlan(r rows) bool {
	headers := r.Columns()
	return len(headers) == 1 && headers[0].name == "EXPLAIN"
}

// writeLines writes the only column without a frame.
func writeLines(ctx context.Context, w io.Writer, r rows) (int, error) {
	b := bufio.NewWriter(w)
	n, err := each(ctx, r, func(cells []cell) error {
		_, err := b.WriteString(printable(cells[0].String()) + "\n")
		return err
	})
	return n, errors.Join(err, b.Flush())
}

// heldRows is a result whose first rows have been read already.
type heldRows struct {
	rows
	held [][]cell
	next int
	end  bool // the held rows are all
}

// hold reads as many rows as a table is laid out for.
func hold(ctx context.Context, r rows) (*heldRows, error) {
	h := &heldRows{rows: r}
	for len(h.held) < tableRows {
		cells, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			h.end = true
			return h, nil
		}
		if err != nil {
			return nil, err
		}
		row := make([]cell, len(cells))
		for i, c := range cells {
			row[i] = cell{text: append([]byte(nil), c.text...), null: c.null}
		}
		h.held = append(h.held, row)
	}
	return h, nil
}

func (h *heldRows) Next(ctx context.Context) ([]cell, error) {
	if h.next < len(h.held) {
		h.next++
		return h.held[h.next-1], nil
	}
	if h.end {
		return nil, io.EOF
	}
	return h.rows.Next(ctx)
}

// width is how many columns of a screen the held rows take as a table.
func (h *heldRows) width() int {
	total := 1
	for i, header := range h.Columns() {
		w := displayWidth(printable(header.name))
		for _, row := range h.held {
			w = max(w, displayWidth(printable(row[i].String())))
		}
		total += w + 3
	}
	return total
}

// displayWidth is how many columns of a screen a text takes.
func displayWidth(s string) int { return text.StringWidthWithoutEscSequences(s) }
