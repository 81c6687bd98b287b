package connectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
)

// PortConfig says what a port of Parquet files is made of.
type PortConfig struct {
	Store objstore.Store
	// Key is where the files are, below the store's root: one object, a prefix
	// (a folder), or a glob in which * stands for part of one segment and ** for
	// any number of them. Folders named key=value give columns.
	Key     string
	Columns []PortColumn // what the contract names; nothing else exists
}

// PortColumn is a column of the contract.
type PortColumn struct {
	Column
	Physical string // name in the files; empty: Name
	Required bool   // a file without the column is an error, not NULLs
}

// Limits of a port.
const (
	maxPortFiles   = 10_000
	footersInCache = 4_096
)

// Failures of a port that are not its store's or its files'.
var (
	// ErrNoData says that there is no file.
	ErrNoData = errors.New("no data file")
	// ErrUnstable says that the files changed while they were listed.
	ErrUnstable = errors.New("files are changing")
	// ErrContract says that a file does not fit the contract.
	ErrContract = errors.New("a file does not fit the contract")
)

// Class names a failure of storage in words for users, and reports whether err
// is one; if not, a file itself is unreadable or does not fit.
func Class(err error) (string, bool) {
	for _, c := range []error{objstore.ErrNotFound, objstore.ErrChanged, objstore.ErrDenied, objstore.ErrThrottled,
		objstore.ErrUnavailable, objstore.ErrTooMany, objstore.ErrOutside, ErrNoData, ErrUnstable} {
		if errors.Is(err, c) {
			return c.Error(), true
		}
	}
	return "", false
}

// Port is a source over Parquet files in a domain's storage. Plain files are
// read under the versions that two equal listings show: weaker than a published
// snapshot, since the files of one listing need not belong together.
type Port struct {
	cfg     PortConfig
	columns []Column
	prefix  string // what List is asked for
	pattern []string

	mu      sync.Mutex
	footers map[objstore.Object]*parquet.File
}

// OpenPort returns a port. It reads nothing yet: a port without files exists.
func OpenPort(cfg PortConfig) (*Port, error) {
	if cfg.Key == "" || path.IsAbs(cfg.Key) {
		return nil, fmt.Errorf("port: %w", objstore.ErrOutside)
	}
	p := &Port{cfg: cfg, footers: make(map[objstore.Object]*parquet.File)}
	for _, c := range cfg.Columns {
		p.columns = append(p.columns, c.Column)
	}
	for _, s := range strings.Split(strings.Trim(cfg.Key, "/"), "/") {
		if s == ".." || s == "." || s == "" {
			return nil, fmt.Errorf("port: %w", objstore.ErrOutside)
		}
		p.pattern = append(p.pattern, s)
	}
	fixed := slices.IndexFunc(p.pattern, func(s string) bool { return strings.ContainsAny(s, "*?[") })
	if fixed < 0 {
		fixed = len(p.pattern)
	}
	p.prefix = strings.Join(p.pattern[:fixed], "/")
	if fixed < len(p.pattern) && fixed > 0 {
		p.prefix += "/"
	}
	return p, nil
}

// Columns implements Source.
func (p *Port) Columns() []Column { return p.columns }

// Pin implements Source: it lists the files until two listings agree, and reads
// the footers of those that it has not seen.
func (p *Port) Pin(ctx context.Context) (Snapshot, error) {
	objects, err := p.list(ctx)
	if err != nil {
		return nil, err
	}
	for tries := 0; ; tries++ {
		again, err := p.list(ctx)
		if err != nil {
			return nil, err
		}
		if slices.Equal(objects, again) {
			break
		}
		if tries == 3 {
			return nil, ErrUnstable
		}
		objects = again
	}
	if len(objects) == 0 {
		return nil, ErrNoData
	}
	s := &portSnapshot{port: p}
	id := sha256.New()
	for _, o := range objects {
		f, err := p.footer(ctx, o)
		if err != nil {
			return nil, err
		}
		pf, err := p.bind(f, partitions(o.Key))
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, pf)
		fmt.Fprintf(id, "%q %q %d\n", o.Key, o.ETag, o.Size)
	}
	s.id = hex.EncodeToString(id.Sum(nil)[:16])
	return s, nil
}

func (p *Port) list(ctx context.Context) ([]objstore.Object, error) {
	all, err := p.cfg.Store.List(ctx, p.prefix, maxPortFiles)
	if err != nil {
		return nil, err
	}
	var out []objstore.Object
	for _, o := range all {
		if p.matches(o.Key) && o.Size > 0 {
			o.Modified = o.Modified.UTC().Round(0)
			out = append(out, o)
		}
	}
	return out, nil
}

