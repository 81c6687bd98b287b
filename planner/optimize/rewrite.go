package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// byColumn returns a substitution of cols by the expressions that compute them.
func byColumn(cols []plan.Column, exprs []plan.Expr) func(*plan.ColumnRef) plan.Expr {
	m := make(map[plan.ColumnID]plan.Expr, len(cols))
	for i, c := range cols {
		m[c.ID] = exprs[i]
	}
	return func(r *plan.ColumnRef) plan.Expr { return m[r.ID] }
}

// renaming returns a substitution of columns by other columns, by position.
func renaming(from, to []plan.Column) func(*plan.ColumnRef) plan.Expr {
	return byColumn(from, refs(to))
}

// refs returns references to cols.
func refs(cols []plan.Column) []plan.Expr {
	out := make([]plan.Expr, len(cols))
	for i, c := range cols {
		out[i] = c.Ref()
	}
	return out
}

// passThrough returns p over in, which passes on those of want, too, that in
// has.
func passThrough(p *plan.Project, in plan.Node, want plan.ColumnSet) *plan.Project {
	exprs, cols := p.Exprs[:len(p.Exprs):len(p.Exprs)], p.Cols[:len(p.Cols):len(p.Cols)]
	have := plan.Outputs(p)
	for _, c := range in.Columns() {
		if want.Has(c.ID) && !have.Has(c.ID) {
			exprs, cols = append(exprs, c.Ref()), append(cols, c)
		}
	}
	if in == p.Input && len(cols) == len(p.Cols) {
		return p
	}
	return &plan.Project{Input: in, Exprs: exprs, Cols: cols}
}

// only returns n with just the given columns, n itself if it has no others.
func only(n plan.Node, cols []plan.Column) plan.Node {
	have := n.Columns()
	same := len(have) == len(cols)
	for i := 0; same && i < len(cols); i++ {
		same = have[i].ID == cols[i].ID
	}
	if same {
		return n
	}
	return &plan.Project{Input: n, Exprs: refs(cols), Cols: cols}
}

// filter returns n with the conditions that hold for what it passes, n itself
// if there are none.
func filter(n plan.Node, conds ...plan.Expr) plan.Node {
	cond := plan.And(conds...)
	if cond == nil {
		return n
	}
	return &plan.Filter{Input: n, Cond: cond}
}

// eachPlan applies f to the plan and to every shared definition, once. f does
// not enter definitions.
func (p *pass) eachPlan(root plan.Node, f func(plan.Node) (plan.Node, error)) (plan.Node, error) {
	defs := map[*plan.SharedDef]*plan.SharedDef{}
	var each func(plan.Node) (plan.Node, error)
	def := func(n plan.Node) (plan.Node, error) {
		s, ok := n.(*plan.Shared)
		if !ok {
			return n, nil
		}
		d, ok := defs[s.Def]
		if !ok {
			out, err := each(s.Def.Plan)
			if err != nil {
				return nil, err
			}
			if d = s.Def; out != s.Def.Plan {
				d = &plan.SharedDef{Name: s.Def.Name, Plan: only(out, s.Def.Plan.Columns())}
			}
			defs[s.Def] = d
		}
		if d == s.Def {
			return s, nil
		}
		return &plan.Shared{Def: d, Cols: s.Cols}, nil
	}
	each = func(n plan.Node) (plan.Node, error) {
		if err := p.tick(); err != nil {
			return nil, err
		}
		out, err := f(n)
		if err != nil {
			return nil, err
		}
		return mapShallow(out, def)
	}
	return each(root)
}
