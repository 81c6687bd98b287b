package exec

import (
	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// predicates returns what the source of n can prune by: the conjuncts of its
// filters that compare a column, as the source has it, with constants.
func predicates(n *plan.Scan) []connectors.Predicate {
	p := pruning{scan: n, columns: n.Source.Columns()}
	for _, f := range n.Filters {
		p.add(f)
	}
	return p.out
}

type pruning struct {
	scan    *plan.Scan
	columns []connectors.Column
	out     []connectors.Predicate
}

var comparisons = map[string]connectors.PredicateOp{
	plan.OpEq: connectors.Eq, plan.OpNullEq: connectors.Eq, plan.OpNe: connectors.Ne,
	plan.OpLt: connectors.Lt, plan.OpLe: connectors.Le,
	plan.OpGt: connectors.Gt, plan.OpGe: connectors.Ge,
}

var mirrored = map[connectors.PredicateOp]connectors.PredicateOp{
	connectors.Eq: connectors.Eq, connectors.Ne: connectors.Ne,
	connectors.Lt: connectors.Gt, connectors.Le: connectors.Ge,
	connectors.Gt: connectors.Lt, connectors.Ge: connectors.Le,
}

func (p *pruning) add(cond plan.Expr) {
	switch e := cond.(type) {
	case *plan.InList:
		p.addIn(e)
	case *plan.Call:
		p.addCall(e)
	default:
	}
}

func (p *pruning) addCall(e *plan.Call) {
	switch e.Func {
	case plan.OpAnd:
		for _, a := range e.Args {
			p.add(a)
		}
		return
	case plan.OpIsNull:
		p.addNull(e.Args[0], connectors.IsNull)
		return
	case plan.OpNot:
		if c, ok := e.Args[0].(*plan.Call); ok && c.Func == plan.OpIsNull {
			p.addNull(c.Args[0], connectors.IsNotNull)
		}
		return
	}
	op, ok := comparisons[e.Func]
	if !ok || len(e.Args) != 2 {
		return
	}
	column, value := e.Args[0], e.Args[1]
	if _, ok := column.(*plan.Const); ok {
		column, value, op = value, column, mirrored[op]
	}
	c, ok := value.(*plan.Const)
	if !ok || c.Value == nil {
		return
	}
	if o, ok := p.ordinal(column, c.T); ok {
		p.out = append(p.out, connectors.Predicate{Column: o, Op: op, Values: []any{c.Value}})
	}
}

func (p *pruning) addIn(e *plan.InList) {
	if e.Negate {
		return
	}
	var values []any
	ordinal := -1
	for _, c := range e.List {
		if c.Value == nil {
			continue
		}
		o, ok := p.ordinal(e.Arg, c.T)
		if !ok {
			return
		}
		ordinal = o
		values = append(values, c.Value)
	}
	if ordinal >= 0 {
		p.out = append(p.out, connectors.Predicate{Column: ordinal, Op: connectors.In, Values: values})
	}
}

func (p *pruning) addNull(column plan.Expr, op connectors.PredicateOp) {
	if ref, ok := column.(*plan.ColumnRef); ok {
		if o, _, ok := p.source(ref); ok {
			p.out = append(p.out, connectors.Predicate{Column: o, Op: op})
		}
	}
}

// ordinal returns the source's column that e is, if comparing its values with
// one of type t is comparing physical values, strings by bytes.
func (p *pruning) ordinal(e plan.Expr, t mysqltype.Type) (int, bool) {
	ref, ok := e.(*plan.ColumnRef)
	if !ok {
		return 0, false
	}
	o, s, ok := p.source(ref)
	if !ok || s.Kind() != t.Kind() || s.Kind() != ref.T.Kind() {
		return 0, false
	}
	if s.ID == mysqltype.Decimal && (s.Scale != t.Scale || t.ID != mysqltype.Decimal) {
		return 0, false
	}
	if s.IsString() && !(byBytes(s) && byBytes(t) && byBytes(ref.T)) {
		return 0, false
	}
	return o, true
}

func (p *pruning) source(ref *plan.ColumnRef) (int, mysqltype.Type, bool) {
	for i, c := range p.scan.Cols {
		if c.ID == ref.ID {
			o := p.scan.Ordinals[i]
			return o, p.columns[o].Type, true
		}
	}
	return 0, mysqltype.Type{}, false
}

// byBytes reports whether values of a string type compare by bytes.
func byBytes(t mysqltype.Type) bool {
	return t.IsBinary() || t.Collation == mysqltype.Binary0900 || t.Collation == mysqltype.BinaryCollation
}
