package naive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Run returns the rows of a plan, values as vec.Vector.Value gives them.
func Run(ctx context.Context, root plan.Node) ([][]any, error) {
	in := &interpreter{ctx: ctx, shared: map[*plan.SharedDef][][]any{}}
	return in.node(root, nil)
}

type interpreter struct {
	ctx    context.Context
	shared map[*plan.SharedDef][][]any
}

// frame is one row that expressions read, and the rows around it.
type frame struct {
	at  map[plan.ColumnID]int
	row []any
	up  *frame
}

func positions(cols ...[]plan.Column) map[plan.ColumnID]int {
	m := map[plan.ColumnID]int{}
	i := 0
	for _, list := range cols {
		for _, c := range list {
			m[c.ID] = i
			i++
		}
	}
	return m
}

func (in *interpreter) node(n plan.Node, up *frame) ([][]any, error) {
	if err := in.ctx.Err(); err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *plan.Scan:
		return in.scan(n, up)
	case *plan.Governed:
		return in.node(n.Input, up)
	case *plan.Filter:
		rows, err := in.node(n.Input, up)
		if err != nil {
			return nil, err
		}
		return in.filter(rows, n.Input.Columns(), n.Cond, up)
	case *plan.Project:
		return in.project(n, up)
	case *plan.Join:
		return in.join(n, up)
	case *plan.Aggregate:
		return in.aggregate(n, up)
	case *plan.Sort:
		return in.sort(n.Input, n.Keys, up)
	case *plan.Limit:
		rows, err := in.node(n.Input, up)
		return cut(rows, n.Offset, n.Count), err
	case *plan.TopN:
		rows, err := in.sort(n.Input, n.Keys, up)
		return cut(rows, n.Offset, n.Count), err
	case *plan.SetOp:
		return in.setOp(n, up)
	case *plan.Values:
		var out [][]any
		for _, r := range n.Rows {
			row, err := in.exprs(r, up)
			if err != nil {
				return nil, err
			}
			out = append(out, row)
		}
		return out, nil
	case *plan.Shared:
		if up != nil && !plan.Free(n.Def.Plan).Empty() {
			return in.node(n.Def.Plan, up)
		}
		if rows, ok := in.shared[n.Def]; ok {
			return rows, nil
		}
		rows, err := in.node(n.Def.Plan, up)
		in.shared[n.Def] = rows
		return rows, err
	case *plan.MaxOneRow:
		rows, err := in.node(n.Input, up)
		switch {
		case err != nil:
			return nil, err
		case len(rows) > 1:
			return nil, mysqlerr.SubqueryRows()
		case len(rows) == 0:
			rows = [][]any{make([]any, len(n.Columns()))}
		}
		return rows, nil
	}
	return nil, fmt.Errorf("naive: %T", n)
}