// matches reports whether key is one of the port's files. Names that begin with
// a dot or an underscore are what writers leave behind, not data.
func (p *Port) matches(key string) bool {
	segments := strings.Split(key, "/")
	for _, s := range segments[min(len(p.pattern)-1, len(segments)-1):] {
		if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "_") {
			return false
		}
	}
	if strings.ContainsAny(p.cfg.Key, "*?[") {
		return globMatch(p.pattern, segments)
	}
	if slices.Equal(p.pattern, segments) {
		return true
	}
	return len(segments) > len(p.pattern) && slices.Equal(p.pattern, segments[:len(p.pattern)]) && strings.HasSuffix(key, ".parquet")
}

func globMatch(pattern, segments []string) bool {
	if len(pattern) == 0 {
		return len(segments) == 0
	}
	if pattern[0] == "**" {
		for i := range len(segments) + 1 {
			if globMatch(pattern[1:], segments[i:]) {
				return true
			}
		}
		return false
	}
	if len(segments) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], segments[0])
	return ok && err == nil && globMatch(pattern[1:], segments[1:])
}

// footer returns the footer of one version of a file, read once.
func (p *Port) footer(ctx context.Context, o objstore.Object) (*parquet.File, error) {
	p.mu.Lock()
	f := p.footers[o]
	p.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := parquet.Open(ctx, p.cfg.Store, o)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.footers) >= footersInCache {
		clear(p.footers)
	}
	p.footers[o] = f
	return f, nil
}

// portFile is a file bound to the contract's columns.
type portFile struct {
	file    *parquet.File
	columns []fileColumn // by ordinal of the port
}

// fileColumn is where a column of the contract comes from in one file: a column
// of the file through a conversion, or a constant (a partition's value, or NULL
// where the file lacks it).
type fileColumn struct {
	ordinal  int // in the file; -1: constant
	constant any
	convert  *conversion // nil: as it is
}

// bind finds every column of the contract in a file.
func (p *Port) bind(f *parquet.File, parts map[string]string) (*portFile, error) {
	pf := &portFile{file: f}
	for _, c := range p.cfg.Columns {
		name := c.Physical
		if name == "" {
			name = c.Name
		}
		fc, err := bindColumn(f, parts, name, c)
		if err != nil {
			return nil, err
		}
		pf.columns = append(pf.columns, fc)
	}
	return pf, nil
}

func bindColumn(f *parquet.File, parts map[string]string, name string, c PortColumn) (fileColumn, error) {
	if i, ok := findColumn(f.Columns(), name); ok {
		conv, err := convertType(f.Columns()[i].Type, c.Type)
		if err != nil {
			return fileColumn{}, fmt.Errorf("%w: column %s: %w", ErrContract, c.Name, err)
		}
		return fileColumn{ordinal: i, convert: conv}, nil
	}
	for _, s := range f.Skipped() {
		if strings.EqualFold(s.Name, name) {
			return fileColumn{}, fmt.Errorf("%w: column %s: %s", ErrContract, c.Name, s.Reason)
		}
	}
	if text, ok := parts[strings.ToLower(name)]; ok {
		x, err := partitionValue(text, c.Type)
		if err != nil {
			return fileColumn{}, fmt.Errorf("%w: column %s: %w", ErrContract, c.Name, err)
		}
		return fileColumn{ordinal: -1, constant: x}, nil
	}
	if c.Required {
		return fileColumn{}, fmt.Errorf("%w: required column %s is missing", ErrContract, c.Name)
	}
	return fileColumn{ordinal: -1}, nil
}

// findColumn looks a name up exactly, then without case if that is unique.
func findColumn(columns []parquet.Column, name string) (int, bool) {
	found := -1
	for i, c := range columns {
		if c.Name == name {
			return i, true
		}
		if strings.EqualFold(c.Name, name) {
			if found >= 0 {
				found = -2
			} else if found == -1 {
				found = i
			}
		}
	}
	return found, found >= 0
}

// portSnapshot is the files of one pinning.
type portSnapshot struct {
	port  *Port
	id    string
	files []*portFile
}

// ID implements Snapshot.
func (s *portSnapshot) ID() string { return s.id }

// Stats implements Snapshot: sums and bounds over all row groups.
func (s *portSnapshot) Stats() Stats {
	st := Stats{Columns: make([]ColumnStats, len(s.port.columns))}
	bounded := make([]bool, len(st.Columns))
	for i := range st.Columns {
		st.Columns[i].Distinct, bounded[i] = -1, true
	}
	for _, f := range s.files {
		for _, g := range f.file.RowGroups() {
			st.Rows += g.Rows
			st.Bytes += g.Bytes
			for i, c := range f.columns {
				cs := &st.Columns[i]
				switch {
				case c.ordinal < 0 && c.constant == nil:
					cs.Nulls += g.Rows
				case c.ordinal < 0:
					widen(cs, c.constant, c.constant, &bounded[i])
				case c.convert != nil:
					bounded[i] = false
				default:
					fs := g.Columns[c.ordinal]
					cs.Nulls += max(fs.Nulls, 0)
					widen(cs, fs.Min, fs.Max, &bounded[i])
					cs.Distinct = max(cs.Distinct, fs.Distinct)
				}
			}
		}
	}
	for i := range st.Columns {
		if !bounded[i] {
			st.Columns[i].Min, st.Columns[i].Max = nil, nil
		}
	}
	return st
}

