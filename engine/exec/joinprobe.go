package exec

import (
	"context"
	"io"

	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// probeLane joins the rows of one lane of Left. Where a row of Left has at most
// one partner, the batch of Left is passed on with a narrower selection and
// Right's columns beside it; else pairs of rows are gathered, a block at a
// time.
type probeLane struct {
	j        *join
	in       vec.Reader
	keys     []keyExpr
	leftCols int
	on       *eval.Evaluator // nil: no further condition
	find     *finder

	b       *vec.Batch // the batch of Left that is being joined, or nil
	vals    []*vec.Vector
	pairs   pairing
	matched vec.Bitmap // rows of b with a partner
	out     vec.Batch
}

func (l *probeLane) Next(ctx context.Context) (*vec.Batch, error) {
	j := l.j
	if err := j.ready.do(ctx, func() error { return j.build(ctx) }); err != nil {
		return nil, err
	}
	if k := j.node.Kind; j.table.n == 0 && (k == plan.InnerJoin || k == plan.SemiJoin) {
		return nil, io.EOF
	}
	for {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		if l.b == nil {
			if err := l.pull(ctx); err != nil {
				return nil, err
			}
		}
		out, err := l.step(ctx)
		if err != nil {
			return nil, err
		}
		if out != nil && out.Rows() > 0 {
			return out, nil
		}
	}
}

// pull starts on the next batch of Left.
func (l *probeLane) pull(ctx context.Context) error {
	b, err := l.in.Next(ctx)
	if err != nil {
		return err
	}
	t := l.j.table
	l.b = b
	if len(l.keys) == 0 {
		l.pairs = pairing{n: b.N, rows: b.Sel, every: t.n, left: l.pairs.left, right: l.pairs.right}
	} else {
		if l.find == nil {
			l.find = t.finder()
		}
		l.vals = l.vals[:0]
		for i := range l.keys {
			_, k, err := l.keys[i].both(ctx, b)
			if err != nil {
				return err
			}
			l.vals = append(l.vals, k)
		}
		rows := b.Sel
		if !t.equal {
			rows, _ = withoutNulls(l.vals, b.N, b.Sel)
		}
		first, err := l.find.first(l.vals, b.N, rows)
		if err != nil {
			return err
		}
		l.pairs = pairing{n: b.N, rows: rows, first: first, next: t.next, left: l.pairs.left, right: l.pairs.right}
	}
	if l.tracked() {
		l.matched = vec.NewBitmap(b.N)
		l.pairs.skip = nil
		if !l.j.withPayload() {
			l.pairs.skip = l.matched // one partner is enough
		}
	}
	return nil
}

// tracked reports whether l.matched is needed.
func (l *probeLane) tracked() bool { return l.j.node.Kind != plan.InnerJoin }

// step gives the next batch that comes from l.b, or nil for none, and takes
// l.b away when it is done with.
func (l *probeLane) step(ctx context.Context) (*vec.Batch, error) {
	if l.pairs.first != nil && l.on == nil {
		switch l.j.node.Kind {
		case plan.InnerJoin:
			if l.pairs.next == nil {
				return l.takeBatch(l.narrow(l.pairs.found())), nil
			}
		case plan.LeftJoin, plan.SingleJoin:
			if l.pairs.next == nil {
				return l.takeBatch(l.beside()), nil
			}
		case plan.SemiJoin, plan.AntiJoin, plan.NullAwareAntiJoin, plan.MarkJoin:
			for _, i := range l.pairs.found() {
				l.matched.Set(int(i))
			}
			return l.finish(ctx)
		}
	}
	if l.on == nil && len(l.keys) == 0 && !l.j.withPayload() {
		if l.j.table.n > 0 {
			l.matched = l.b.Sel.Bitmap(l.b.N)
		}
		return l.finish(ctx)
	}
	if !l.pairs.fill() {
		return l.finish(ctx)
	}
	out := l.pairBatch()
	if l.on != nil {
		var err error
		if out.Sel, err = l.on.Filter(ctx, out); err != nil {
			return nil, err
		}
	}
	if !l.tracked() {
		return out, nil
	}
	single := l.j.node.Kind == plan.SingleJoin
	for k := range out.Rows() {
		i := int(l.pairs.left[rowAt(out.Sel, k)])
		if single && l.matched.Get(i) {
			return nil, mysqlerr.SubqueryRows()
		}
		l.matched.Set(i)
	}
	if !l.j.withPayload() {
		return nil, nil
	}
	return out, nil
}

// takeBatch ends l.b's turn.
func (l *probeLane) takeBatch(out *vec.Batch) *vec.Batch {
	l.b = nil
	return out
}

// finish gives what a batch of Left contributes once all pairs are seen.
func (l *probeLane) finish(ctx context.Context) (*vec.Batch, error) {
	b := l.b
	switch l.j.node.Kind {
	case plan.InnerJoin:
		return l.takeBatch(nil), nil
	case plan.LeftJoin, plan.SingleJoin:
		l.shareLeft(l.leftCols + len(l.j.right.cols))
		l.out.Sel = l.rowsWhere(false)
		for i, c := range l.j.right.cols {
			l.out.Set(l.leftCols+i, vec.NewConstant(c.Type.Kind(), nil, b.N))
		}
		return l.takeBatch(&l.out), nil
	case plan.SemiJoin:
		b.Sel = l.rowsWhere(true)
		return l.takeBatch(b), nil
	case plan.AntiJoin:
		b.Sel = l.rowsWhere(false)
		return l.takeBatch(b), nil
	case plan.NullAwareAntiJoin:
		unknown, err := l.unknown(ctx)
		if err != nil {
			return nil, err
		}
		for i, w := range unknown {
			l.matched[i] |= w
		}
		b.Sel = l.rowsWhere(false)
		return l.takeBatch(b), nil
	case plan.MarkJoin:
		unknown, err := l.unknown(ctx)
		if err != nil {
			return nil, err
		}
		mark := &vec.Vector{Kind: vec.Bool, N: b.N, Bool: make([]bool, b.N), Nulls: unknown}
		for i := range mark.Bool {
			mark.Bool[i] = l.matched.Get(i)
		}
		l.shareLeft(l.leftCols + 1)
		l.out.Sel = b.Sel
		l.out.Set(l.leftCols, mark)
		return l.takeBatch(&l.out), nil
	}
	return nil, nil
}

// rowsWhere returns the selected rows of l.b whose matched is want.
func (l *probeLane) rowsWhere(want bool) vec.Selection {
	out := make(vec.Selection, 0, l.b.Rows())
	for k := range l.b.Rows() {
		if i := rowAt(l.b.Sel, k); l.matched.Get(i) == want {
			out = append(out, uint32(i))
		}
	}
	return out
}

// shareLeft makes l.out a batch of n columns of which the first are l.b's.
func (l *probeLane) shareLeft(n int) {
	l.out.Reset(l.b.N, n)
	for i := range l.leftCols {
		l.out.Share(i, l.b, i)
	}
}

// narrow gives l.b's rows found, each beside its one partner.
func (l *probeLane) narrow(found vec.Selection) *vec.Batch {
	if len(found) == 0 {
		return nil
	}
	l.b.Sel = found
	l.shareLeft(l.leftCols + len(l.j.right.cols))
	l.out.Sel = found
	partners := make(vec.Selection, l.b.N)
	for _, i := range found {
		partners[i] = l.pairs.first[i] - 1
	}
	for i, c := range l.j.table.cols {
		l.out.SetLazy(l.leftCols+i, &gathered{c, partners})
	}
	return &l.out
}

// beside gives all of l.b's rows, each beside its one partner or NULLs.
func (l *probeLane) beside() *vec.Batch {
	l.shareLeft(l.leftCols + len(l.j.right.cols))
	l.out.Sel = l.b.Sel
	partners := make([]int32, l.b.N)
	for i := range partners {
		partners[i] = -1
	}
	for _, i := range l.pairs.found() {
		partners[i] = int32(l.pairs.first[i] - 1)
	}
	for i, c := range l.j.table.cols {
		l.out.SetLazy(l.leftCols+i, &taken{c, partners})
	}
	return &l.out
}

// pairBatch gives the pairs that were filled in.
func (l *probeLane) pairBatch() *vec.Batch {
	p := &l.pairs
	l.out.Reset(len(p.left), l.leftCols+len(l.j.right.cols))
	for i := range l.leftCols {
		l.out.SetLazy(i, &gatheredFrom{l.b, i, p.left})
	}
	for i, c := range l.j.table.cols {
		if c != nil {
			l.out.SetLazy(l.leftCols+i, &gathered{c, p.right})
		}
	}
	return &l.out
}

// gathered is a column of given rows of a vector.
type gathered struct {
	v    *vec.Vector
	rows vec.Selection
}

func (g *gathered) Decode(context.Context, vec.Selection) (*vec.Vector, error) {
	return vec.Gather(g.v, g.rows), nil
}

// taken is gathered with NULL for negative rows.
type taken struct {
	v    *vec.Vector
	rows []int32
}

func (t *taken) Decode(context.Context, vec.Selection) (*vec.Vector, error) {
	return vec.Take(t.v, t.rows), nil
}

// gatheredFrom is a column of given rows of a batch.
type gatheredFrom struct {
	b    *vec.Batch
	i    int
	rows vec.Selection
}

func (g *gatheredFrom) Decode(ctx context.Context, _ vec.Selection) (*vec.Vector, error) {
	v, err := g.b.Col(ctx, g.i)
	if err != nil {
		return nil, err
	}
	return vec.Gather(v, g.rows), nil
}
