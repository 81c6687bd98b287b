package bind

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// values binds VALUES ROW(…), …; its columns are column_0, column_1 and so on.
func (b *binder) values(s *ast.SelectStmt, in surroundings) (plan.Node, error) {
	f := &frame{in: in}
	e := b.expr.With(names{f, inFields})
	e.Subquery = b.subqueries(f)
	v := &plan.Values{}
	for _, r := range s.Lists {
		if len(r.Values) != len(s.Lists[0].Values) {
			return nil, mysqlerr.ColumnCount(len(v.Rows) + 1)
		}
		row := make([]plan.Expr, len(r.Values))
		for i, n := range r.Values {
			x, err := e.Bind(n)
			if err != nil {
				return nil, err
			}
			row[i] = x
		}
		v.Rows = append(v.Rows, row)
	}
	if len(v.Rows[0]) > maxColumns {
		return nil, mysqlerr.TooComplex(fmt.Sprintf("VALUES has more than %d columns", maxColumns))
	}
	column := make([]plan.Expr, len(v.Rows))
	for i := range v.Rows[0] {
		for j, row := range v.Rows {
			column[j] = row[i]
		}
		t := e.MergeTypes(column...)
		for _, row := range v.Rows {
			row[i] = e.Cast(row[i], t)
		}
		v.Cols = append(v.Cols, b.newColumn(fmt.Sprintf("column_%d", i), &plan.Const{T: t}))
	}
	n, err := b.orderAndLimit(v, s.OrderBy, s.Limit, in)
	return n, err
}
