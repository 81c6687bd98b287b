package plan

// Walk visits the nodes of a plan, parents first: inputs, the plans of
// subqueries in expressions, and every shared definition once. It does not go
// below a node for which visit returns false.
func Walk(root Node, visit func(Node) bool) {
	w := walker{visit: visit}
	w.node(root)
}

type walker struct {
	visit func(Node) bool
	defs  map[*SharedDef]bool
}

func (w *walker) node(n Node) {
	if !w.visit(n) {
		return
	}
	for _, e := range Exprs(n) {
		WalkExpr(e, func(e Expr) bool {
			if q, ok := e.(*Subquery); ok {
				w.node(q.Plan)
			}
			return true
		})
	}
	for _, in := range n.Inputs() {
		w.node(in)
	}
	if s, ok := n.(*Shared); ok && !w.defs[s.Def] {
		if w.defs == nil {
			w.defs = map[*SharedDef]bool{}
		}
		w.defs[s.Def] = true
		w.node(s.Def.Plan)
	}
}

// WalkExpr visits e and its operands, parents first. It does not enter the plan
// of a Subquery, nor go below an expression for which visit returns false.
func WalkExpr(e Expr, visit func(Expr) bool) {
	if !visit(e) {
		return
	}
	for _, o := range Operands(e) {
		WalkExpr(o, visit)
	}
}

// Operands returns the expressions that e is computed from, in order. The list
// of an InList, all constants, is not among them.
func Operands(e Expr) []Expr {
	switch e := e.(type) {
	case *ColumnRef, *Const, *Param:
		return nil
	case *Call:
		return e.Args
	case *Cast:
		return []Expr{e.Arg}
	case *Case:
		out := make([]Expr, 0, 2*len(e.Whens)+1)
		for _, w := range e.Whens {
			out = append(out, w.Cond, w.Then)
		}
		if e.Else != nil {
			out = append(out, e.Else)
		}
		return out
	case *InList:
		return []Expr{e.Arg}
	case *HashMask:
		return []Expr{e.Arg}
	case *Subquery:
		return e.Left
	}
	return nil
}

// Exprs returns the expressions that n itself evaluates, in order.
func Exprs(n Node) []Expr {
	var out []Expr
	mapExprs(n, func(e Expr) Expr {
		out = append(out, e)
		return e
	})
	return out
}

// Transform rebuilds a plan from its leaves: f is given every node with its
// inputs transformed already. It goes where Walk goes; unchanged nodes are
// shared with the old plan, and all uses of one definition share the new one.
func Transform(root Node, f func(Node) (Node, error)) (Node, error) {
	t := transformer{f: f}
	return t.node(root)
}

type transformer struct {
	f    func(Node) (Node, error)
	defs map[*SharedDef]*SharedDef
}

func (t *transformer) node(n Node) (Node, error) {
	ins := n.Inputs()
	var changed []Node
	for i, in := range ins {
		out, err := t.node(in)
		if err != nil {
			return nil, err
		}
		if out != in && changed == nil {
			changed = append([]Node(nil), ins...)
		}
		if changed != nil {
			changed[i] = out
		}
	}
	if changed != nil {
		n = WithInputs(n, changed)
	}
	var failed error
	n = MapExprs(n, func(e Expr) Expr {
		return MapExpr(e, func(e Expr) Expr {
			q, ok := e.(*Subquery)
			if !ok || failed != nil {
				return e
			}
			p, err := t.node(q.Plan)
			if err != nil {
				failed = err
				return e
			}
			if p == q.Plan {
				return e
			}
			c := *q
			c.Plan = p
			return &c
		})
	})
	if failed != nil {
		return nil, failed
	}
	if s, ok := n.(*Shared); ok {
		def, err := t.def(s.Def)
		if err != nil {
			return nil, err
		}
		if def != s.Def {
			n = &Shared{Def: def, Cols: s.Cols}
		}
	}
	return t.f(n)
}

func (t *transformer) def(d *SharedDef) (*SharedDef, error) {
	if out, ok := t.defs[d]; ok {
		return out, nil
	}
	p, err := t.node(d.Plan)
	if err != nil {
		return nil, err
	}
	out := d
	if p != d.Plan {
		out = &SharedDef{Name: d.Name, Plan: p}
	}
	if t.defs == nil {
		t.defs = map[*SharedDef]*SharedDef{}
	}
	t.defs[d] = out
	return out, nil
}