func (in *interpreter) scan(n *plan.Scan, up *frame) ([][]any, error) {
	snap, err := n.Source.Pin(in.ctx)
	if err != nil {
		return nil, err
	}
	splits, err := snap.Splits(in.ctx, connectors.Request{Columns: n.Ordinals})
	if err != nil {
		return nil, err
	}
	var rows [][]any
	for _, s := range splits {
		r, err := s.Open(in.ctx)
		if err != nil {
			return nil, err
		}
		for {
			b, err := r.Next(in.ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			for k := range b.Rows() {
				i := b.Sel.At(k)
				row := make([]any, len(n.Cols))
				for j := range n.Cols {
					v, err := b.Col(in.ctx, j)
					if err != nil {
						return nil, err
					}
					row[j] = v.Value(i)
				}
				rows = append(rows, row)
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	if len(n.Filters) == 0 {
		return rows, nil
	}
	return in.filter(rows, n.Cols, plan.And(n.Filters...), up)
}

func (in *interpreter) filter(rows [][]any, cols []plan.Column, cond plan.Expr, up *frame) ([][]any, error) {
	var out [][]any
	at := positions(cols)
	for _, row := range rows {
		v, err := in.expr(cond, &frame{at, row, up})
		if err != nil {
			return nil, err
		}
		if v == true {
			out = append(out, row)
		}
	}
	return out, nil
}

func (in *interpreter) project(n *plan.Project, up *frame) ([][]any, error) {
	rows, err := in.node(n.Input, up)
	if err != nil {
		return nil, err
	}
	at := positions(n.Input.Columns())
	out := make([][]any, len(rows))
	for i, row := range rows {
		if out[i], err = in.exprs(n.Exprs, &frame{at, row, up}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (in *interpreter) exprs(es []plan.Expr, f *frame) ([]any, error) {
	out := make([]any, len(es))
	for i, e := range es {
		var err error
		if out[i], err = in.expr(e, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (in *interpreter) join(n *plan.Join, up *frame) ([][]any, error) {
	left, err := in.node(n.Left, up)
	if err != nil {
		return nil, err
	}
	right, err := in.node(n.Right, up)
	if err != nil {
		return nil, err
	}
	at := positions(n.Left.Columns(), n.Right.Columns())
	var out [][]any
	for _, l := range left {
		matches, unknown := 0, false
		for _, r := range right {
			row := append(slices.Clone(l), r...)
			f := &frame{at, row, up}
			if n.On != nil {
				v, err := in.expr(n.On, f)
				if err != nil {
					return nil, err
				}
				if v != true {
					continue
				}
			}
			var v any = true
			for _, p := range n.Equal {
				op := plan.OpEq
				if n.NullEqual {
					op = plan.OpNullEq
				}
				e, err := in.expr(plan.Compare(op, p.Left, p.Right), f)
				if err != nil {
					return nil, err
				}
				v = and(v, e)
			}
			unknown = unknown || v == nil
			if v != true {
				continue
			}
			matches++
			switch n.Kind {
			case plan.InnerJoin, plan.LeftJoin:
				out = append(out, row)
			case plan.SingleJoin:
				if matches > 1 {
					return nil, mysqlerr.SubqueryRows()
				}
				out = append(out, row)
			case plan.SemiJoin, plan.AntiJoin, plan.NullAwareAntiJoin, plan.MarkJoin:
			}
		}
		switch n.Kind {
		case plan.InnerJoin:
		case plan.LeftJoin, plan.SingleJoin:
			if matches == 0 {
				out = append(out, append(slices.Clone(l), make([]any, len(n.Right.Columns()))...))
			}
		case plan.SemiJoin:
			if matches > 0 {
				out = append(out, l)
			}
		case plan.AntiJoin:
			if matches == 0 {
				out = append(out, l)
			}
		case plan.NullAwareAntiJoin:
			if matches == 0 && !unknown {
				out = append(out, l)
			}
		case plan.MarkJoin:
			var mark any = matches > 0
			if matches == 0 && unknown {
				mark = nil
			}
			out = append(out, append(slices.Clone(l), mark))
		}
	}
	return out, nil
}

func (in *interpreter) sort(input plan.Node, keys []plan.SortKey, up *frame) ([][]any, error) {
	rows, err := in.node(input, up)
	if err != nil {
		return nil, err
	}
	return in.sorted(rows, positions(input.Columns()), keys, up)
}

func (in *interpreter) sorted(rows [][]any, at map[plan.ColumnID]int, keys []plan.SortKey, up *frame) ([][]any, error) {
	type keyed struct{ row, key []any }
	list := make([]keyed, len(rows))
	for i, row := range rows {
		list[i].row = row
		for _, k := range keys {
			v, err := in.expr(k.Expr, &frame{at, row, up})
			if err != nil {
				return nil, err
			}
			list[i].key = append(list[i].key, v)
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		for i, k := range keys {
			c := order(a.key[i], b.key[i], k.Expr.Type())
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([][]any, len(list))
	for i, k := range list {
		out[i] = k.row
	}
	return out, nil
}

func cut(rows [][]any, offset, count int64) [][]any {
	if offset >= int64(len(rows)) {
		return nil
	}
	rows = rows[offset:]
	if count >= 0 && count < int64(len(rows)) {
		rows = rows[:count]
	}
	return rows
}

func (in *interpreter) setOp(n *plan.SetOp, up *frame) ([][]any, error) {
	var all [][][]any
	for _, i := range n.Ins {
		rows, err := in.node(i, up)
		if err != nil {
			return nil, err
		}
		all = append(all, rows)
	}
	if n.Kind == plan.UnionAll {
		return slices.Concat(all...), nil
	}
	counts := map[string]int{}
	for _, r := range all[1] {
		counts[rowKey(r, n.Cols)]++
	}
	var out [][]any
	for _, r := range all[0] {
		k := rowKey(r, n.Cols)
		found := counts[k] > 0
		if found {
			counts[k]--
		}
		if found == (n.Kind == plan.IntersectAll) {
			out = append(out, r)
		}
	}
	return out, nil
}

func rowKey(row []any, cols []plan.Column) string {
	s := ""
	for i, v := range row {
		s += groupKey(v, cols[i].Type) + "\x00"
	}
	return s
}
