package connectors

import (
	"context"

	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
)

// portSnapshot is a set of pinned files.
type portSnapshot struct {
	port  *Port
	id    string
	files []*portFile
}

// ID implements Snapshot.
func (s *portSnapshot) ID() string { return s.id }

// Stats implements Snapshot.
func (s *portSnapshot) Stats() Stats {
	st := Stats{Columns: make([]ColumnStats, len(s.port.columns))}
	first := true
	for _, f := range s.files {
		for _, g := range f.groups {
			st.Rows += g.Rows
			st.Bytes += g.Bytes
			for i, c := range g.Columns {
				if first {
					st.Columns[i] = ColumnStats{Min: c.Min, Max: c.Max, Nulls: c.Nulls, Distinct: c.Distinct}
				} else {
					st.Columns[i].add(&c, g.Rows)
				}
			}
			first = false
		}
	}
	for i := range st.Columns {
		if first {
			st.Columns[i].Distinct = -1
		}
	}
	return st
}

// add widens s by a row group. A group of NULLs alone has no bounds.
func (s *ColumnStats) add(c *parquet.ColumnStats, rows int64) {
	if c.Nulls != rows || rows == 0 {
		s.Min, s.Max = extreme(s.Min, c.Min, -1), extreme(s.Max, c.Max, 1)
	}
	if s.Nulls >= 0 {
		if s.Nulls += c.Nulls; c.Nulls < 0 {
			s.Nulls = -1
		}
	}
	if s.Distinct != c.Distinct {
		s.Distinct = -1
	}
}

// extreme returns the one of a and b that lies further in the direction of sign,
// nil if either is unknown.
func extreme(a, b any, sign int) any {
	switch {
	case a == nil || b == nil:
		return nil
	case parquet.Compare(a, b)*sign >= 0:
		return a
	}
	return b
}

// Splits implements Snapshot: a split is a row group.
func (s *portSnapshot) Splits(ctx context.Context, req Request) ([]Split, error) {
	var splits []Split
	for _, f := range s.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, c := range req.Columns {
			if err := f.bindings[c].err; err != nil {
				return nil, err
			}
		}
		var scan *fileScan
		for i := range f.groups {
			if !f.groups[i].Matches(req.Predicates) {
				continue
			}
			if scan == nil {
				scan = newFileScan(s.port, f, req)
			}
			splits = append(splits, &portSplit{scan, i})
		}
	}
	return splits, nil
}

// fileScan is what the splits of one file share.
type fileScan struct {
	port    *Port
	file    *portFile
	columns []int // ordinals of the port, in the order of the request
	read    []int // ordinals of the file
	slots   []int // by request column: index in read, -1: one value
	options parquet.ReadOptions
}

func newFileScan(p *Port, f *portFile, req Request) *fileScan {
	s := &fileScan{port: p, file: f, columns: req.Columns, options: parquet.ReadOptions{Budget: req.Budget}}
	for _, c := range req.Columns {
		slot := -1
		if o := f.bindings[c].ordinal; o >= 0 {
			slot = len(s.read)
			s.read = append(s.read, o)
		}
		s.slots = append(s.slots, slot)
	}
	// Pages are pruned where the file's values are the contract's.
	for _, q := range req.Predicates {
		if b := f.bindings[q.Column]; b.err == nil && b.ordinal >= 0 && b.convert.kernel == nil {
			q.Column = b.ordinal
			s.options.Predicates = append(s.options.Predicates, q)
		}
	}
	return s
}

type portSplit struct {
	scan  *fileScan
	group int
}

func (s *portSplit) Rows() int64 { return s.scan.file.groups[s.group].Rows }

func (s *portSplit) Open(ctx context.Context) (vec.Reader, error) {
	r, err := s.scan.file.file.Read(ctx, s.group, s.scan.read, s.scan.options)
	if err != nil {
		return nil, err
	}
	return &portReader{scan: s.scan, in: r}, nil
}

// portReader turns a file's batches into the contract's columns.
type portReader struct {
	scan *fileScan
	in   vec.Reader
	out  vec.Batch
}

func (r *portReader) Next(ctx context.Context) (*vec.Batch, error) {
	in, err := r.in.Next(ctx)
	if err != nil {
		return nil, err
	}
	r.out.Reset(in.N, len(r.scan.columns))
	r.out.Sel = in.Sel
	for i, c := range r.scan.columns {
		b := &r.scan.file.bindings[c]
		switch slot := r.scan.slots[i]; {
		case slot < 0:
			r.out.Set(i, vec.NewConstant(r.scan.port.columns[c].Type.Kind(), b.value, in.N))
		case b.convert.kernel == nil:
			r.out.Share(i, in, slot)
		default:
			r.out.SetLazy(i, &convertedColumn{in, slot, b.convert})
		}
	}
	return &r.out, nil
}

func (r *portReader) Close() error { return r.in.Close() }

// convertedColumn converts a column when it is asked for.
type convertedColumn struct {
	in      *vec.Batch
	slot    int
	convert *conversion
}

func (c *convertedColumn) Decode(ctx context.Context, sel vec.Selection) (*vec.Vector, error) {
	var one vec.Batch
	one.Reset(c.in.N, 1)
	one.Sel = sel
	one.Share(0, c.in, c.slot)
	v, err := one.Col(ctx, 0)
	if err != nil {
		return nil, err
	}
	return c.convert.apply(v, sel)
}