// WithInputs returns n over other inputs, n itself if they are the same.
func WithInputs(n Node, ins []Node) Node {
	same := true
	for i, in := range n.Inputs() {
		same = same && in == ins[i]
	}
	if same {
		return n
	}
	switch n := n.(type) {
	case *Scan, *Values, *Shared:
		return n
	case *Governed:
		c := *n
		c.Input = ins[0]
		return &c
	case *Filter:
		return &Filter{Input: ins[0], Cond: n.Cond}
	case *Project:
		return &Project{Input: ins[0], Exprs: n.Exprs, Cols: n.Cols}
	case *Join:
		c := *n
		c.Left, c.Right = ins[0], ins[1]
		return &c
	case *Aggregate:
		c := *n
		c.Input = ins[0]
		return &c
	case *Sort:
		return &Sort{Input: ins[0], Keys: n.Keys}
	case *Limit:
		return &Limit{Input: ins[0], Offset: n.Offset, Count: n.Count}
	case *TopN:
		c := *n
		c.Input = ins[0]
		return &c
	case *SetOp:
		return &SetOp{Kind: n.Kind, Ins: append([]Node(nil), ins...), Cols: n.Cols}
	case *MaxOneRow:
		return &MaxOneRow{Input: ins[0]}
	}
	return n
}

// MapExprs returns n with f applied to each expression that n itself evaluates,
// n itself if f changes none.
func MapExprs(n Node, f func(Expr) Expr) Node {
	return mapExprs(n, f)
}

// mapExprs is the one place that knows where nodes keep expressions.
func mapExprs(n Node, f func(Expr) Expr) Node {
	switch n := n.(type) {
	case *Governed, *Limit, *SetOp, *Shared, *MaxOneRow:
		return n
	case *Scan:
		if fs, ok := mapAll(n.Filters, f); ok {
			c := *n
			c.Filters = fs
			return &c
		}
	case *Filter:
		if e := f(n.Cond); e != n.Cond {
			return &Filter{Input: n.Input, Cond: e}
		}
	case *Project:
		if es, ok := mapAll(n.Exprs, f); ok {
			return &Project{Input: n.Input, Exprs: es, Cols: n.Cols}
		}
	case *Join:
		return mapJoin(n, f)
	case *Aggregate:
		groups, ok := mapAll(n.GroupBy, f)
		aggs, ok2 := mapAggs(n.Aggs, f)
		if ok || ok2 {
			c := *n
			c.GroupBy, c.Aggs = groups, aggs
			return &c
		}
	case *Sort:
		if ks, ok := mapKeys(n.Keys, f); ok {
			return &Sort{Input: n.Input, Keys: ks}
		}
	case *TopN:
		if ks, ok := mapKeys(n.Keys, f); ok {
			c := *n
			c.Keys = ks
			return &c
		}
	case *Values:
		rows, changed := n.Rows, false
		for i, r := range n.Rows {
			if es, ok := mapAll(r, f); ok {
				if !changed {
					rows, changed = append([][]Expr(nil), n.Rows...), true
				}
				rows[i] = es
			}
		}
		if changed {
			return &Values{Rows: rows, Cols: n.Cols}
		}
	}
	return n
}

func mapJoin(n *Join, f func(Expr) Expr) Node {
	equal, on, changed := n.Equal, n.On, false
	for i, p := range n.Equal {
		q := EqualPair{f(p.Left), f(p.Right)}
		if q == p {
			continue
		}
		if !changed {
			equal, changed = append([]EqualPair(nil), n.Equal...), true
		}
		equal[i] = q
	}
	if n.On != nil {
		on = f(n.On)
		changed = changed || on != n.On
	}
	if !changed {
		return n
	}
	c := *n
	c.Equal, c.On = equal, on
	return &c
}

func mapAggs(aggs []Agg, f func(Expr) Expr) ([]Agg, bool) {
	out, changed := aggs, false
	for i, a := range aggs {
		args, ok := mapAll(a.Args, f)
		keys, ok2 := mapKeys(a.OrderBy, f)
		if !ok && !ok2 {
			continue
		}
		if !changed {
			out, changed = append([]Agg(nil), aggs...), true
		}
		out[i].Args, out[i].OrderBy = args, keys
	}
	return out, changed
}

