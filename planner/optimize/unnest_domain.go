package optimize

import (
	"fmt"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// domain is the set of all values that the outer columns of a subquery have.
// Joined into the subquery's plan, it makes the plan give its rows for all
// outer rows at once, each with the values that they belong to.
type domain struct {
	u     unnester
	outer []plan.Column // the columns of the outer rows that the plan reads
	set   plan.ColumnSet
	bytes []int     // those of outer of which equal values may differ
	left  plan.Node // the outer rows
	rows  *plan.SharedDef
	at    []int // positions of outer in rows
}

// domain shares in between the join to come, as left, and the domain.
func (u unnester) domain(in plan.Node, outer plan.ColumnSet) *domain {
	d := &domain{u: u, set: outer, rows: &plan.SharedDef{Name: "outer", Plan: u.clone(in)}}
	d.left = &plan.Shared{Def: d.rows, Cols: in.Columns()}
	for i, c := range in.Columns() {
		if outer.Has(c.ID) {
			if !exactEquality(c.Type) && c.Type.IsString() {
				d.bytes = append(d.bytes, len(d.outer))
			}
			d.outer, d.at = append(d.outer, c), append(d.at, i)
		}
	}
	return d
}

// keys returns what the domain is the set of: columns, and the bytes of those
// that compare equal though they differ.
func (d *domain) keys(cols []plan.Column) []plan.Expr {
	out := refs(cols[:len(d.outer)])
	for _, i := range d.bytes {
		out = append(out, &plan.Cast{Arg: cols[i].Ref(), T: mysqltype.Type{ID: mysqltype.VarBinary}, Implicit: true})
	}
	return out
}

// columns returns new columns like those of the domain.
func (d *domain) columns() []plan.Column {
	var out []plan.Column
	for _, e := range d.keys(d.outer) {
		out = append(out, d.u.column("outer", e))
	}
	for i, c := range d.outer {
		out[i].Name = c.Name
	}
	return out
}

// make returns the domain with columns of its own.
func (d *domain) make() (plan.Node, []plan.Column) {
	all := d.u.renamed(d.rows.Plan.Columns())
	cols := d.columns()
	return &plan.Aggregate{Input: &plan.Shared{Def: d.rows, Cols: all}, GroupBy: d.keys(pick(all, d.at)), Cols: cols}, cols
}

// pairs returns keys that join the outer rows with columns of the domain.
func (d *domain) pairs(made []plan.Column) []plan.EqualPair {
	var out []plan.EqualPair
	for i, e := range d.keys(d.outer) {
		out = append(out, plan.EqualPair{Left: e, Right: made[i].Ref()})
	}
	return out
}

func pairs(a, b []plan.Column) []plan.EqualPair {
	out := make([]plan.EqualPair, len(a))
	for i := range a {
		out[i] = plan.EqualPair{Left: a[i].Ref(), Right: b[i].Ref()}
	}
	return out
}

// bind makes e read the domain's columns instead of the outer ones.
func (d *domain) bind(e plan.Expr, made []plan.Column) plan.Expr {
	return plan.Substitute(e, renaming(d.outer, made[:len(d.outer)]))
}

func (d *domain) bindAll(es []plan.Expr, made []plan.Column) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = d.bind(e, made)
	}
	return out
}

func (d *domain) correlated(n plan.Node) bool { return plan.Free(n).Intersects(d.set) }

