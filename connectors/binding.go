package connectors

import (
	"fmt"
	"strings"

	"github.com/meshql/meshql/connectors/parquet"
)

// portFile is a file and where each column of the contract comes from in it.
type portFile struct {
	file     *parquet.File
	bindings []binding // by ordinal of the port
	groups   []parquet.RowGroup
}

// binding is where a column comes from: an error, the file, or one value for
// every row (a partition's; nil for a column that the file lacks).
type binding struct {
	err     error // for queries that read the column
	ordinal int   // in the file, -1: value
	convert *conversion
	value   any
}

// Why a file cannot give a column. Texts are for the operator's log.
var (
	errMissing      = fmt.Errorf("%w: a required column is missing in a file", ErrContract)
	errAmbiguous    = fmt.Errorf("%w: a column's name is ambiguous in a file", ErrContract)
	errIncompatible = fmt.Errorf("%w: a column's type in a file does not fit the contract", ErrContract)
	errUnreadable   = fmt.Errorf("%w: a column is stored in a way that is not read", ErrContract)
)

// bind looks up the contract's columns in a file.
func (p *Port) bind(f *parquet.File) *portFile {
	b := &portFile{file: f, bindings: make([]binding, len(p.cfg.Columns))}
	parts := partitions(f.Object().Key)
	var names, folders []string
	for _, c := range f.Columns() {
		names = append(names, c.Name)
	}
	for _, s := range f.Skipped() {
		names = append(names, s.Name)
	}
	for _, part := range parts {
		folders = append(folders, part.name)
	}
	for i, c := range p.cfg.Columns {
		b.bindings[i] = bindColumn(c, f, names, folders, parts)
	}
	for _, g := range f.RowGroups() {
		b.groups = append(b.groups, b.group(g))
	}
	return b
}

// bindColumn prefers a folder's value, which writers leave out of the file.
func bindColumn(c PortColumn, f *parquet.File, names, folders []string, parts []partition) binding {
	physical := c.Physical
	if physical == "" {
		physical = c.Name
	}
	if i, err := lookup(physical, folders); err != nil {
		return binding{ordinal: -1, err: err}
	} else if i >= 0 {
		value, err := parsePartition(parts[i], c.Type)
		return binding{ordinal: -1, value: value, err: err}
	}
	i, err := lookup(physical, names)
	switch {
	case err != nil:
		return binding{ordinal: -1, err: err}
	case i < 0 && c.Required:
		return binding{ordinal: -1, err: errMissing}
	case i < 0:
		return binding{ordinal: -1}
	case i >= len(f.Columns()):
		return binding{ordinal: -1, err: errUnreadable}
	}
	conversion, ok := convert(f.Columns()[i].Type, c.Type)
	if !ok {
		return binding{ordinal: -1, err: errIncompatible}
	}
	return binding{ordinal: i, convert: conversion}
}

// lookup finds a name exactly, else case-insensitively if that is unique; -1 if
// there is none.
func lookup(name string, names []string) (int, error) {
	for _, same := range []func(string) bool{
		func(s string) bool { return s == name },
		func(s string) bool { return strings.EqualFold(s, name) },
	} {
		found := -1
		for i, s := range names {
			if !same(s) {
				continue
			}
			if found >= 0 {
				return -1, errAmbiguous
			}
			found = i
		}
		if found >= 0 {
			return found, nil
		}
	}
	return -1, nil
}

// group restates what a footer says of a row group in the contract's columns.
func (b *portFile) group(g parquet.RowGroup) parquet.RowGroup {
	out := parquet.RowGroup{Rows: g.Rows, Bytes: g.Bytes, Columns: make([]parquet.ColumnStats, len(b.bindings))}
	for i, c := range b.bindings {
		s := parquet.ColumnStats{Nulls: -1, Distinct: -1}
		switch {
		case c.err != nil:
		case c.ordinal >= 0:
			from := g.Columns[c.ordinal]
			s.Nulls, s.Distinct, s.Bytes = from.Nulls, from.Distinct, from.Bytes
			s.Min, _ = c.convert.value(from.Min)
			s.Max, _ = c.convert.value(from.Max)
		case c.value == nil:
			if g.Rows > 0 { // a footer that claims no row may lie
				s.Nulls = g.Rows
			}
		default:
			s.Min, s.Max, s.Nulls, s.Distinct = c.value, c.value, 0, 1
		}
		out.Columns[i] = s
	}
	return out
}
