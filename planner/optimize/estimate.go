package optimize

import (
	"math"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// estimator guesses how many rows nodes give. It only ever decides between
// plans that give the same rows.
type estimator struct {
	pass *pass
	rows map[plan.Node]float64
	cols map[plan.ColumnID]columnGuess
	// blind leaves out statistics of relations under a row filter.
	blind bool
}

// columnGuess is what statistics say of a column of a source.
type columnGuess struct {
	distinct float64 // 0: unknown
	min, max float64 // equal: unknown
	base     float64 // rows of the source
}

// unknownRows is taken for a source without statistics.
const unknownRows = 1000

func newEstimator(p *pass, blind bool) *estimator {
	return &estimator{pass: p, blind: blind, rows: map[plan.Node]float64{}, cols: map[plan.ColumnID]columnGuess{}}
}

// of returns the number of rows of n, 1 at least.
func (e *estimator) of(n plan.Node) float64 {
	if r, ok := e.rows[n]; ok {
		return r
	}
	r := math.Max(e.guess(n), 1)
	e.rows[n] = r
	return r
}

func (e *estimator) guess(n plan.Node) float64 {
	if g, ok := n.(*plan.Governed); ok && e.blind && g.RowFilter {
		return unknownRows
	}
	for _, in := range n.Inputs() {
		e.of(in)
	}
	switch n := n.(type) {
	case *plan.Scan:
		return e.scan(n)
	case *plan.Governed:
		return e.of(n.Input)
	case *plan.Filter:
		return e.of(n.Input) * e.selectivity(n.Cond)
	case *plan.Project:
		for i, x := range n.Exprs {
			e.alias(n.Cols[i].ID, x)
		}
		return e.of(n.Input)
	case *plan.Join:
		return e.join(n)
	case *plan.Aggregate:
		groups := 1.0
		for i, g := range n.GroupBy {
			e.alias(n.Cols[i].ID, g)
			groups *= e.distinct(g, e.of(n.Input))
		}
		if n.MinGroup != nil {
			groups /= 2
		}
		return math.Min(groups, e.of(n.Input))
	case *plan.Sort:
		return e.of(n.Input)
	case *plan.Limit:
		return limited(e.of(n.Input), n.Count)
	case *plan.TopN:
		return limited(e.of(n.Input), n.Count)
	case *plan.SetOp:
		sum := 0.0
		for _, in := range n.Ins {
			sum += e.of(in)
		}
		if n.Kind != plan.UnionAll {
			return e.of(n.Ins[0]) / 2
		}
		return sum
	case *plan.Values:
		return float64(len(n.Rows))
	case *plan.Shared:
		rows := e.of(n.Def.Plan)
		for i, c := range n.Def.Plan.Columns() {
			e.cols[n.Cols[i].ID] = e.cols[c.ID]
		}
		return rows
	case *plan.MaxOneRow:
		return 1
	}
	return unknownRows
}

func limited(rows float64, count int64) float64 {
	if count < 0 {
		return rows
	}
	return math.Min(rows, float64(count))
}

func (e *estimator) alias(id plan.ColumnID, x plan.Expr) {
	if r, ok := x.(*plan.ColumnRef); ok {
		e.cols[id] = e.cols[r.ID]
	}
}

func (e *estimator) scan(n *plan.Scan) float64 {
	rows := float64(unknownRows)
	if e.pass.opts.Stats != nil {
		if st, ok := e.pass.opts.Stats(n.Source); ok && st.Rows >= 0 {
			rows = float64(st.Rows)
			for i, o := range n.Ordinals {
				g := columnGuess{base: rows}
				if o < len(st.Columns) {
					c := st.Columns[o]
					if c.Distinct > 0 {
						g.distinct = float64(c.Distinct)
					}
					min, ok1 := asFloat(c.Min)
					max, ok2 := asFloat(c.Max)
					if ok1 && ok2 && min <= max {
						g.min, g.max = min, max+1
						if _, float := c.Min.(float64); !float && g.distinct == 0 {
							g.distinct = math.Min(max-min+1, math.Max(rows, 1))
						}
					}
				}
				e.cols[n.Cols[i].ID] = g
			}
		}
	}
	for _, f := range n.Filters {
		rows *= e.selectivity(f)
	}
	return rows
}

func asFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case int32:
		return float64(x), true
	case int64:
		return float64(x), true
	case uint64:
		return float64(x), true
	case float64:
		return x, true
	case vec.Int128:
		f, _ := x.Big().Float64()
		return f, true
	}
	return 0, false
}

