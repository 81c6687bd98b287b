package optimize

import (
	"math"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var bigint = mysqltype.Type{ID: mysqltype.BigInt}

// condition applies a condition with subqueries to the rows of in. What a join
// cannot say by itself is returned as a condition to apply above.
func (u unnester) condition(in plan.Node, c plan.Expr) (plan.Node, plan.Expr, error) {
	q, negative := asCondition(c)
	if q == nil {
		return u.expr(in, c)
	}
	in, left, err := u.operands(in, q)
	if err != nil {
		return nil, nil, err
	}
	kind, cmp := q.Kind, q.Cmp
	if kind == plan.InSubquery {
		kind, cmp = plan.AnySubquery, plan.OpEq
	}
	if negative && kind != plan.ExistsSubquery && kind != plan.ScalarSubquery {
		negative = false
		if kind, cmp = plan.AllSubquery, negated[cmp]; q.Kind == plan.AllSubquery {
			kind = plan.AnySubquery
		}
	}
	free := !plan.Free(q.Plan).Empty()
	switch {
	case kind == plan.ExistsSubquery && !free:
		in, e := u.existsCount(in, q.Plan)
		if negative {
			e = negate(e, plan.Not(e))
		}
		return in, e, nil
	case kind == plan.ExistsSubquery:
		in, err := u.exists(in, q.Plan, nil, joinKind(plan.SemiJoin, negative))
		return in, nil, err
	case kind == plan.ScalarSubquery:
		in, e, err := u.scalar(in, q.Plan)
		if negative {
			e = plan.Not(e)
		}
		return in, e, err
	case byExtremes(cmp, kind, left, free):
		in, e := u.extremes(in, left[0], cmp, kind, q.Plan)
		return in, e, nil
	case kind == plan.AnySubquery:
		in, err := u.exists(in, q.Plan, func(cols []plan.Column) plan.Expr { return compareRows(cmp, left, cols) }, plan.SemiJoin)
		return in, nil, err
	case cmp == plan.OpNe && !free:
		return &plan.Join{Kind: plan.NullAwareAntiJoin, Left: in, Right: q.Plan, Equal: rowKeys(left, q.Plan)}, nil, nil
	}
	in, err = u.exists(in, q.Plan, func(cols []plan.Column) plan.Expr {
		return plan.Not(isTrueCall(compareRows(cmp, left, cols)))
	}, plan.AntiJoin)
	return in, nil, err
}

// asCondition takes a condition that is a subquery, maybe negated, apart.
func asCondition(c plan.Expr) (q *plan.Subquery, negative bool) {
	for {
		switch x := c.(type) {
		case *plan.Subquery:
			return x, negative
		case *plan.Call:
			if x.Func == plan.OpNot {
				negative, c = !negative, x.Args[0]
				continue
			}
			if x.Func == plan.OpIsTrue && !negative {
				c = x.Args[0]
				continue
			}
		default:
		}
		return nil, false
	}
}

func joinKind(k plan.JoinKind, negative bool) plan.JoinKind {
	if negative {
		return plan.AntiJoin
	}
	return k
}

// operands makes q's operands free of subqueries.
func (u unnester) operands(in plan.Node, q *plan.Subquery) (plan.Node, []plan.Expr, error) {
	left := make([]plan.Expr, len(q.Left))
	for i, e := range q.Left {
		var err error
		if in, left[i], err = u.expr(in, e); err != nil {
			return nil, nil, err
		}
	}
	return in, left, nil
}

// value extends in by the value of q, NULL included, and returns it.
func (u unnester) value(in plan.Node, q *plan.Subquery) (plan.Node, plan.Expr, error) {
	free := !plan.Free(q.Plan).Empty()
	switch q.Kind {
	case plan.ScalarSubquery:
		return u.scalar(in, q.Plan)
	case plan.ExistsSubquery:
		if !free {
			in, e := u.existsCount(in, q.Plan)
			return in, e, nil
		}
		return u.mark(in, q.Plan, nil)
	case plan.InSubquery:
		if !free {
			mark := u.markColumn()
			return &plan.Join{Kind: plan.MarkJoin, Left: in, Right: q.Plan, Equal: rowKeys(q.Left, q.Plan), Mark: mark}, mark.Ref(), nil
		}
		return u.any(in, q.Left, plan.OpEq, q.Plan)
	case plan.AnySubquery, plan.AllSubquery:
		if byExtremes(q.Cmp, q.Kind, q.Left, free) {
			in, e := u.extremes(in, q.Left[0], q.Cmp, q.Kind, q.Plan)
			return in, e, nil
		}
		if q.Kind == plan.AnySubquery {
			return u.any(in, q.Left, q.Cmp, q.Plan)
		}
		in, e, err := u.any(in, q.Left, negated[q.Cmp], q.Plan)
		return in, plan.Not(e), err
	}
	return in, q, nil
}

// rowKeys are the keys of "left IN (sub)".
func rowKeys(left []plan.Expr, sub plan.Node) []plan.EqualPair {
	out := make([]plan.EqualPair, len(left))
	for i, l := range left {
		out[i] = plan.EqualPair{Left: l, Right: sub.Columns()[i].Ref()}
	}
	return out
}

// any gives "left cmp ANY (sub)" in three values by two marks: is there a row
// for which the comparison is true, is there one for which it is NULL.
func (u unnester) any(in plan.Node, left []plan.Expr, cmp string, sub plan.Node) (plan.Node, plan.Expr, error) {
	in, yes, err := u.mark(in, sub, func(cols []plan.Column) plan.Expr { return compareRows(cmp, left, cols) })
	if err != nil {
		return nil, nil, err
	}
	in, unknown, err := u.mark(in, u.clone(sub), func(cols []plan.Column) plan.Expr {
		return &plan.Call{Func: plan.OpIsNull, Args: []plan.Expr{compareRows(cmp, left, cols)}, T: plan.BoolType}
	})
	return in, &plan.Case{Whens: []plan.When{
		{Cond: yes, Then: plan.True()},
		{Cond: unknown, Then: plan.Null(plan.BoolType)},
	}, Else: plan.False(), T: plan.BoolType}, err
}

// mark extends in by whether sub has a row that matches; the value is TRUE or
// FALSE.
func (u unnester) mark(in, sub plan.Node, match func([]plan.Column) plan.Expr) (plan.Node, plan.Expr, error) {
	out, err := u.exists(in, sub, match, plan.MarkJoin)
	if err != nil {
		return nil, nil, err
	}
	return out, isTrueCall(out.(*plan.Join).Mark.Ref()), nil
}

func (u unnester) markColumn() plan.Column { return u.column("mark", plan.True()) }

func isTrueCall(e plan.Expr) plan.Expr {
	return &plan.Call{Func: plan.OpIsTrue, Args: []plan.Expr{e}, T: plan.BoolType}
}

// compareRows compares row constructors: equality of all, difference of one.
func compareRows(cmp string, left []plan.Expr, cols []plan.Column) plan.Expr {
	each := make([]plan.Expr, len(left))
	for i, l := range left {
		each[i] = plan.Compare(cmp, l, cols[i].Ref())
	}
	if len(each) == 1 {
		return each[0]
	}
	op := plan.OpAnd
	if cmp == plan.OpNe {
		op = plan.OpOr
	}
	return &plan.Call{Func: op, Args: each, T: plan.BoolType}
}

// exists joins in with the rows of sub that match, as semi, anti or mark join
// in two values.
func (u unnester) exists(in, sub plan.Node, match func([]plan.Column) plan.Expr, kind plan.JoinKind) (plan.Node, error) {
	if match == nil {
		sub = bare(sub)
	}
	cols := sub.Columns()
	outer := correlation(sub, in)
	j := &plan.Join{Kind: kind, Left: in}
	if kind == plan.MarkJoin {
		j.Mark = u.markColumn()
	}
	right, conds, ok := u.lift(sub, outer, true)
	var domain []plan.EqualPair
	if !ok {
		d := u.domain(in, outer)
		j.Left, conds = d.left, nil
		var made []plan.Column
		var err error
		if right, made, err = d.push(sub); err != nil {
			return nil, err
		}
		domain = d.pairs(made)
	}
	if match != nil {
		conds = append(conds, plan.Conjuncts(match(cols))...)
	}
	j.Right = right
	return connect(j, conds, domain), nil
}

// connect gives a join its conditions: those on the right side alone filter it,
// equalities become keys. Keys of domain are equal where both are NULL.
func connect(j *plan.Join, conds []plan.Expr, domain []plan.EqualPair) plan.Node {
	s := sortBySide(j, conds)
	j.Right = filter(j.Right, s.right...)
	addKeys(j, s.both)
	on := append(append(plan.Conjuncts(j.On), s.left...), s.none...)
	if len(domain) > 0 {
		for _, p := range j.Equal {
			on = append(on, notNull(p.Left))
		}
		j.NullEqual, j.Equal = true, append(domain, j.Equal...)
	}
	j.On = plan.And(on...)
	return j
}

func notNull(e plan.Expr) plan.Expr {
	return plan.Not(&plan.Call{Func: plan.OpIsNull, Args: []plan.Expr{e}, T: plan.BoolType})
}

// bare drops what does not change whether a plan has rows.
func bare(n plan.Node) plan.Node {
	for {
		switch x := n.(type) {
		case *plan.Project:
			n = x.Input
		case *plan.Sort:
			n = x.Input
		case *plan.Aggregate:
			if len(x.Aggs) > 0 || len(x.GroupBy) == 0 || x.MinGroup != nil {
				return n
			}
			n = x.Input
		case *plan.Limit:
			if x.Offset > 0 || x.Count == 0 {
				return n
			}
			n = x.Input
		default:
			return n
		}
	}
}

// existsCount extends in by one row that says whether sub, which reads nothing
// of in, has rows. Its first row is enough, unless a later one can fail or warn:
// how far the first is from that one would tell how many hidden rows stand
// between the two.
func (u unnester) existsCount(in, sub plan.Node) (plan.Node, plan.Expr) {
	if oneRow(sub) {
		return in, plan.True()
	}
	count := u.column("count", &plan.Const{T: bigint})
	rows := bare(sub)
	if harmless(rows) {
		rows = &plan.Limit{Input: rows, Count: 1}
	}
	one := &plan.Aggregate{Input: rows, Aggs: []plan.Agg{{Func: "count", T: bigint}}, Cols: []plan.Column{count}}
	return &plan.Join{Kind: plan.InnerJoin, Left: in, Right: one}, plan.Compare(plan.OpGt, count.Ref(), &plan.Const{Value: int64(0), T: bigint})
}

// byExtremes reports whether "left cmp ANY/ALL (sub)" follows from the least
// and greatest value of sub.
func byExtremes(cmp string, kind plan.SubqueryKind, left []plan.Expr, free bool) bool {
	if free || len(left) != 1 {
		return false
	}
	switch cmp {
	case plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		return true
	case plan.OpNe:
		return kind == plan.AnySubquery
	case plan.OpEq:
		return kind == plan.AllSubquery
	}
	return false
}

// extremes extends in by the extremes of sub, which reads nothing of in, and
// returns the value of "left cmp ANY/ALL (sub)".
func (u unnester) extremes(in plan.Node, left plan.Expr, cmp string, kind plan.SubqueryKind, sub plan.Node) (plan.Node, plan.Expr) {
	value := sub.Columns()[0].Ref()
	least, most := u.column("min", value), u.column("max", value)
	rows, known := u.column("count", &plan.Const{T: bigint}), u.column("count", &plan.Const{T: bigint})
	agg := &plan.Aggregate{Input: sub, Cols: []plan.Column{least, most, rows, known}, Aggs: []plan.Agg{
		{Func: "min", Args: []plan.Expr{value}, T: least.Type},
		{Func: "max", Args: []plan.Expr{value}, T: most.Type},
		{Func: "count", T: bigint},
		{Func: "count", Args: []plan.Expr{value}, T: bigint},
	}}
	any := cmp // ALL is not ANY of the opposite
	if kind == plan.AllSubquery {
		any = negated[cmp]
	}
	var hit plan.Expr
	switch any {
	case plan.OpLt, plan.OpLe:
		hit = plan.Compare(any, left, most.Ref())
	case plan.OpGt, plan.OpGe:
		hit = plan.Compare(any, left, least.Ref())
	default:
		hit = &plan.Call{Func: plan.OpOr, T: plan.BoolType, Args: []plan.Expr{
			plan.Compare(plan.OpNe, left, least.Ref()), plan.Compare(plan.OpNe, left, most.Ref())}}
	}
	unknown := &plan.Call{Func: plan.OpOr, T: plan.BoolType, Args: []plan.Expr{
		&plan.Call{Func: plan.OpIsNull, Args: []plan.Expr{left}, T: plan.BoolType},
		plan.Compare(plan.OpNe, rows.Ref(), known.Ref())}}
	var e plan.Expr = &plan.Case{Whens: []plan.When{
		{Cond: plan.Compare(plan.OpEq, rows.Ref(), &plan.Const{Value: int64(0), T: bigint}), Then: plan.False()},
		{Cond: hit, Then: plan.True()},
		{Cond: unknown, Then: plan.Null(plan.BoolType)},
	}, Else: plan.False(), T: plan.BoolType}
	if kind == plan.AllSubquery {
		e = plan.Not(e)
	}
	return &plan.Join{Kind: plan.InnerJoin, Left: in, Right: agg}, e
}

// scalar extends in by the one value of sub.
func (u unnester) scalar(in, sub plan.Node) (plan.Node, plan.Expr, error) {
	outer := correlation(sub, in)
	value := sub.Columns()[0]
	if p, ok := sub.(*plan.Project); ok { // (SELECT expression)
		if v, ok := p.Input.(*plan.Values); ok && len(v.Rows) == 1 && len(v.Cols) == 0 {
			return in, inner(p.Exprs[0], outer), nil
		}
	}
	if outer.Empty() {
		if !oneRow(sub) {
			sub = &plan.MaxOneRow{Input: sub}
		}
		return &plan.Join{Kind: plan.InnerJoin, Left: in, Right: sub}, value.Ref(), nil
	}
	if out, e := u.scalarAggregate(in, sub, outer); out != nil {
		return out, e, nil
	}
	for {
		s, ok := sub.(*plan.Sort)
		if !ok {
			break
		}
		sub = s.Input
	}
	j := &plan.Join{Kind: plan.SingleJoin, Left: in}
	if right, conds, ok := u.lift(sub, outer, false); ok {
		j.Right = right
		return connect(j, conds, nil), value.Ref(), nil
	}
	if oneRow(sub) {
		j.Kind = plan.LeftJoin
	}
	d := u.domain(in, outer)
	right, made, err := d.push(sub)
	if err != nil {
		return nil, nil, err
	}
	j.Left, j.Right = d.left, right
	return connect(j, nil, d.pairs(made)), value.Ref(), nil
}

// scalarAggregate is for the commonest subquery: an aggregate over rows that
// are tied to the row outside by equalities. The aggregate is grouped by them
// and joined; what stands above the aggregate is evaluated above the join,
// where a group that does not exist is one over no rows. It returns nil where
// the subquery is of another form.
func (u unnester) scalarAggregate(in, sub plan.Node, outer plan.ColumnSet) (plan.Node, plan.Expr) {
	var above []plan.Node
	n := sub
	for {
		switch n.(type) {
		case *plan.Project, *plan.Filter, *plan.Sort, *plan.Limit, *plan.TopN:
			above = append(above, n)
			n = n.Inputs()[0]
			continue
		default:
		}
		break
	}
	agg, ok := n.(*plan.Aggregate)
	if !ok || len(agg.GroupBy) > 0 || agg.MinGroup != nil || plan.Uses(agg).Intersects(outer) {
		return nil, nil
	}
	rows, conds, ok := u.lift(agg.Input, outer, false)
	if !ok {
		return nil, nil
	}
	grouped, conds, ok := u.groupByKeys(&plan.Aggregate{Input: rows, Aggs: agg.Aggs, Cols: agg.Cols}, conds, outer)
	if !ok {
		return nil, nil
	}
	values := map[plan.ColumnID]plan.Expr{}
	for i, a := range agg.Aggs {
		values[agg.Cols[i].ID] = overNothing(a, agg.Cols[i].Ref())
	}
	subst := func(r *plan.ColumnRef) plan.Expr { return values[r.ID] }
	var guards []plan.Expr
	for i := len(above) - 1; i >= 0; i-- {
		switch n := above[i].(type) {
		case *plan.Project:
			next := map[plan.ColumnID]plan.Expr{}
			for i, e := range n.Exprs {
				next[n.Cols[i].ID] = inner(plan.Substitute(e, subst), outer)
			}
			for id, e := range next {
				values[id] = e
			}
		case *plan.Filter:
			guards = append(guards, inner(plan.Substitute(n.Cond, subst), outer))
		case *plan.Limit:
			if n.Offset > 0 || n.Count == 0 {
				guards = append(guards, plan.False())
			}
		case *plan.TopN:
			if n.Offset > 0 || n.Count == 0 {
				guards = append(guards, plan.False())
			}
		default:
		}
	}
	value := values[sub.Columns()[0].ID]
	if g := plan.And(guards...); g != nil {
		value = &plan.Case{Whens: []plan.When{{Cond: g, Then: value}}, T: value.Type()}
	}
	return connect(&plan.Join{Kind: plan.LeftJoin, Left: in, Right: grouped}, conds, nil), value
}

// inner makes outer references plain ones: the row outside is the input now.
func inner(e plan.Expr, outer plan.ColumnSet) plan.Expr {
	return plan.MapExpr(e, func(e plan.Expr) plan.Expr {
		if r, ok := e.(*plan.ColumnRef); ok && r.Outer && outer.Has(r.ID) {
			c := *r
			c.Outer = false
			return &c
		}
		return e
	})
}

// overNothing returns the value of an aggregate whose column is NULL where its
// group does not exist.
func overNothing(a plan.Agg, ref plan.Expr) plan.Expr {
	var empty any
	switch a.Func {
	case "count":
		empty = int64(0)
	case "bit_or", "bit_xor":
		empty = uint64(0)
	case "bit_and":
		empty = uint64(math.MaxUint64)
	default:
		return ref
	}
	if a.Func != "count" && !ref.Type().Unsigned {
		empty = int64(empty.(uint64))
	}
	isNull := &plan.Call{Func: plan.OpIsNull, Args: []plan.Expr{ref}, T: plan.BoolType}
	return &plan.Case{Whens: []plan.When{{Cond: isNull, Then: &plan.Const{Value: empty, T: ref.Type()}}}, Else: ref, T: ref.Type()}
}
