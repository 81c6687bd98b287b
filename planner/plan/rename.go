package plan

// Rename returns a copy of the plan in which every column that the plan makes
// has a new ID from fresh, in its root's columns too, by position. Shared
// definitions are not copied; what reads them is.
func Rename(root Node, fresh func() ColumnID) Node {
	r := renamer{fresh: fresh, ids: map[ColumnID]ColumnID{}}
	return r.node(root)
}

type renamer struct {
	fresh func() ColumnID
	ids   map[ColumnID]ColumnID
}

// id maps a column; those that the plan does not make stay.
func (r *renamer) id(id ColumnID) ColumnID {
	if n, ok := r.ids[id]; ok {
		return n
	}
	return id
}

func (r *renamer) column(c Column) Column {
	n, ok := r.ids[c.ID]
	if !ok {
		n = r.fresh()
		r.ids[c.ID] = n
	}
	c.ID = n
	return c
}

func (r *renamer) columns(cols []Column) []Column {
	out := make([]Column, len(cols))
	for i, c := range cols {
		out[i] = r.column(c)
	}
	return out
}

func (r *renamer) node(n Node) Node {
	ins := n.Inputs()
	out := make([]Node, len(ins))
	for i, in := range ins {
		out[i] = r.node(in)
	}
	n = WithInputs(n, out)
	if s, ok := n.(*Scan); ok { // its filters read its own columns
		c := *s
		c.Cols = r.columns(s.Cols)
		return MapExprs(&c, r.expr)
	}
	return r.own(MapExprs(n, r.expr))
}

// own renames what n itself makes.
func (r *renamer) own(n Node) Node {
	switch n := n.(type) {
	case *Governed:
		c := *n
		c.Cols = r.columns(n.Cols)
		c.Open = make([]ColumnID, len(n.Open))
		for i, id := range n.Open {
			c.Open[i] = r.id(id)
		}
		c.MinGroup = r.minGroup(n.MinGroup)
		return &c
	case *Project:
		return &Project{Input: n.Input, Exprs: n.Exprs, Cols: r.columns(n.Cols)}
	case *Join:
		if n.Kind == MarkJoin {
			c := *n
			c.Mark = r.column(n.Mark)
			return &c
		}
	case *Aggregate:
		c := *n
		c.MinGroup = r.minGroup(n.MinGroup)
		c.Cols = r.columns(n.Cols)
		return &c
	case *SetOp:
		return &SetOp{Kind: n.Kind, Ins: n.Ins, Cols: r.columns(n.Cols)}
	case *Values:
		return &Values{Rows: n.Rows, Cols: r.columns(n.Cols)}
	case *Shared:
		return &Shared{Def: n.Def, Cols: r.columns(n.Cols)}
	case *Scan, *Filter, *Sort, *Limit, *TopN, *MaxOneRow:
	}
	return n
}

func (r *renamer) minGroup(m *MinGroup) *MinGroup {
	if m == nil {
		return nil
	}
	c := *m
	c.Entity = r.id(m.Entity)
	return &c
}

func (r *renamer) expr(e Expr) Expr {
	return MapExpr(e, func(e Expr) Expr {
		switch e := e.(type) {
		case *ColumnRef:
			if id := r.id(e.ID); id != e.ID {
				c := *e
				c.ID = id
				return &c
			}
		case *Subquery:
			c := *e
			c.Plan = r.node(e.Plan)
			c.Outer = Free(c.Plan).IDs()
			return &c
		default:
		}
		return e
	})
}