// distinct returns the number of values of x among rows.
func (e *estimator) distinct(x plan.Expr, rows float64) float64 {
	if r, ok := x.(*plan.ColumnRef); ok {
		if g := e.cols[r.ID]; g.distinct > 0 {
			return math.Max(1, math.Min(g.distinct, rows))
		}
	}
	return math.Max(1, math.Min(rows, math.Max(rows/10, 25)))
}

// selectivity returns the share of rows for which a condition is true.
func (e *estimator) selectivity(cond plan.Expr) float64 {
	switch c := cond.(type) {
	case *plan.Const:
		if c.Value == true {
			return 1
		}
		return 0
	case *plan.InList:
		s := math.Min(1, float64(len(c.List))*e.equality(c.Arg))
		if c.Negate {
			return 1 - s
		}
		return s
	case *plan.Call:
		switch c.Func {
		case plan.OpAnd:
			s := 1.0
			for _, a := range c.Args {
				s *= e.selectivity(a)
			}
			return s
		case plan.OpOr:
			s := 1.0
			for _, a := range c.Args {
				s *= 1 - e.selectivity(a)
			}
			return 1 - s
		case plan.OpNot:
			return 1 - e.selectivity(c.Args[0])
		case plan.OpIsTrue:
			return e.selectivity(c.Args[0])
		case plan.OpIsNull:
			return 0.05
		case plan.OpLike:
			return 0.1
		case plan.OpEq, plan.OpNullEq:
			return math.Min(e.equality(c.Args[0]), e.equality(c.Args[1]))
		case plan.OpNe:
			return 0.9
		case plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
			return e.inequality(c)
		}
	default:
	}
	return 0.3
}

func (e *estimator) equality(x plan.Expr) float64 {
	switch x := x.(type) {
	case *plan.Const:
		return 1
	case *plan.ColumnRef:
		if g := e.cols[x.ID]; g.distinct > 0 {
			return 1 / g.distinct
		}
	default:
	}
	return 0.05
}

func (e *estimator) inequality(c *plan.Call) float64 {
	op := c.Func
	ref, ok := c.Args[0].(*plan.ColumnRef)
	k, ok2 := c.Args[1].(*plan.Const)
	if !ok || !ok2 {
		ref, ok = c.Args[1].(*plan.ColumnRef)
		k, ok2 = c.Args[0].(*plan.Const)
		op = flipped[op]
	}
	if !ok || !ok2 {
		return 0.33
	}
	v, isNumber := asFloat(k.Value)
	g := e.cols[ref.ID]
	if !isNumber || g.max <= g.min {
		return 0.33
	}
	below := math.Max(0, math.Min(1, (v-g.min)/(g.max-g.min)))
	if op == plan.OpGt || op == plan.OpGe {
		below = 1 - below
	}
	return math.Max(below, 0.0001)
}

func (e *estimator) join(n *plan.Join) float64 {
	left, right := e.of(n.Left), e.of(n.Right)
	share := 1.0 // of the pairs
	if n.On != nil {
		share = e.selectivity(n.On)
	}
	hit := share // of the left rows that find a partner
	for _, p := range n.Equal {
		dl, dr := e.distinct(p.Left, left), e.distinct(p.Right, right)
		share /= math.Max(dl, dr)
		hit *= math.Min(1, dr/dl)
	}
	switch n.Kind {
	case plan.InnerJoin:
		return left * right * share
	case plan.LeftJoin:
		return math.Max(left, left*right*share)
	case plan.SemiJoin:
		return left * hit
	case plan.AntiJoin, plan.NullAwareAntiJoin:
		return left * math.Max(0.1, 1-hit)
	case plan.MarkJoin, plan.SingleJoin:
	}
	return left
}