func widen(cs *ColumnStats, low, high any, bounded *bool) {
	if low == nil || high == nil {
		*bounded = false
		return
	}
	if cs.Min == nil || parquet.Compare(low, cs.Min) < 0 {
		cs.Min = low
	}
	if cs.Max == nil || parquet.Compare(high, cs.Max) > 0 {
		cs.Max = high
	}
}

// Splits implements Snapshot: the row groups that may hold a matching row.
func (s *portSnapshot) Splits(ctx context.Context, req Request) ([]Split, error) {
	var out []Split
	for _, f := range s.files {
		predicates, possible := f.predicates(req.Predicates)
		if !possible {
			continue
		}
		for g := range f.file.RowGroups() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if group := &f.file.RowGroups()[g]; group.Matches(predicates) {
				out = append(out, &portSplit{snapshot: s, file: f, group: g, req: req, predicates: predicates})
			}
		}
	}
	return out, nil
}

// predicates translates predicates to a file's columns. Those on converted
// columns prune nothing; those on constants are decided here: possible is false
// if no row of the file can satisfy one.
func (f *portFile) predicates(ps []Predicate) (out []parquet.Predicate, possible bool) {
	for _, p := range ps {
		c := f.columns[p.Column]
		switch {
		case c.ordinal >= 0 && c.convert == nil:
			out = append(out, parquet.Predicate{Column: c.ordinal, Op: parquet.Op(p.Op), Values: p.Values})
		case c.ordinal < 0:
			if !constantMatches(c.constant, p) {
				return nil, false
			}
		}
	}
	return out, true
}

// constantMatches reports whether a constant column may satisfy p.
func constantMatches(x any, p Predicate) bool {
	if x == nil || p.Op == IsNull || p.Op == IsNotNull {
		return (x == nil) == (p.Op == IsNull)
	}
	g := parquet.RowGroup{Rows: 1, Columns: []parquet.ColumnStats{{Min: x, Max: x, Distinct: 1}}}
	return g.Matches([]parquet.Predicate{{Op: parquet.Op(p.Op), Values: p.Values}})
}

// portSplit is a row group.
type portSplit struct {
	snapshot   *portSnapshot
	file       *portFile
	group      int
	req        Request
	predicates []parquet.Predicate
}

// Rows implements Split.
func (s *portSplit) Rows() int64 { return s.file.file.RowGroups()[s.group].Rows }

// Open implements Split.
func (s *portSplit) Open(ctx context.Context) (vec.Reader, error) {
	r := &portReader{split: s}
	var ordinals []int
	for _, o := range s.req.Columns {
		c := s.file.columns[o]
		if c.ordinal < 0 {
			r.sources = append(r.sources, -1)
			continue
		}
		at := slices.Index(ordinals, c.ordinal)
		if at < 0 {
			at = len(ordinals)
			ordinals = append(ordinals, c.ordinal)
		}
		r.sources = append(r.sources, at)
	}
	in, err := s.file.file.Read(ctx, s.group, ordinals, parquet.ReadOptions{Budget: s.req.Budget, Predicates: s.predicates})
	if err != nil {
		return nil, err
	}
	r.in = in
	return r, nil
}

// portReader gives a file's batches the contract's columns.
type portReader struct {
	split   *portSplit
	in      vec.Reader
	sources []int // by requested column: column of in, -1 for constants
	batch   vec.Batch
}

// Next implements vec.Reader.
func (r *portReader) Next(ctx context.Context) (*vec.Batch, error) {
	in, err := r.in.Next(ctx)
	if err != nil {
		return nil, err
	}
	columns := r.split.snapshot.port.columns
	r.batch.Reset(in.N, len(r.sources))
	r.batch.Sel = in.Sel
	for i, from := range r.sources {
		o := r.split.req.Columns[i]
		c := r.split.file.columns[o]
		switch {
		case from < 0:
			r.batch.Set(i, vec.NewConstant(columns[o].Type.Kind(), c.constant, in.N))
		case c.convert == nil:
			r.batch.Share(i, in, from)
		default:
			r.batch.SetLazy(i, &convertedColumn{in: in, from: from, conversion: c.convert})
		}
	}
	return &r.batch, nil
}

// Close implements vec.Reader.
func (r *portReader) Close() error { return r.in.Close() }
