package main

import (
	"context"
	"errors"
	"io"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// rows is a result as the writers of output see it, from this process's engine
// or from a server.
type rows interface {
	// Columns describe the result; none for a statement without one.
	Columns() []header
	// Next returns the next row's cells, valid until the next call, or io.EOF.
	Next(ctx context.Context) ([]cell, error)
	Close() error
}

// header is a result column.
type header struct {
	name    string
	numeric bool // right-aligned, and a number in JSON
	json    bool // a JSON document
}

// cell is one value as text.
type cell struct {
	text []byte
	null bool
}

// engineRows reads a result of this process's engine.
type engineRows struct {
	session *engine.Session
	result  *engine.Result
	headers []header

	batch   *vec.Batch
	vectors []*vec.Vector
	next    int // of the batch's selection
	cells   []cell
	text    []byte
}

func newEngineRows(s *engine.Session, r *engine.Result) *engineRows {
	e := &engineRows{session: s, result: r}
	for _, c := range r.Columns() {
		e.headers = append(e.headers, header{name: c.Name, numeric: c.Type.IsNumeric(), json: c.Type.ID == mysqltype.JSON})
	}
	e.cells = make([]cell, len(e.headers))
	return e
}

func (e *engineRows) Columns() []header { return e.headers }

func (e *engineRows) Close() error { return e.result.Close() }

func (e *engineRows) Next(ctx context.Context) ([]cell, error) {
	for e.batch == nil || e.next >= e.batch.Rows() {
		b, err := e.result.Next(ctx)
		if err != nil {
			return nil, err
		}
		e.batch, e.next, e.vectors = b, 0, e.vectors[:0]
		for i := range e.headers {
			v, err := b.Col(ctx, i)
			if err != nil {
				return nil, err
			}
			e.vectors = append(e.vectors, v)
		}
	}
	row := e.next
	if e.batch.Sel != nil {
		row = int(e.batch.Sel[e.next])
	}
	e.next++
	e.text = e.text[:0]
	for i, v := range e.vectors {
		if e.cells[i] = (cell{null: v.IsNull(row)}); e.cells[i].null {
			continue
		}
		start := len(e.text)
		e.text = mysqltype.AppendText(e.text, e.result.Columns()[i].Type, v, row, e.session.Location())
		e.cells[i].text = e.text[start:len(e.text):len(e.text)]
	}
	return e.cells, nil
}

// each calls fn for every row and closes the result.
func each(ctx context.Context, r rows, fn func([]cell) error) (n int, err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		cells, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n++
		if err := fn(cells); err != nil {
			return n, err
		}
	}
}