// push returns n's rows for all values of the domain, which it adds as columns.
func (d *domain) push(n plan.Node) (plan.Node, []plan.Column, error) {
	if err := d.u.tick(); err != nil {
		return nil, nil, err
	}
	if !d.correlated(n) {
		rows, made := d.make()
		return &plan.Join{Kind: plan.InnerJoin, Left: n, Right: rows}, made, nil
	}
	switch n := n.(type) {
	case *plan.Filter:
		var here, above []plan.Expr // here: right where it stands, before there are more rows
		for _, c := range plan.Conjuncts(n.Cond) {
			if d.correlated(n.Input) || plan.Refs(c).Intersects(d.set) {
				above = append(above, c)
			} else {
				here = append(here, c)
			}
		}
		in, made, err := d.push(filter(n.Input, here...))
		if err != nil {
			return nil, nil, err
		}
		return filter(in, d.bindAll(above, made)...), made, nil
	case *plan.Project:
		in, made, err := d.push(n.Input)
		if err != nil {
			return nil, nil, err
		}
		p := &plan.Project{Input: in, Exprs: d.bindAll(n.Exprs, made), Cols: n.Cols}
		return passThrough(p, in, setOf(made)), made, nil
	case *plan.Sort:
		return d.push(n.Input)
	case *plan.Join:
		return d.pushJoin(n)
	case *plan.Aggregate:
		return d.pushAggregate(n)
	case *plan.Limit:
		return d.pushLimit(n, n.Input, n.Offset, n.Count)
	case *plan.TopN:
		return d.pushLimit(n, &plan.Sort{Input: n.Input, Keys: n.Keys}, n.Offset, n.Count)
	case *plan.SetOp:
		return d.pushSetOp(n)
	case *plan.Values:
		return d.pushValues(n)
	case *plan.Shared:
		return d.push(d.u.inline(n))
	case *plan.MaxOneRow:
		in, made, err := d.push(n.Input)
		if err != nil {
			return nil, nil, err
		}
		rows, all := d.make()
		j := &plan.Join{Kind: plan.SingleJoin, Left: rows, Right: in, Equal: pairs(all, made), NullEqual: true}
		return only(j, append(n.Columns()[:len(n.Columns()):len(n.Columns())], all...)), all, nil
	case *plan.Scan, *plan.Governed:
	}
	return nil, nil, fmt.Errorf("%T reads outer columns", n)
}

func (d *domain) pushJoin(n *plan.Join) (plan.Node, []plan.Column, error) {
	c := *n
	conds := plan.Conjuncts(n.On)
	c.Equal, c.On = nil, nil
	for _, p := range n.Equal {
		if plan.Refs(p.Right).Intersects(d.set) {
			conds = append(conds, equality(n, p))
		} else {
			c.Equal = append(c.Equal, p)
		}
	}
	if !d.correlated(n.Right) {
		in, made, err := d.push(n.Left)
		if err != nil {
			return nil, nil, err
		}
		c.Left = in
		d.condition(&c, conds, made)
		return &c, made, nil
	}
	right, second, err := d.push(n.Right)
	if err != nil {
		return nil, nil, err
	}
	c.Right = right
	if n.Kind == plan.InnerJoin && !d.correlated(n.Left) {
		for _, p := range c.Equal { // a key of the left that reads the outer row
			if plan.Refs(p.Left).Intersects(d.set) {
				conds = append(conds, equality(n, p))
			}
		}
		c.Equal = keysWithout(c.Equal, d.set)
		d.condition(&c, conds, second)
		return &c, second, nil
	}
	if n.Kind == plan.NullAwareAntiJoin {
		return nil, nil, mysqlerr.Unsupported("NOT IN over a subquery that reads several enclosing queries")
	}
	left, made, err := d.push(n.Left)
	if err != nil {
		return nil, nil, err
	}
	c.Left = left
	d.condition(&c, conds, made)
	if !n.NullEqual {
		on := plan.Conjuncts(c.On)
		for _, p := range c.Equal {
			on = append(on, notNull(p.Left))
		}
		c.On = plan.And(on...)
	}
	c.NullEqual, c.Equal = true, append(pairs(made, second), c.Equal...)
	return &c, made, nil
}

func keysWithout(keys []plan.EqualPair, set plan.ColumnSet) []plan.EqualPair {
	var out []plan.EqualPair
	for _, p := range keys {
		if !plan.Refs(p.Left).Intersects(set) {
			out = append(out, p)
		}
	}
	return out
}

