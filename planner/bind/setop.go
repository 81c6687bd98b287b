package bind

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// setStmt binds UNION, INTERSECT and EXCEPT.
func (b *binder) setStmt(s *ast.SetOprStmt, in surroundings) (plan.Node, error) {
	return b.setList(s.SelectList, s.With, s.OrderBy, s.Limit, in)
}

// setList binds a list of queries with what stands around it. The list may have
// a WITH, ORDER BY and LIMIT of its own, inside the others.
func (b *binder) setList(l *ast.SetOprSelectList, w *ast.WithClause, o *ast.OrderByClause, limit *ast.Limit, in surroundings) (plan.Node, error) {
	before := in.ctes
	sight, err := b.define(w, in)
	if err != nil {
		return nil, err
	}
	in.ctes = sight
	inner := in
	if inner.ctes, err = b.define(l.With, in); err != nil {
		return nil, err
	}
	n, err := b.combine(l.Selects, inner)
	if err != nil {
		return nil, err
	}
	if n, err = b.orderAndLimit(n, l.OrderBy, l.Limit, inner); err != nil {
		return nil, err
	}
	if n, err = b.orderAndLimit(n, o, limit, in); err != nil {
		return nil, err
	}
	return n, b.bindUnused(inner.ctes, before)
}

// branch is a query of a set operation and the operator before it.
type branch struct {
	node plan.Node
	op   ast.SetOprType
}

// combine binds the queries of a set operation. INTERSECT binds tighter than
// UNION and EXCEPT, which go from left to right.
func (b *binder) combine(selects []ast.Node, in surroundings) (plan.Node, error) {
	if len(selects) > maxBranches {
		return nil, mysqlerr.TooComplex(fmt.Sprintf("a set operation has more than %d queries", maxBranches))
	}
	branches := make([]branch, len(selects))
	for i, s := range selects {
		n, op, err := b.bindBranch(s, in)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			if op == nil {
				return nil, mysqlerr.Unsupported("this set operation")
			}
			branches[i].op = *op
		}
		branches[i].node = n
	}
	if len(branches) == 1 {
		return branches[0].node, nil
	}
	if err := b.unify(branches); err != nil {
		return nil, err
	}
	return b.unions(b.intersections(branches)), nil
}

func (b *binder) bindBranch(s ast.Node, in surroundings) (plan.Node, *ast.SetOprType, error) {
	switch s := s.(type) {
	case *ast.SelectStmt:
		n, err := b.selectStmt(s, in)
		return n, s.AfterSetOperator, err
	case *ast.SetOprSelectList:
		n, err := b.setList(s, nil, nil, nil, in)
		return n, s.AfterSetOperator, err
	}
	return nil, nil, mysqlerr.Unsupported("this set operation")
}

// unify casts the columns of all branches to the types they merge to. Names are
// the first branch's.
func (b *binder) unify(branches []branch) error {
	first := branches[0].node.Columns()
	types := make([]mysqltype.Type, len(first))
	for i, c := range first {
		types[i] = c.Type
	}
	for _, br := range branches[1:] {
		cols := br.node.Columns()
		if len(cols) != len(first) {
			return mysqlerr.WrongSetOperation()
		}
		for i, c := range cols {
			types[i] = mysqltype.Merge(types[i], c.Type)
		}
	}
	for i := range branches {
		branches[i].node = b.castColumns(branches[i].node, types)
	}
	return nil
}

func (b *binder) castColumns(n plan.Node, types []mysqltype.Type) plan.Node {
	p := &plan.Project{Input: n}
	changed := false
	for i, c := range n.Columns() {
		e := b.expr.Cast(c.Ref(), types[i])
		out := b.newColumn(c.Name, e)
		out.Type = types[i]
		changed = changed || c.Type != types[i]
		p.Exprs, p.Cols = append(p.Exprs, e), append(p.Cols, out)
	}
	if !changed {
		return n
	}
	return p
}

// intersections replaces runs of INTERSECT by one branch each.
func (b *binder) intersections(branches []branch) []branch {
	out := branches[:1:1]
	for _, br := range branches[1:] {
		last := &out[len(out)-1]
		switch br.op {
		case ast.Intersect:
			last.node = b.distinct(b.setOp(plan.IntersectAll, last.node, br.node))
		case ast.IntersectAll:
			last.node = b.setOp(plan.IntersectAll, last.node, br.node)
		case ast.Union, ast.UnionAll, ast.Except, ast.ExceptAll:
			out = append(out, br)
		}
	}
	return out
}