func mapKeys(keys []SortKey, f func(Expr) Expr) ([]SortKey, bool) {
	out, changed := keys, false
	for i, k := range keys {
		e := f(k.Expr)
		if e == k.Expr {
			continue
		}
		if !changed {
			out, changed = append([]SortKey(nil), keys...), true
		}
		out[i].Expr = e
	}
	return out, changed
}

func mapAll(es []Expr, f func(Expr) Expr) ([]Expr, bool) {
	out, changed := es, false
	for i, e := range es {
		g := f(e)
		if g == e {
			continue
		}
		if !changed {
			out, changed = append([]Expr(nil), es...), true
		}
		out[i] = g
	}
	return out, changed
}

// MapExpr rebuilds e from its leaves: f is given every expression with its
// operands rebuilt already. Unchanged expressions are shared. It does not enter
// the plan of a Subquery.
func MapExpr(e Expr, f func(Expr) Expr) Expr {
	down := func(o Expr) Expr { return MapExpr(o, f) }
	switch x := e.(type) {
	case *ColumnRef, *Const, *Param:
	case *Call:
		if args, ok := mapAll(x.Args, down); ok {
			e = &Call{Func: x.Func, Args: args, T: x.T}
		}
	case *Cast:
		if a := down(x.Arg); a != x.Arg {
			e = &Cast{Arg: a, T: x.T, Implicit: x.Implicit}
		}
	case *Case:
		e = mapCase(x, down)
	case *InList:
		if a := down(x.Arg); a != x.Arg {
			e = &InList{Arg: a, List: x.List, Negate: x.Negate}
		}
	case *HashMask:
		if a := down(x.Arg); a != x.Arg {
			e = &HashMask{Arg: a, Key: x.Key}
		}
	case *Subquery:
		if left, ok := mapAll(x.Left, down); ok {
			c := *x
			c.Left = left
			e = &c
		}
	}
	return f(e)
}

func mapCase(x *Case, f func(Expr) Expr) Expr {
	whens, els, changed := x.Whens, x.Else, false
	for i, w := range x.Whens {
		v := When{f(w.Cond), f(w.Then)}
		if v == w {
			continue
		}
		if !changed {
			whens, changed = append([]When(nil), x.Whens...), true
		}
		whens[i] = v
	}
	if x.Else != nil {
		els = f(x.Else)
		changed = changed || els != x.Else
	}
	if !changed {
		return x
	}
	return &Case{Whens: whens, Else: els, T: x.T}
}

// Substitute replaces the columns that e reads by what f gives for them (nil:
// kept), also where the plans of its subqueries read them as outer columns.
func Substitute(e Expr, f func(*ColumnRef) Expr) Expr {
	return MapExpr(e, func(e Expr) Expr {
		switch e := e.(type) {
		case *ColumnRef:
			if g := f(e); g != nil {
				return g
			}
		case *Subquery:
			return substituteOuter(e, f)
		default:
		}
		return e
	})
}

// SubstituteFree replaces columns that the plan reads and does not produce; the
// columns that come in their place are outer columns, too.
func SubstituteFree(root Node, f func(*ColumnRef) Expr) Node {
	free := Free(root)
	out, _ := Transform(root, func(n Node) (Node, error) {
		return MapExprs(n, func(e Expr) Expr {
			return MapExpr(e, func(e Expr) Expr {
				switch e := e.(type) {
				case *ColumnRef:
					if free.Has(e.ID) {
						if g := f(e); g != nil {
							return asOuter(g)
						}
					}
				case *Subquery:
					return withOuter(e)
				default:
				}
				return e
			})
		}), nil
	})
	return out
}

func substituteOuter(q *Subquery, f func(*ColumnRef) Expr) Expr {
	p := SubstituteFree(q.Plan, f)
	if p == q.Plan {
		return q
	}
	c := *q
	c.Plan = p
	return withOuter(&c)
}

// withOuter returns q with Outer as its plan has it.
func withOuter(q *Subquery) *Subquery {
	free := Free(q.Plan)
	if free.Len() == len(q.Outer) && free.SubsetOf(SetOf(q.Outer...)) {
		return q
	}
	c := *q
	c.Outer = free.IDs()
	return &c
}

func asOuter(e Expr) Expr {
	return MapExpr(e, func(e Expr) Expr {
		if r, ok := e.(*ColumnRef); ok && !r.Outer {
			c := *r
			c.Outer = true
			return &c
		}
		return e
	})
}