// condition completes a join whose inputs have the domain's columns.
func (d *domain) condition(n *plan.Join, conds []plan.Expr, made []plan.Column) {
	keys := make([]plan.EqualPair, len(n.Equal))
	for i, p := range n.Equal {
		keys[i] = plan.EqualPair{Left: d.bind(p.Left, made), Right: p.Right}
	}
	n.Equal = keys
	n.On = plan.And(d.bindAll(conds, made)...)
}

func (d *domain) pushAggregate(n *plan.Aggregate) (plan.Node, []plan.Column, error) {
	in, made, err := d.push(n.Input)
	if err != nil {
		return nil, nil, err
	}
	bound := plan.MapExprs(n, func(e plan.Expr) plan.Expr { return d.bind(e, made) }).(*plan.Aggregate)
	keys := len(n.GroupBy)
	c := *bound
	c.Input = in
	c.GroupBy = append(bound.GroupBy[:keys:keys], refs(made)...)
	if keys > 0 || n.MinGroup != nil {
		c.Cols = append(append(n.Cols[:keys:keys], made...), n.Cols[keys:]...)
		return &c, made, nil
	}
	// Without groups there is a row even where the domain's value meets none.
	values := d.u.renamed(n.Cols)
	c.Cols = append(made[:len(made):len(made)], values...)
	rows, all := d.make()
	j := &plan.Join{Kind: plan.LeftJoin, Left: rows, Right: &c, Equal: pairs(all, made), NullEqual: true}
	p := &plan.Project{Input: j, Exprs: refs(all), Cols: all}
	for i, a := range n.Aggs {
		p.Exprs = append(p.Exprs, overNothing(a, values[i].Ref()))
		p.Cols = append(p.Cols[:len(p.Cols):len(p.Cols)], n.Cols[i])
	}
	return p, all, nil
}

func (d *domain) pushLimit(n, input plan.Node, offset, count int64) (plan.Node, []plan.Column, error) {
	switch {
	case count == 0 || offset > 0 && oneRow(input):
		made := d.columns()
		return &plan.Values{Cols: append(n.Columns()[:len(n.Columns()):len(n.Columns())], made...)}, made, nil
	case offset == 0 && (count < 0 || oneRow(input)):
		return d.push(input)
	}
	return nil, nil, mysqlerr.Unsupported("LIMIT in a correlated subquery")
}

func (d *domain) pushSetOp(n *plan.SetOp) (plan.Node, []plan.Column, error) {
	s := &plan.SetOp{Kind: n.Kind}
	for _, in := range n.Ins {
		out, made, err := d.push(in)
		if err != nil {
			return nil, nil, err
		}
		cols := in.Columns()
		s.Ins = append(s.Ins, only(out, append(cols[:len(cols):len(cols)], made...)))
	}
	made := d.columns()
	s.Cols = append(n.Cols[:len(n.Cols):len(n.Cols)], made...)
	return s, made, nil
}

// pushValues makes literal rows that read the outer row projections of the
// domain.
func (d *domain) pushValues(n *plan.Values) (plan.Node, []plan.Column, error) {
	s := &plan.SetOp{Kind: plan.UnionAll}
	for _, r := range n.Rows {
		rows, made := d.make()
		cols := n.Cols
		if len(n.Rows) > 1 {
			cols = d.u.renamed(n.Cols)
		}
		p := &plan.Project{Input: rows, Exprs: append(d.bindAll(r, made), refs(made)...), Cols: append(cols[:len(cols):len(cols)], made...)}
		if len(n.Rows) == 1 {
			return p, made, nil
		}
		s.Ins = append(s.Ins, p)
	}
	made := d.columns()
	s.Cols = append(n.Cols[:len(n.Cols):len(n.Cols)], made...)
	return s, made, nil
}
