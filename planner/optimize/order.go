package optimize

import (
	"math"
	"math/bits"

	"github.com/meshql/meshql/planner/plan"
)

// maxExact is the number of relations up to which all join orders are compared.
const maxExact = 10

// orderJoins puts inner joins into the order that is estimated to give the
// fewest rows on the way, the smaller input of each on the right, where it is
// built. Semi and anti joins go to the relation that they are about where that
// is the larger side.
//
// The order decides which rows an expression is evaluated on. Where one can fail
// or warn, statistics of rows that a row filter hides are left out, for else a
// principal could read them from what fails.
func orderJoins(p *pass, root plan.Node) (plan.Node, error) {
	return p.eachPlan(root, func(n plan.Node) (plan.Node, error) {
		o := orderer{pass: p, est: newEstimator(p, false)}
		return o.node(n)
	})
}

type orderer struct {
	pass *pass
	est  *estimator
}

// over returns an orderer that may look at what it needs to order n.
func (o *orderer) over(n plan.Node) *orderer {
	if o.est.blind || harmless(n) {
		return o
	}
	return &orderer{pass: o.pass, est: newEstimator(o.pass, true)}
}

// harmless reports whether nothing in n can fail or warn for what its rows hold.
func harmless(n plan.Node) bool {
	ok := true
	plan.Walk(n, func(n plan.Node) bool {
		switch x := n.(type) {
		case *plan.Governed: // policies are total, and so is what crossed
			return false
		case *plan.MaxOneRow:
			ok = false
		case *plan.Shared:
			ok = ok && harmless(x.Def.Plan)
		case *plan.Aggregate:
			for _, a := range x.Aggs {
				switch a.Func {
				case "count", "min", "max", "any_value":
				default:
					ok = false
				}
			}
		default:
		}
		for _, e := range plan.Exprs(n) {
			ok = ok && plan.Total(e)
		}
		return ok
	})
	return ok
}

func (o *orderer) node(n plan.Node) (plan.Node, error) {
	if _, ok := n.(*plan.Governed); ok {
		return n, nil
	}
	if j, ok := n.(*plan.Join); ok {
		o := o.over(j)
		if reorderable(j) {
			return o.inner(j)
		}
		if j.Kind == plan.SemiJoin || j.Kind == plan.AntiJoin || j.Kind == plan.NullAwareAntiJoin {
			if out := o.sinkSemi(j, j.Left); out != nil {
				return o.node(only(out, j.Columns()))
			}
		}
	}
	ins := n.Inputs()
	out := make([]plan.Node, len(ins))
	for i, in := range ins {
		var err error
		if out[i], err = o.node(in); err != nil {
			return nil, err
		}
	}
	return plan.WithInputs(n, out), nil
}

func reorderable(n *plan.Join) bool { return n.Kind == plan.InnerJoin && !n.NullEqual }

// sinkSemi returns n, which stands for j's left input, with j around the part
// of it that j reads; nil if it is to stay.
func (o *orderer) sinkSemi(j *plan.Join, n plan.Node) plan.Node {
	reads := plan.ColumnSet{}
	for _, id := range plan.Uses(j).IDs() {
		if plan.Outputs(j.Left).Has(id) {
			reads.Add(id)
		}
	}
	in, ok := n.(*plan.Join)
	if passes(n) {
		if out := o.sinkSemi(j, n.Inputs()[0]); out != nil {
			return plan.WithInputs(n, []plan.Node{out})
		}
		return nil
	}
	if !ok || !reorderable(in) || reads.Empty() {
		return nil
	}
	ins := []plan.Node{in.Left, in.Right}
	for i, side := range ins {
		if !reads.SubsetOf(plan.Outputs(side)) {
			continue
		}
		if out := o.sinkSemi(j, side); out != nil {
			ins[i] = out
			return plan.WithInputs(in, ins)
		}
		if o.est.of(j.Right) >= o.est.of(side) {
			return nil
		}
		c := *j
		c.Left = side
		ins[i] = &c
		return plan.WithInputs(in, ins)
	}
	return nil
}

// passes reports whether n is a projection that only drops columns.
func passes(n plan.Node) bool {
	p, ok := n.(*plan.Project)
	if !ok {
		return false
	}
	for i, e := range p.Exprs {
		if r, ok := e.(*plan.ColumnRef); !ok || r.ID != p.Cols[i].ID {
			return false
		}
	}
	return true
}

// graph is inner joins taken apart.
type graph struct {
	rels  []plan.Node
	conds []plan.Expr
	reads []uint64 // the relations that each condition reads
	rest  []plan.Expr
}

func (g *graph) flatten(n plan.Node) {
	if passes(n) {
		if j, ok := n.Inputs()[0].(*plan.Join); ok && reorderable(j) {
			g.flatten(j)
			return
		}
	}
	j, ok := n.(*plan.Join)
	if !ok || !reorderable(j) {
		g.rels = append(g.rels, n)
		return
	}
	g.flatten(j.Left)
	g.flatten(j.Right)
	for _, p := range j.Equal {
		g.conds = append(g.conds, plan.Compare(plan.OpEq, p.Left, p.Right))
	}
	g.conds = append(g.conds, plan.Conjuncts(j.On)...)
}

