package eval

import (
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// dictNode is an expression over one column. Where the column is a dictionary
// vector it is evaluated once for all its values, and rows map their codes.
type dictNode struct {
	inner node
	col   int
	expr  plan.Expr
	t     mysqltype.Type

	scratch
	last *vec.Dict
	seen int // rows of last so far
}

// memoKey identifies an expression's results on a dictionary: workers share
// the plan's expression and the statement's environment.
type memoKey struct {
	expr plan.Expr
	now  time.Time
	zone *time.Location
}

// memo is an expression's results for a dictionary.
type memo struct {
	// usable is false if evaluating the whole dictionary warned or failed: it
	// may have done so for a value that no visible row has.
	usable bool
	values *vec.Vector // flat, one a code and one more for a NULL row
	// shared has the values as a dictionary for the same codes; nil if a NULL
	// row does not give NULL.
	shared *vec.Dict
	nulls  vec.Bitmap // codes that give NULL; nil if none
	// keep is, for conditions, where the values are true; keepNull is that of
	// a NULL row.
	keep     []bool
	keepNull bool
}

// small dictionaries are always evaluated as a whole, larger ones when the rows
// seen are worth it.
const smallDictionary = 1024

func (d *dictNode) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(d.t, r.n), nil
	}
	v, m, err := d.memo(r, sel)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return d.inner.eval(r, sel)
	}
	if m.shared != nil && d.t.Kind() != vec.Bool {
		return d.share(v, m, sel), nil
	}
	return d.mapCodes(v, m, sel), nil
}

// filter returns the rows of sel for which the expression is true.
func (d *dictNode) filter(r *run, sel, dst vec.Selection) (vec.Selection, error) {
	v, m, err := d.memo(r, sel)
	if err != nil {
		return nil, err
	}
	if m != nil && !(m.keepNull && v.Nulls != nil) {
		return vec.SelectCodes(v, m.keep, sel, dst), nil
	}
	out, err := d.eval(r, sel)
	if err != nil {
		return nil, err
	}
	return vec.SelectTrue(out, sel, dst), nil
}

// memo returns the column and the results for its dictionary, nil if it has
// none that can be used.
func (d *dictNode) memo(r *run, sel vec.Selection) (*vec.Vector, *memo, error) {
	v, err := r.b.Col(r.ctx, d.col)
	if err != nil {
		return nil, nil, err
	}
	if v.Form != vec.Dictionary || v.Dict.Values.N == 0 {
		return v, nil, nil
	}
	if d.last != v.Dict {
		d.last, d.seen = v.Dict, 0
	}
	d.seen += sel.Count(r.n)
	if size := v.Dict.Values.N; size > smallDictionary && size > 2*d.seen {
		return v, nil, nil
	}
	key := memoKey{d.expr, r.env.Now, r.env.location()}
	m, err := v.Dict.Memo(key, func() (any, error) { return d.compute(r, v.Dict.Values), nil })
	if err != nil {
		return nil, nil, err
	}
	if m := m.(*memo); m.usable {
		return v, m, nil
	}
	return v, nil, nil
}

// compute evaluates the expression on a dictionary's values and on NULL.
func (d *dictNode) compute(r *run, values *vec.Vector) *memo {
	warned := false
	sub := &run{ctx: r.ctx, env: r.env, warn: func(uint16, string) { warned = true }}
	on := func(column *vec.Vector) *vec.Vector {
		sub.n, sub.b = column.N, &vec.Batch{}
		sub.b.Reset(column.N, r.b.Columns())
		sub.b.Set(d.col, column)
		v, err := d.inner.eval(sub, nil)
		if err != nil {
			warned = true
			return nil
		}
		return v
	}
	results := vec.NewAppender(d.t.Kind(), nil)
	for _, column := range []*vec.Vector{values, vec.NewConstant(values.Kind, nil, 1)} {
		v := on(column)
		if warned || results.Append(v, nil) != nil {
			return &memo{}
		}
	}
	n := values.N
	m := &memo{usable: true, values: results.Vector()}
	for i := range n {
		if m.values.IsNull(i) {
			if m.nulls == nil {
				m.nulls = vec.NewBitmap(n)
			}
			m.nulls.Set(i)
		}
	}
	if m.values.IsNull(n) {
		whole := *m.values
		whole.Nulls = nil
		m.shared = &vec.Dict{Values: &whole}
	}
	if d.t.Kind() == vec.Bool {
		m.keep = make([]bool, n)
		for i := range n {
			m.keep[i] = !m.values.IsNull(i) && m.values.Bool[i]
		}
		m.keepNull = !m.values.IsNull(n) && m.values.Bool[n]
	}
	return m
}

// share returns the results as a dictionary vector with v's codes.
func (d *dictNode) share(v *vec.Vector, m *memo, sel vec.Selection) *vec.Vector {
	d.v = vec.Vector{Kind: d.t.Kind(), Form: vec.Dictionary, N: v.N, Nulls: v.Nulls, Codes: v.Codes, Dict: m.shared}
	if m.nulls == nil {
		return &d.v
	}
	nulls := d.bitmap(v.N)
	copy(nulls, v.Nulls)
	eachRow(sel, v.N, func(i int) {
		if !v.IsNull(i) && m.nulls.Get(v.Codes.At(i)) {
			nulls.Set(i)
		}
	})
	d.v.Nulls = nulls
	return &d.v
}

// mapCodes returns the results as a flat vector.
func (d *dictNode) mapCodes(v *vec.Vector, m *memo, sel vec.Selection) *vec.Vector {
	rows := make(vec.Selection, v.N)
	eachRow(sel, v.N, func(i int) {
		if v.IsNull(i) {
			rows[i] = uint32(m.values.N - 1)
		} else {
			rows[i] = uint32(v.Codes.At(i))
		}
	})
	return vec.Gather(m.values, rows)
}

// eachRow calls f for every row in sel (nil: all n).
func eachRow(sel vec.Selection, n int, f func(int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, i := range sel {
		f(int(i))
	}
}
