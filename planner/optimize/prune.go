package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// pruneColumns takes away the columns that nobody reads, down to what scans
// read.
func pruneColumns(p *pass, root plan.Node) (plan.Node, error) {
	pr := &pruner{pass: p, needs: map[*plan.SharedDef][]bool{}, pruned: map[*plan.SharedDef]plan.Node{}}
	out := only(pr.node(root, plan.Outputs(root)), root.Columns())
	// A definition is pruned after everything that reads it.
	uses := usesOf(root)
	for len(pr.pruned) < len(uses) {
		progress := false
		for _, d := range uses {
			if _, done := pr.pruned[d.def]; done || !pr.ready(d) {
				continue
			}
			progress = true
			cols := pr.kept(d.def)
			pr.pruned[d.def] = only(pr.node(d.def.Plan, setOf(cols)), cols)
		}
		if !progress {
			break
		}
	}
	if err := p.tick(); err != nil {
		return nil, err
	}
	return pr.resolve(out)
}

// use is a shared definition and the definitions that read it.
type use struct {
	def *plan.SharedDef
	by  []*plan.SharedDef
}

func usesOf(root plan.Node) []*use {
	var list []*use
	byDef := map[*plan.SharedDef]*use{}
	var visit func(n plan.Node, in *plan.SharedDef)
	visit = func(n plan.Node, in *plan.SharedDef) {
		plan.Walk(n, func(x plan.Node) bool {
			s, ok := x.(*plan.Shared)
			if !ok {
				return true
			}
			u := byDef[s.Def]
			first := u == nil
			if first {
				u = &use{def: s.Def}
				byDef[s.Def] = u
				list = append(list, u)
			}
			if in != nil {
				u.by = append(u.by, in)
			}
			if first {
				visit(s.Def.Plan, s.Def)
			}
			return false
		})
	}
	visit(root, nil)
	return list
}

type pruner struct {
	pass   *pass
	needs  map[*plan.SharedDef][]bool // by position, of all uses so far
	pruned map[*plan.SharedDef]plan.Node
	defs   map[*plan.SharedDef]*plan.SharedDef
}

func (pr *pruner) ready(u *use) bool {
	for _, d := range u.by {
		if _, ok := pr.pruned[d]; !ok {
			return false
		}
	}
	return true
}

// kept returns the columns of a definition that are read, one at least.
func (pr *pruner) kept(d *plan.SharedDef) []plan.Column {
	var out []plan.Column
	for i, c := range d.Plan.Columns() {
		if pr.keeps(d, i) {
			out = append(out, c)
		}
	}
	return out
}

func (pr *pruner) keeps(d *plan.SharedDef, i int) bool {
	need := pr.needs[d]
	if need == nil {
		return i == 0
	}
	return need[i]
}

// resolve points Shared nodes to the pruned definitions.
func (pr *pruner) resolve(root plan.Node) (plan.Node, error) {
	pr.defs = map[*plan.SharedDef]*plan.SharedDef{}
	var f func(n plan.Node) (plan.Node, error)
	resolve := func(n plan.Node) (plan.Node, error) { return mapShallow(n, f) }
	f = func(n plan.Node) (plan.Node, error) {
		s, ok := n.(*plan.Shared)
		if !ok {
			return n, nil
		}
		def := pr.defs[s.Def]
		if def == nil {
			p, err := resolve(pr.pruned[s.Def])
			if err != nil {
				return nil, err
			}
			def = s.Def
			if p != s.Def.Plan {
				def = &plan.SharedDef{Name: s.Def.Name, Plan: p}
			}
			pr.defs[s.Def] = def
		}
		if def == s.Def {
			return s, nil
		}
		var cols []plan.Column
		for i, c := range s.Cols {
			if pr.keeps(s.Def, i) {
				cols = append(cols, c)
			}
		}
		return &plan.Shared{Def: def, Cols: cols}, nil
	}
	return resolve(root)
}

// mapShallow is plan.Transform that does not enter shared definitions.
func mapShallow(n plan.Node, f func(plan.Node) (plan.Node, error)) (plan.Node, error) {
	ins := n.Inputs()
	out := make([]plan.Node, len(ins))
	for i, in := range ins {
		var err error
		if out[i], err = mapShallow(in, f); err != nil {
			return nil, err
		}
	}
	return f(plan.WithInputs(n, out))
}

func setOf(cols []plan.Column) plan.ColumnSet {
	var s plan.ColumnSet
	for _, c := range cols {
		s.Add(c.ID)
	}
	return s
}

// node returns n with at least the needed columns.
func (pr *pruner) node(n plan.Node, need plan.ColumnSet) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return pruneScan(n, need)
	case *plan.Governed:
		return pr.governed(n, need)
	case *plan.Project:
		return pr.project(n, need)
	case *plan.Aggregate:
		return pr.aggregate(n, need)
	case *plan.SetOp:
		return pr.setOp(n, need)
	case *plan.Values:
		return pruneValues(n, need)
	case *plan.Shared:
		list := pr.needs[n.Def]
		if list == nil && !need.Intersects(plan.Outputs(n)) {
			return n
		}
		if list == nil {
			list = make([]bool, len(n.Cols))
			pr.needs[n.Def] = list
		}
		for i, c := range n.Cols {
			list[i] = list[i] || need.Has(c.ID)
		}
		return n
	case *plan.Join:
		below := plan.Uses(n)
		below.AddAll(need)
		return plan.WithInputs(n, []plan.Node{narrow(pr.node(n.Left, below), below), narrow(pr.node(n.Right, below), below)})
	case *plan.Filter, *plan.Sort, *plan.Limit, *plan.TopN, *plan.MaxOneRow:
	}
	below := plan.Uses(n)
	below.AddAll(need)
	ins := n.Inputs()
	out := make([]plan.Node, len(ins))
	for i, in := range ins {
		out[i] = pr.node(in, below)
	}
	return plan.WithInputs(n, out)
}

