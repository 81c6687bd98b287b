package exec

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"io"
	"slices"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// sort compiles ORDER BY: each lane of the input keeps its rows and sorts them
// in runs; one lane merges the runs. With one worker equal keys keep the
// input's order.
func (q *query) sort(n *plan.Sort) (*stream, error) {
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	s := &sorter{q: q, in: in}
	for range in.lanes {
		keys, err := q.sortKeys(n.Keys, in.cols)
		if err != nil {
			return nil, err
		}
		s.lanes = append(s.lanes, &sortLane{
			mem:     account{budget: q.opts.Budget},
			encoder: keyEncoder{keys: keys},
			rows:    newRows(in.cols, q.opts.Budget),
		})
	}
	return &stream{lanes: []vec.Reader{s}, cols: in.cols}, nil
}

// runRows is how many rows a sorted run has; sorting one takes milliseconds.
const runRows = 1 << 15

// sorter is the one lane of a sort.
type sorter struct {
	q     *query
	in    *stream
	lanes []*sortLane
	cols  []*vec.Vector // the rows of all lanes, once sorted
	runs  runHeap
	take  vec.Selection
}

func (s *sorter) Next(ctx context.Context) (*vec.Batch, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if s.cols == nil {
		if err := s.run(ctx); err != nil {
			return nil, err
		}
	}
	s.take = s.take[:0]
	for len(s.runs) > 0 && len(s.take) < vec.BatchRows {
		r := s.runs[0]
		s.take = append(s.take, r.base+r.order[0].row)
		if r.order = r.order[1:]; len(r.order) == 0 {
			heap.Pop(&s.runs)
		} else {
			heap.Fix(&s.runs, 0)
		}
	}
	if len(s.take) == 0 {
		return nil, io.EOF
	}
	return gatherBatch(s.cols, s.take), nil
}

// run reads the input and sorts it into runs.
func (s *sorter) run(ctx context.Context) error {
	err := s.in.drain(ctx, func(ctx context.Context, lane int, b *vec.Batch) error {
		return s.lanes[lane].consume(ctx, b)
	})
	if err != nil {
		return err
	}
	if err := s.q.tasks(ctx, len(s.lanes), func(_ context.Context, i int) error { return s.lanes[i].endRun() }); err != nil {
		return err
	}
	var tables []*rows
	base := 0
	for i, l := range s.lanes {
		tables = append(tables, l.rows)
		for _, r := range l.runs {
			r.base, r.lane = uint32(base), i
			s.runs = append(s.runs, r)
		}
		base += l.rows.n
	}
	if base > maxSlots {
		return vec.ErrBudget
	}
	if err := s.q.concat(ctx, tables); err != nil {
		return err
	}
	heap.Init(&s.runs)
	s.cols = tables[0].vectors()
	return nil
}

func (s *sorter) Close() error {
	for _, l := range s.lanes {
		l.release()
	}
	s.runs, s.cols = nil, []*vec.Vector{}
	return s.in.Close()
}

// gatherBatch returns the given rows of cols.
func gatherBatch(cols []*vec.Vector, rows vec.Selection) *vec.Batch {
	out := make([]*vec.Vector, len(cols))
	for i, c := range cols {
		out[i] = vec.Gather(c, rows)
	}
	return vec.NewBatch(len(rows), out...)
}

// sortLane keeps the rows of one lane of the input, sorted in runs.
type sortLane struct {
	mem     account
	encoder keyEncoder
	rows    *rows
	keys    encodedKeys // of the run that is being filled
	start   int         // its first row
	runs    []*sortedRun
}

// sortedRun is consecutive rows of a lane in order.
type sortedRun struct {
	keys  encodedKeys // of the rows from start
	start int
	order []sortEntry // what is left of it
	base  uint32      // added to rows
	lane  int
}

// sortEntry is a row with the start of its key.
type sortEntry struct {
	prefix uint64
	row    uint32 // of the lane
}

func (l *sortLane) consume(ctx context.Context, b *vec.Batch) error {
	if err := l.rows.add(ctx, b); err != nil {
		return err
	}
	before := l.keys.size()
	if err := l.encoder.encode(ctx, b, &l.keys); err != nil {
		return err
	}
	if err := l.mem.reserve(l.keys.size() - before); err != nil {
		return err
	}
	if l.keys.len() >= runRows {
		return l.endRun()
	}
	return nil
}

// endRun sorts the rows since the last run.
func (l *sortLane) endRun() error {
	n := l.keys.len()
	if n == 0 {
		return nil
	}
	if err := l.mem.reserve(int64(n) * 16); err != nil {
		return err
	}
	r := &sortedRun{keys: l.keys, start: l.start, order: sortedEntries(&l.keys, l.start)}
	l.runs = append(l.runs, r)
	l.start += n
	l.keys = encodedKeys{}
	return nil
}

func (l *sortLane) release() {
	l.rows.release()
	l.mem.free()
	l.runs = nil
}

// sortedEntries returns the rows of keys, the first of which has number start,
// in the order of their keys, equal ones by number.
func sortedEntries(keys *encodedKeys, start int) []sortEntry {
	out := make([]sortEntry, keys.len())
	for i := range out {
		out[i] = sortEntry{prefix: prefix(keys.at(i)), row: uint32(start + i)}
	}
	slices.SortFunc(out, func(a, b sortEntry) int {
		if a.prefix != b.prefix {
			if a.prefix < b.prefix {
				return -1
			}
			return 1
		}
		if c := bytes.Compare(keys.at(int(a.row)-start), keys.at(int(b.row)-start)); c != 0 {
			return c
		}
		return int(a.row) - int(b.row)
	})
	return out
}

// prefix returns the first eight bytes of a key as a number that orders alike.
func prefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var p [8]byte
	copy(p[:], key)
	return binary.BigEndian.Uint64(p[:])
}

// size returns the bytes that the keys take.
func (k *encodedKeys) size() int64 { return int64(len(k.data)) + 8*int64(len(k.ends)) }

// runHeap holds runs by their next row.
type runHeap []*sortedRun

func (h runHeap) Len() int      { return len(h) }
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h runHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	x, y := a.order[0], b.order[0]
	if x.prefix != y.prefix {
		return x.prefix < y.prefix
	}
	if c := bytes.Compare(a.keys.at(int(x.row)-a.start), b.keys.at(int(y.row)-b.start)); c != 0 {
		return c < 0
	}
	if a.lane != b.lane {
		return a.lane < b.lane
	}
	return x.row < y.row
}
func (h *runHeap) Push(x any) { *h = append(*h, x.(*sortedRun)) }
func (h *runHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