// inner orders the tree of inner joins below and with n.
func (o *orderer) inner(n *plan.Join) (plan.Node, error) {
	g := &graph{}
	g.flatten(n)
	if len(g.rels) > 64 {
		return n, nil
	}
	for i, r := range g.rels {
		out, err := o.node(r)
		if err != nil {
			return nil, err
		}
		g.rels[i] = out
	}
	g.connect()
	var best *tree
	if len(g.rels) <= maxExact {
		best = o.exact(g)
	} else {
		best = o.greedy(g)
	}
	if err := o.pass.tick(); err != nil {
		return nil, err
	}
	out := filter(g.build(best), g.rest...)
	return only(out, n.Columns()), nil
}

// connect finds which relations each condition reads.
func (g *graph) connect() {
	conds := g.conds
	g.conds = nil
	for _, c := range conds {
		reads := plan.Refs(c)
		mask := uint64(0)
		for i, r := range g.rels {
			if reads.Intersects(plan.Outputs(r)) {
				mask |= 1 << i
			}
		}
		if bits.OnesCount64(mask) < 2 || !movable(c) {
			g.rest = append(g.rest, c)
			continue
		}
		g.conds, g.reads = append(g.conds, c), append(g.reads, mask)
	}
}

// tree is an order of joins.
type tree struct {
	set         uint64
	rel         int // a leaf
	left, right *tree
	rows, cost  float64
}

// connected reports whether a condition joins a and b.
func (g *graph) connected(a, b uint64) bool {
	for _, m := range g.reads {
		if m&a != 0 && m&b != 0 && m&^(a|b) == 0 {
			return true
		}
	}
	return false
}

// share is the part of the pairs of a and b that their conditions let through.
func (o *orderer) share(g *graph, a, b *tree) float64 {
	s := 1.0
	most := math.Min(a.rows, b.rows) // a key cannot have more values than rows
	keys := 0
	floor := 1.0
	for i, m := range g.reads {
		if m&a.set == 0 || m&b.set == 0 || m&^(a.set|b.set) != 0 {
			continue
		}
		c, ok := g.conds[i].(*plan.Call)
		if !ok || c.Func != plan.OpEq {
			s *= o.est.selectivity(g.conds[i])
			continue
		}
		x, y := o.base(c.Args[0]), o.base(c.Args[1])
		s /= math.Max(x, y)
		keys++
		floor = math.Min(floor, 1/math.Max(most, math.Max(x, y)))
	}
	if keys > 1 {
		return math.Max(s, floor)
	}
	return s
}

// base is the number of values of a key in the whole of its source.
func (o *orderer) base(x plan.Expr) float64 {
	if r, ok := x.(*plan.ColumnRef); ok {
		if g := o.est.cols[r.ID]; g.distinct > 0 {
			return g.distinct
		} else if g.base > 0 {
			return math.Max(1, g.base/10)
		}
	}
	return 100
}

func (o *orderer) leaf(g *graph, i int) *tree {
	return &tree{set: 1 << i, rel: i, rows: o.est.of(g.rels[i])}
}

// pair joins two trees, the smaller on the right.
func (o *orderer) pair(g *graph, a, b *tree) *tree {
	if a.rows < b.rows {
		a, b = b, a
	}
	rows := math.Max(1, a.rows*b.rows*o.share(g, a, b))
	// Each row is probed or built once, and building is dearer.
	cost := a.cost + b.cost + rows + a.rows + 2*b.rows
	if !g.connected(a.set, b.set) {
		cost += a.rows * b.rows
	}
	return &tree{set: a.set | b.set, left: a, right: b, rows: rows, cost: cost}
}

// exact compares all orders; products only where nothing else joins.
func (o *orderer) exact(g *graph) *tree {
	n := len(g.rels)
	best := make([]*tree, 1<<n)
	for i := range n {
		best[1<<i] = o.leaf(g, i)
	}
	for set := uint64(1); set < 1<<n; set++ {
		if best[set] != nil {
			continue
		}
		for a := (set - 1) & set; a > 0; a = (a - 1) & set {
			b := set &^ a
			if a < b {
				continue
			}
			if t := o.pair(g, best[a], best[b]); best[set] == nil || t.cost < best[set].cost {
				best[set] = t
			}
		}
	}
	return best[1<<n-1]
}

// greedy joins, again and again, the two trees that give the fewest rows.
func (o *orderer) greedy(g *graph) *tree {
	var trees []*tree
	for i := range g.rels {
		trees = append(trees, o.leaf(g, i))
	}
	for len(trees) > 1 {
		var best *tree
		x, y := 0, 1
		for i := range trees {
			for j := range i {
				t := o.pair(g, trees[i], trees[j])
				key := t.cost - trees[i].cost - trees[j].cost
				if best == nil || key < best.cost-trees[x].cost-trees[y].cost {
					best, x, y = t, i, j
				}
			}
		}
		trees[y] = best
		trees = append(trees[:x], trees[x+1:]...)
	}
	return trees[0]
}

// build makes the joins of a tree, each with the conditions that it is the
// first to have all columns of.
func (g *graph) build(t *tree) plan.Node {
	if t.left == nil {
		return g.rels[t.rel]
	}
	j := &plan.Join{Kind: plan.InnerJoin, Left: g.build(t.left), Right: g.build(t.right)}
	var conds []plan.Expr
	for i, m := range g.reads {
		if m&t.left.set != 0 && m&t.right.set != 0 && m&^t.set == 0 {
			conds = append(conds, g.conds[i])
		}
	}
	addKeys(j, conds)
	return j
}
