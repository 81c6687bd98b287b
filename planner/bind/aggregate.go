package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// holdsAggregate reports whether an expression has an aggregate of its own
// query.
func holdsAggregate(n ast.ExprNode) bool {
	if n == nil {
		return false
	}
	var f aggregateFinder
	n.Accept(&f)
	return f.found
}

type aggregateFinder struct{ found bool }

func (f *aggregateFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n.(type) {
	case *ast.AggregateFuncExpr:
		f.found = true
	case *ast.SubqueryExpr:
		return n, true
	}
	return n, f.found
}

func (f *aggregateFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// aggregate binds a call of an aggregate function to a reference to the column
// that will hold it. Equal calls share one.
func (q *block) aggregate(call *ast.AggregateFuncExpr, s expr.Scope) (plan.Expr, error) {
	if q.inAgg {
		return nil, mysqlerr.InvalidGroupFunction()
	}
	q.inAgg = true
	defer func() { q.inAgg = false }()
	a, t, err := q.bindAggregate(call, s)
	if err != nil {
		return nil, err
	}
	if err := q.checkLevel(a); err != nil {
		return nil, err
	}
	for i, x := range q.aggs {
		if sameAggregate(x, a) {
			return expr.Rounded(q.aggCols[i].Ref(), t), nil
		}
	}
	q.b.last++
	c := plan.Column{ID: q.b.last, Name: aggregateName(a), Type: a.T}
	q.aggs, q.aggCols = append(q.aggs, a), append(q.aggCols, c)
	return expr.Rounded(c.Ref(), t), nil
}

// aggregateName prints an aggregate for plans.
func aggregateName(a plan.Agg) string {
	var args []string
	for _, x := range a.Args {
		args = append(args, plan.FormatExpr(x, plan.FormatOptions{}))
	}
	inner := strings.Join(args, ", ")
	if len(args) == 0 {
		inner = "*"
	}
	if a.Distinct {
		inner = "distinct " + inner
	}
	return a.Func + "(" + inner + ")"
}

func sameAggregate(a, b plan.Agg) bool {
	if a.Func != b.Func || a.Distinct != b.Distinct || a.Separator != b.Separator || a.T != b.T ||
		len(a.OrderBy) != len(b.OrderBy) || !plan.EqualAll(a.Args, b.Args) {
		return false
	}
	for i := range a.OrderBy {
		if a.OrderBy[i].Desc != b.OrderBy[i].Desc || !plan.Equal(a.OrderBy[i].Expr, b.OrderBy[i].Expr) {
			return false
		}
	}
	return true
}

// checkLevel refuses an aggregate that reads enclosing queries only: it would
// belong to one of them.
func (q *block) checkLevel(a plan.Agg) error {
	own, outer := false, false
	for _, x := range a.Args {
		plan.WalkExpr(x, func(e plan.Expr) bool {
			switch e := e.(type) {
			case *plan.ColumnRef:
				own, outer = own || !e.Outer, outer || e.Outer
			case *plan.Subquery:
				own = true
			default:
			}
			return true
		})
	}
	if outer && !own {
		return mysqlerr.Unsupported("an aggregate of an enclosing query's columns in a subquery")
	}
	return nil
}

// bindAggregate gives an aggregate and the type that it is shown in: one that
// divides, or is of a quotient, is computed with more digits.
func (q *block) bindAggregate(call *ast.AggregateFuncExpr, s expr.Scope) (plan.Agg, mysqltype.Type, error) {
	a := plan.Agg{Func: strings.ToLower(call.F), Distinct: call.Distinct}
	nodes := call.Args
	separator := ""
	if a.Func == "group_concat" && len(nodes) > 1 {
		v, ok := nodes[len(nodes)-1].(*test_driver.ValueExpr)
		if !ok {
			return a, a.T, mysqlerr.Unsupported("this separator")
		}
		separator, nodes = v.GetString(), nodes[:len(nodes)-1]
	}
	e := q.binder(s)
	if call.Order != nil && a.Func != "group_concat" {
		return a, a.T, mysqlerr.Unsupported("ORDER BY in " + a.Func)
	}
	var args []plan.Expr
	star := a.Func == "count" && !a.Distinct && len(nodes) == 1 && isConstantOne(nodes[0])
	for _, n := range nodes {
		if star {
			break
		}
		x, err := e.Bind(n)
		if err != nil {
			return a, a.T, err
		}
		args = append(args, x)
	}
	if a.Func == "group_concat" {
		a, err := q.groupConcat(e, a, args, separator, call.Order)
		return a, a.T, err
	}
	return aggregateOf(e, a, args)
}

// isConstantOne reports whether a count's argument is the parser's form of *,
// or a constant that counts the same.
func isConstantOne(n ast.ExprNode) bool {
	v, ok := n.(*test_driver.ValueExpr)
	return ok && v.Kind() != test_driver.KindNull
}

// aggregateOf types an aggregate and casts its arguments to what it computes in.
func aggregateOf(e *expr.Binder, a plan.Agg, args []plan.Expr) (plan.Agg, mysqltype.Type, error) {
	if a.Func != "count" && len(args) != 1 {
		return a, a.T, mysqlerr.WrongArguments(a.Func)
	}
	a.Args = args
	var t mysqltype.Type
	if len(args) > 0 {
		t = args[0].Type()
	}
	var shown mysqltype.Type
	double := mysqltype.Type{ID: mysqltype.Double}
	switch a.Func {
	case "count":
		if len(args) > 1 && !a.Distinct {
			return a, a.T, mysqlerr.WrongArguments("count")
		}
		a.T = mysqltype.Type{ID: mysqltype.BigInt, NotNull: true}
		return a, a.T, nil
	case "sum", "avg":
		if t.ID == mysqltype.JSON {
			return a, a.T, mysqlerr.Unsupported(a.Func + " of JSON")
		}
		args[0] = expr.Unrounded(args[0])
		var arg mysqltype.Type
		if a.Func == "sum" {
			_, shown = mysqltype.Sum(t)
			arg, a.T = mysqltype.Sum(args[0].Type())
		} else {
			_, shown = mysqltype.Avg(t)
			if arg, a.T = mysqltype.Avg(args[0].Type()); a.T.ID == mysqltype.Decimal {
				a.T = mysqltype.Mean(args[0].Type())
			}
		}
		a.Args[0] = e.Cast(args[0], arg)
	case "min", "max":
		if t.ID == mysqltype.JSON {
			return a, a.T, mysqlerr.Unsupported(a.Func + " of JSON")
		}
		if t.ID == mysqltype.Bool {
			t = mysqltype.Type{ID: mysqltype.BigInt}
			a.Args[0] = e.Cast(args[0], t)
		}
		shown, a.Distinct, a.T = t, false, t
		if t.ID == mysqltype.Decimal {
			a.Args[0] = expr.Unrounded(args[0])
			a.T = a.Args[0].Type()
		}
	case "any_value":
		a.T = t
	case "std", "stddev", "stddev_pop", "stddev_samp", "var_pop", "variance", "var_samp":
		switch a.Func {
		case "stddev", "stddev_pop":
			a.Func = "std"
		case "variance":
			a.Func = "var_pop"
		}
		a.Args[0], a.T = e.Cast(args[0], double), double
	case "bit_and", "bit_or", "bit_xor":
		u := mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}
		a.Args[0], a.T = e.Cast(args[0], u), u
		a.T.NotNull = true
	default:
		return a, a.T, mysqlerr.Unsupported(a.Func + "()")
	}
	if shown.ID != mysqltype.Decimal {
		shown = a.T
	}
	if a.Func != "bit_and" && a.Func != "bit_or" && a.Func != "bit_xor" {
		a.T.NotNull = false
	}
	shown.NotNull = a.T.NotNull
	return a, shown, nil
}

func (q *block) groupConcat(e *expr.Binder, a plan.Agg, args []plan.Expr, separator string, order *ast.OrderByClause) (plan.Agg, error) {
	if len(args) != 1 {
		return a, mysqlerr.Unsupported("group_concat of several expressions; use concat")
	}
	args[0] = e.Cast(args[0], mysqltype.Varchar(args[0].Type()))
	a.Args, a.Separator = args, separator
	a.T = mysqltype.Type{ID: mysqltype.Text}
	if order == nil {
		return a, nil
	}
	for _, by := range order.Items {
		if _, ok := by.Expr.(*ast.PositionExpr); ok {
			return a, mysqlerr.Unsupported("a position in group_concat's ORDER BY")
		}
		x, err := e.Bind(by.Expr)
		if err != nil {
			return a, err
		}
		a.OrderBy = append(a.OrderBy, plan.SortKey{Expr: x, Desc: by.Desc})
	}
	return a, nil
}
