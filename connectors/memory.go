package connectors

import (
	"context"
	"fmt"
	"io"

	"github.com/meshql/meshql/engine/vec"
)

// Memory is a source over rows held in memory: the engine's own tables, and
// tests. It is immutable once made.
type Memory struct {
	columns []Column
	vectors []*vec.Vector
	rows    int
}

// NewMemory returns a source of rows; each has one value a column, as
// vec.Vector.Value gives it.
func NewMemory(columns []Column, rows [][]any) (*Memory, error) {
	builders := make([]*vec.Builder, len(columns))
	for i, c := range columns {
		builders[i] = vec.NewBuilder(c.Type.Kind())
	}
	for _, r := range rows {
		if len(r) != len(columns) {
			return nil, fmt.Errorf("memory source: row of %d values for %d columns", len(r), len(columns))
		}
		for i, x := range r {
			if err := builders[i].Append(x); err != nil {
				return nil, fmt.Errorf("memory source: column %s: %w", columns[i].Name, err)
			}
		}
	}
	m := &Memory{columns: columns, rows: len(rows)}
	for _, b := range builders {
		m.vectors = append(m.vectors, b.Build())
	}
	return m, nil
}

// Columns implements Source.
func (m *Memory) Columns() []Column { return m.columns }

// Pin implements Source: the rows never change.
func (m *Memory) Pin(context.Context) (Snapshot, error) { return m, nil }

// ID implements Snapshot.
func (m *Memory) ID() string { return fmt.Sprintf("memory %p", m) }

// Stats implements Snapshot.
func (m *Memory) Stats() Stats {
	st := Stats{Rows: int64(m.rows), Bytes: -1}
	for range m.columns {
		st.Columns = append(st.Columns, ColumnStats{Distinct: -1})
	}
	return st
}

// Splits implements Snapshot: one split, since these tables are small.
func (m *Memory) Splits(_ context.Context, req Request) ([]Split, error) {
	s := &memorySplit{rows: m.rows}
	for _, o := range req.Columns {
		s.vectors = append(s.vectors, m.vectors[o])
	}
	return []Split{s}, nil
}

type memorySplit struct {
	vectors []*vec.Vector
	rows    int
}

func (s *memorySplit) Rows() int64 { return int64(s.rows) }

func (s *memorySplit) Open(context.Context) (vec.Reader, error) {
	return &memoryReader{split: s}, nil
}

// memoryReader gives one batch that aliases the source's vectors.
type memoryReader struct {
	split *memorySplit
	done  bool
}

func (r *memoryReader) Next(ctx context.Context) (*vec.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.done {
		return nil, io.EOF
	}
	r.done = true
	return vec.NewBatch(r.split.rows, r.split.vectors...), nil
}

func (r *memoryReader) Close() error { return nil }
