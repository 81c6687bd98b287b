package plan

import (
	"fmt"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
)

// FormatOptions says how a plan is printed.
type FormatOptions struct {
	IDs   bool // columns as name#id; without, by name only
	Types bool // types of computed columns and implicit casts
	// HidePolicy is for readers who may run a query but not read the policies
	// that bind them: below a Governed node only the scan is shown, with the
	// predicates that the query itself brought.
	HidePolicy bool
}

// Format prints a plan as an indented tree, one node a line, inputs below.
// Shared definitions and the plans of subqueries follow once, by name. The keys
// of masks never print.
func Format(root Node, opts FormatOptions) string {
	p := printer{opts: opts, names: map[*SharedDef]string{}}
	p.node(root, 0)
	for i := 0; i < len(p.defs); i++ {
		d := p.defs[i]
		fmt.Fprintf(&p.b, "with %s:\n", p.names[d])
		p.node(d.Plan, 1)
	}
	return p.b.String()
}

// FormatExpr prints an expression in SQL's notation.
func FormatExpr(e Expr, opts FormatOptions) string {
	p := printer{opts: opts}
	return p.expr(e)
}

type printer struct {
	b     strings.Builder
	opts  FormatOptions
	defs  []*SharedDef
	names map[*SharedDef]string
	subs  []*Subquery // of the line being printed, their plans follow it
	total int         // subqueries so far
}

func (p *printer) node(n Node, depth int) {
	line := p.line(n)
	fmt.Fprintf(&p.b, "%s%s\n", strings.Repeat("  ", depth), line)
	subs := p.subs
	p.subs = nil
	first := p.total - len(subs)
	for i, q := range subs {
		fmt.Fprintf(&p.b, "%ssubquery %d:\n", strings.Repeat("  ", depth+1), first+i+1)
		p.node(q.Plan, depth+2)
	}
	if g, ok := n.(*Governed); ok && p.opts.HidePolicy {
		Walk(g.Input, func(n Node) bool {
			if s, ok := n.(*Scan); ok {
				fmt.Fprintf(&p.b, "%s%s\n", strings.Repeat("  ", depth+1), p.bareScan(s))
			}
			return true
		})
		return
	}
	for _, in := range n.Inputs() {
		p.node(in, depth+1)
	}
}

func (p *printer) line(n Node) string {
	switch n := n.(type) {
	case *Scan:
		return p.scan(n)
	case *Governed:
		return p.governed(n)
	case *Filter:
		return "filter " + p.expr(n.Cond)
	case *Project:
		return "project " + p.computed(n.Exprs, n.Cols)
	case *Join:
		return p.join(n)
	case *Aggregate:
		return p.aggregate(n)
	case *Sort:
		return "sort " + p.keys(n.Keys)
	case *Limit:
		return "limit" + limits(n.Offset, n.Count)
	case *TopN:
		return "top" + limits(n.Offset, n.Count) + " by " + p.keys(n.Keys)
	case *SetOp:
		return setNames[n.Kind] + " " + p.columns(n.Cols)
	case *Values:
		return p.values(n)
	case *Shared:
		return "shared " + p.shared(n.Def) + " " + p.columns(n.Cols)
	case *MaxOneRow:
		return "max one row"
	}
	return fmt.Sprintf("%T", n)
}

var setNames = [...]string{UnionAll: "union all", IntersectAll: "intersect all", ExceptAll: "except all"}

var joinNames = [...]string{
	InnerJoin: "inner join", LeftJoin: "left join", SemiJoin: "semi join", AntiJoin: "anti join",
	NullAwareAntiJoin: "null-aware anti join", MarkJoin: "mark join", SingleJoin: "single join",
}

// String returns the kind's name as plans print it.
func (k JoinKind) String() string { return joinNames[k] }

// String returns the kind's name as plans print it.
func (k SetKind) String() string { return setNames[k] }

func (p *printer) scan(n *Scan) string {
	s := "scan " + n.Name + " " + p.columns(n.Cols)
	if n.RowFilter > 0 {
		s += " row filter: " + p.conjuncts(n.Filters[:n.RowFilter])
	}
	return s + p.queryFilters(n)
}

// bareScan leaves out what policies read: its columns may be hidden ones.
func (p *printer) bareScan(n *Scan) string { return "scan " + n.Name + p.queryFilters(n) }

func (p *printer) queryFilters(n *Scan) string {
	s := ""
	if len(n.Filters) > n.RowFilter {
		s += " filter: " + p.conjuncts(n.Filters[n.RowFilter:])
	}
	return s
}

func (p *printer) governed(n *Governed) string {
	s := "governed " + n.Domain + "." + n.Product + " " + p.columns(n.Cols)
	if len(n.Policies) > 0 {
		s += " policies: " + strings.Join(n.Policies, ", ")
	}
	return s
}

