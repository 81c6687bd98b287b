package connectors

import (
	"context"

	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Column is a column of a source.
type Column struct {
	Name string
	Type mysqltype.Type
}

// Source is a relation that can be scanned. It is safe for concurrent use.
type Source interface {
	// Columns returns the columns by ordinal. They do not change.
	Columns() []Column
	// Pin fixes what one query reads: its files, their versions and footers.
	Pin(ctx context.Context) (Snapshot, error)
}

// Snapshot is one unchanging state of a source.
type Snapshot interface {
	// ID identifies the state for audit and caches; equal IDs mean equal rows.
	ID() string
	// Stats returns what footers say of the whole snapshot, before any filter.
	// It is for cost only and never reaches a principal who may not see all.
	Stats() Stats
	// Splits returns the parts to read, without those that no row of which can
	// satisfy every predicate.
	Splits(ctx context.Context, req Request) ([]Split, error)
}

// Stats are estimates: a footer may lie.
type Stats struct {
	Rows    int64 // -1 if unknown
	Bytes   int64 // compressed bytes, -1 if unknown
	Columns []ColumnStats
}

// ColumnStats are by ordinal of the source. Min and Max are physical values of
// the column's kind, nil if unknown; Distinct is -1 if unknown.
type ColumnStats struct {
	Min, Max any
	Nulls    int64
	Distinct int64
}

// Request says what a scan needs.
type Request struct {
	Columns    []int       // ordinals, in the order of the batches' columns
	Predicates []Predicate // ANDed; on any column of the source, for pruning only
	Budget     *vec.Budget // memory is reserved here before it is allocated
}

// Split is a part of a snapshot that one worker reads in order: a row group, or
// a run of an in-memory table.
type Split interface {
	Rows() int64 // an estimate
	Open(ctx context.Context) (vec.Reader, error)
}

// Predicate is "column op value" on a column of the source, and PredicateOp its
// comparison. They are declared by package parquet, which prunes by them and
// cannot import this one.
type (
	Predicate   = parquet.Predicate
	PredicateOp = parquet.Op
)

// The comparisons of a predicate.
const (
	Eq        = parquet.Eq
	Ne        = parquet.Ne
	Lt        = parquet.Lt
	Le        = parquet.Le
	Gt        = parquet.Gt
	Ge        = parquet.Ge
	In        = parquet.In
	IsNull    = parquet.IsNull
	IsNotNull = parquet.IsNotNull
)
