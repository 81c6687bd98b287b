// Package connectors says what a relation looks like to a scan: a [Source] is
// pinned into a [Snapshot], which gives [Split]s to read in parallel. Parquet
// ports, published snapshots and the engine's own system tables are sources.
//
// A source applies predicates only to skip what cannot match (row groups,
// partitions, pages). Exactness is the executor's: it filters again, so a
// source that prunes too little is slow, never wrong, and cannot leak a row.
package connectors

import (
	"context"

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

// PredicateOp is the comparison of a predicate.
type PredicateOp uint8

const (
	Eq PredicateOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
	In        // equal to one of Values
	IsNull    // no value
	IsNotNull // no value
)

// Predicate is "column op value", a condition that rows must satisfy to count;
// a NULL column satisfies only IsNull. Values are physical values of the
// column's kind; strings compare by bytes.
type Predicate struct {
	Column int // ordinal in the source
	Op     PredicateOp
	Values []any
}