// narrow drops columns that were only needed below n, so that a join does not
// keep them.
func narrow(n plan.Node, need plan.ColumnSet) plan.Node {
	var cols []plan.Column
	for _, c := range n.Columns() {
		if need.Has(c.ID) {
			cols = append(cols, c)
		}
	}
	if len(cols) == 0 {
		return n
	}
	return only(n, cols)
}

func pruneScan(n *plan.Scan, need plan.ColumnSet) plan.Node {
	used := plan.Uses(n)
	used.AddAll(need)
	if plan.Outputs(n).SubsetOf(used) {
		return n
	}
	c := *n
	c.Ordinals, c.Cols = nil, nil
	for i, col := range n.Cols {
		if used.Has(col.ID) {
			c.Ordinals, c.Cols = append(c.Ordinals, n.Ordinals[i]), append(c.Cols, col)
		}
	}
	return &c
}

func (pr *pruner) governed(g *plan.Governed, need plan.ColumnSet) plan.Node {
	masks, ok := g.Input.(*plan.Project)
	if !ok {
		return g
	}
	keep := plan.Uses(g)
	keep.AddAll(need)
	keep.AddAll(crossed(g))
	c := *g
	c.Cols, c.Open = nil, nil
	p := &plan.Project{Input: masks.Input}
	for i, col := range g.Cols {
		if keep.Has(col.ID) {
			c.Cols = append(c.Cols, col)
			p.Exprs, p.Cols = append(p.Exprs, masks.Exprs[i]), append(p.Cols, masks.Cols[i])
		}
	}
	for _, id := range g.Open {
		if keep.Has(id) {
			c.Open = append(c.Open, id)
		}
	}
	p.Input = pr.node(masks.Input, plan.Uses(p))
	if len(p.Cols) == len(masks.Cols) && p.Input == masks.Input {
		return g
	}
	c.Input = p
	return &c
}

func (pr *pruner) project(n *plan.Project, need plan.ColumnSet) plan.Node {
	p := &plan.Project{}
	for i, c := range n.Cols {
		if need.Has(c.ID) {
			p.Exprs, p.Cols = append(p.Exprs, n.Exprs[i]), append(p.Cols, c)
		}
	}
	if len(p.Cols) == len(n.Cols) {
		p = n
	}
	in := pr.node(n.Input, plan.Uses(p))
	if len(p.Cols) == 0 || passes(p) { // who wants just these columns takes them
		return in
	}
	if p == n {
		return plan.WithInputs(n, []plan.Node{in})
	}
	p.Input = in
	return p
}

func (pr *pruner) aggregate(n *plan.Aggregate, need plan.ColumnSet) plan.Node {
	keys := len(n.GroupBy)
	c := *n
	c.Cols, c.Aggs = n.Cols[:keys:keys], nil
	for i, a := range n.Aggs {
		if need.Has(n.Cols[keys+i].ID) {
			c.Aggs, c.Cols = append(c.Aggs, a), append(c.Cols, n.Cols[keys+i])
		}
	}
	if len(c.Cols) == 0 && n.MinGroup == nil {
		return &plan.Values{Rows: [][]plan.Expr{{}}}
	}
	if len(c.Aggs) == len(n.Aggs) {
		return plan.WithInputs(n, []plan.Node{pr.node(n.Input, plan.Uses(n))})
	}
	c.Input = pr.node(n.Input, plan.Uses(&c))
	return &c
}

// crossed returns the open columns that predicates below g read: they stay
// columns of g, so that the barrier can be verified.
func crossed(g *plan.Governed) plan.ColumnSet {
	var out plan.ColumnSet
	r, err := governed(g)
	if err != nil {
		return out
	}
	open, err := r.open()
	if err != nil {
		return out
	}
	used := refsOf(r.scan.Filters[r.scan.RowFilter:])
	for id, ref := range open {
		if used.Has(ref.ID) {
			out.Add(id)
		}
	}
	return out
}

// setOp prunes inputs by position; only UNION ALL may lose a column without
// becoming another set.
func (pr *pruner) setOp(n *plan.SetOp, need plan.ColumnSet) plan.Node {
	var keep []int
	for i, c := range n.Cols {
		if n.Kind != plan.UnionAll || need.Has(c.ID) {
			keep = append(keep, i)
		}
	}
	if len(keep) == 0 && len(n.Cols) > 0 {
		keep = []int{0}
	}
	ins := make([]plan.Node, len(n.Ins))
	for i, in := range n.Ins {
		cols := pick(in.Columns(), keep)
		ins[i] = only(pr.node(in, setOf(cols)), cols)
	}
	if len(keep) == len(n.Cols) {
		return plan.WithInputs(n, ins)
	}
	return &plan.SetOp{Kind: n.Kind, Ins: ins, Cols: pick(n.Cols, keep)}
}

func pick(cols []plan.Column, positions []int) []plan.Column {
	out := make([]plan.Column, len(positions))
	for i, p := range positions {
		out[i] = cols[p]
	}
	return out
}

func pruneValues(n *plan.Values, need plan.ColumnSet) plan.Node {
	var keep []int
	for i, c := range n.Cols {
		if need.Has(c.ID) {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(n.Cols) {
		return n
	}
	v := &plan.Values{Cols: pick(n.Cols, keep)}
	for _, r := range n.Rows {
		row := make([]plan.Expr, len(keep))
		for i, k := range keep {
			row[i] = r[k]
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}