// unions applies UNION and EXCEPT from left to right. A run of UNIONs is one
// SetOp, made distinct up to its last UNION without ALL.
func (b *binder) unions(branches []branch) plan.Node {
	acc := branches[0].node
	run := []plan.Node{acc} // acc is the union of these
	distinct := 0           // of them, the first so many are distinct together
	flush := func() plan.Node {
		n := run[0]
		if distinct > 0 {
			n = b.distinct(b.setOp(plan.UnionAll, run[:distinct]...))
		}
		rest := run[max(distinct, 1):]
		if len(rest) > 0 {
			n = b.setOp(plan.UnionAll, append([]plan.Node{n}, rest...)...)
		}
		return n
	}
	for _, br := range branches[1:] {
		switch br.op {
		case ast.Union, ast.UnionAll:
			run = append(run, br.node)
			if br.op == ast.Union {
				distinct = len(run)
			}
			continue
		case ast.Except:
			acc = b.setOp(plan.ExceptAll, b.distinct(flush()), br.node)
		case ast.ExceptAll:
			acc = b.setOp(plan.ExceptAll, flush(), br.node)
		case ast.Intersect, ast.IntersectAll:
		}
		run, distinct = []plan.Node{acc}, 0
	}
	return flush()
}

func (b *binder) setOp(kind plan.SetKind, ins ...plan.Node) plan.Node {
	s := &plan.SetOp{Kind: kind, Ins: append([]plan.Node(nil), ins...)}
	for i, c := range ins[0].Columns() {
		out := b.newColumn(c.Name, &plan.Const{T: c.Type})
		for _, in := range ins {
			if policy, ok := b.hashed[in.Columns()[i].ID]; ok {
				b.hashed[out.ID] = policy
			}
		}
		s.Cols = append(s.Cols, out)
	}
	return s
}

// orderAndLimit binds ORDER BY and LIMIT over a set operation, whose columns are
// the only names there.
func (b *binder) orderAndLimit(n plan.Node, o *ast.OrderByClause, l *ast.Limit, in surroundings) (plan.Node, error) {
	if o == nil {
		return b.limit(n, l)
	}
	cols := n.Columns()
	f := &frame{in: in}
	for _, c := range cols {
		c.Domain, c.Alias = "", ""
		f.columns = append(f.columns, column{Column: c})
	}
	e := b.expr.With(names{f, inOrder})
	e.Subquery = b.subqueries(f)
	p := &plan.Project{Input: n}
	for _, c := range cols {
		p.Exprs, p.Cols = append(p.Exprs, c.Ref()), append(p.Cols, b.newColumn(c.Name, c.Ref()))
	}
	sort := &plan.Sort{}
	for _, by := range o.Items {
		at := -1
		if pos, ok := by.Expr.(*ast.PositionExpr); ok {
			if pos.P != nil {
				continue
			}
			if pos.N < 1 || pos.N > len(cols) {
				return nil, mysqlerr.UnknownColumn(fmt.Sprint(pos.N), inOrder)
			}
			at = pos.N - 1
		} else {
			x, err := e.Bind(by.Expr)
			if err != nil {
				return nil, err
			}
			for i := range p.Exprs {
				if plan.Equal(p.Exprs[i], x) {
					at = i
				}
			}
			if at < 0 {
				at = len(p.Exprs)
				p.Exprs, p.Cols = append(p.Exprs, x), append(p.Cols, b.newColumn(groupName(x), x))
			}
		}
		sort.Keys = append(sort.Keys, plan.SortKey{Expr: p.Cols[at].Ref(), Desc: by.Desc})
	}
	if len(p.Cols) == len(cols) { // nothing but columns: sort them as they are
		for i, k := range sort.Keys {
			ref := k.Expr.(*plan.ColumnRef)
			for j, c := range p.Cols {
				if c.ID == ref.ID {
					sort.Keys[i].Expr = cols[j].Ref()
				}
			}
		}
		sort.Input = n
	} else {
		sort.Input = p
	}
	var out plan.Node = sort
	if len(sort.Keys) == 0 {
		out = n
	}
	if sort.Input == plan.Node(p) {
		out = b.keep(out, p.Cols[:len(cols)])
	}
	return b.limit(out, l)
}