func (p *printer) join(n *Join) string {
	s := n.Kind.String()
	var on []string
	for _, e := range n.Equal {
		op := " = "
		if n.NullEqual {
			op = " <=> "
		}
		on = append(on, p.operand(e.Left)+op+p.operand(e.Right))
	}
	if n.On != nil {
		for _, c := range Conjuncts(n.On) {
			on = append(on, p.operand(c))
		}
	}
	if n.On != nil && len(on) == 1 {
		on[0] = p.expr(n.On)
	}
	switch {
	case len(on) > 0:
		s += " on " + strings.Join(on, " and ")
	case n.Kind == InnerJoin:
		s = "cross join"
	}
	if n.Kind == MarkJoin {
		s += " as " + p.column(n.Mark)
	}
	return s
}

func (p *printer) aggregate(n *Aggregate) string {
	s := "aggregate"
	if len(n.Aggs) == 0 {
		s = "distinct"
	}
	if len(n.Aggs) > 0 {
		var out []string
		for i, a := range n.Aggs {
			out = append(out, p.as(p.agg(a), n.Cols[len(n.GroupBy)+i]))
		}
		s += " " + strings.Join(out, ", ")
		if len(n.GroupBy) > 0 {
			s += " by"
		}
	}
	if len(n.GroupBy) > 0 {
		s += " " + p.computed(n.GroupBy, n.Cols[:len(n.GroupBy)])
	}
	if n.MinGroup != nil {
		if p.opts.HidePolicy {
			return s + " entities: " + n.MinGroup.Policy
		}
		s += fmt.Sprintf(" at least %d entities: %s", n.MinGroup.Size, n.MinGroup.Policy)
	}
	return s
}

func (p *printer) agg(a Agg) string {
	args := make([]string, len(a.Args))
	for i, e := range a.Args {
		args[i] = p.expr(e)
	}
	s := strings.Join(args, ", ")
	if a.Func == "count" && len(args) == 0 {
		s = "*"
	}
	if a.Distinct {
		s = "distinct " + s
	}
	if len(a.OrderBy) > 0 {
		s += " order by " + p.keys(a.OrderBy)
	}
	if a.Func == "group_concat" && a.Separator != "," {
		s += " separator " + quote(a.Separator)
	}
	return a.Func + "(" + s + ")"
}

func (p *printer) values(n *Values) string {
	if len(n.Rows) == 1 && len(n.Cols) == 0 {
		return "one row"
	}
	rows := make([]string, len(n.Rows))
	for i, r := range n.Rows {
		out := make([]string, len(r))
		for j, e := range r {
			out[j] = p.expr(e)
		}
		rows[i] = "(" + strings.Join(out, ", ") + ")"
	}
	if len(rows) == 0 {
		return "no rows " + p.columns(n.Cols)
	}
	return "values " + p.columns(n.Cols) + " " + strings.Join(rows, ", ")
}

func (p *printer) shared(d *SharedDef) string {
	if p.names[d] == "" {
		name := d.Name
		for i := 2; p.taken(name); i++ {
			name = fmt.Sprintf("%s %d", d.Name, i)
		}
		p.names[d] = name
		p.defs = append(p.defs, d)
	}
	return p.names[d]
}

func (p *printer) taken(name string) bool {
	for _, n := range p.names {
		if n == name {
			return true
		}
	}
	return false
}

func limits(offset, count int64) string {
	s := ""
	if count >= 0 {
		s = fmt.Sprintf(" %d", count)
	}
	if offset > 0 {
		s += fmt.Sprintf(" offset %d", offset)
	}
	return s
}

func (p *printer) keys(keys []SortKey) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = p.expr(k.Expr)
		if k.Desc {
			out[i] += " desc"
		}
	}
	return strings.Join(out, ", ")
}

func (p *printer) columns(cols []Column) string {
	var out []string
	for _, c := range cols {
		if c.Name != "" || p.opts.IDs { // a min_group entity has no name
			out = append(out, p.column(c))
		}
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func (p *printer) column(c Column) string {
	s := c.Name
	if p.opts.IDs {
		s += fmt.Sprintf("#%d", c.ID)
	}
	if p.opts.Types {
		s += " " + typeName(c.Type)
	}
	return s
}

func (p *printer) computed(es []Expr, cols []Column) string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = p.as(p.expr(e), cols[i])
	}
	return strings.Join(out, ", ")
}

func (p *printer) as(expr string, c Column) string {
	name := p.column(c)
	if expr == name || expr == c.Name && !p.opts.IDs && !p.opts.Types {
		return expr
	}
	return expr + " as " + name
}

func typeName(t mysqltype.Type) string {
	if t.ID == mysqltype.Bool {
		return "bool"
	}
	return t.String()
}
