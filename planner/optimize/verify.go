package optimize

import (
	"errors"
	"fmt"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Verify checks what every rule must keep: the columns of the plan that the
// query started with, references that resolve, unique columns, arguments of the
// types that the kernels take, and the barrier around governed relations.
func Verify(before, after plan.Node) error {
	if err := sameColumns(before.Columns(), after.Columns()); err != nil {
		return err
	}
	v := verifier{made: map[plan.ColumnID]plan.Node{}}
	if err := v.node(after, plan.ColumnSet{}); err != nil {
		return err
	}
	return verifyBarrier(after)
}

func sameColumns(a, b []plan.Column) error {
	if len(a) != len(b) {
		return fmt.Errorf("the plan has %d columns, want %d", len(b), len(a))
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type != b[i].Type || a[i].ID != b[i].ID {
			return fmt.Errorf("column %d of the plan is %s#%d %v, want %s#%d %v", i+1, b[i].Name, b[i].ID, b[i].Type, a[i].Name, a[i].ID, a[i].Type)
		}
	}
	return nil
}

type verifier struct {
	made map[plan.ColumnID]plan.Node // the node that makes each column
	defs map[*plan.SharedDef]bool
}

// node checks n and what is below it; outer are the columns of enclosing
// queries.
func (v *verifier) node(n plan.Node, outer plan.ColumnSet) error {
	var in plan.ColumnSet
	for _, c := range n.Inputs() {
		if err := v.node(c, outer); err != nil {
			return err
		}
		in.AddAll(plan.Outputs(c))
	}
	if s, ok := n.(*plan.Scan); ok {
		in = plan.Outputs(s)
	}
	if err := v.shape(n); err != nil {
		return err
	}
	for _, e := range plan.Exprs(n) {
		if err := v.expr(n, e, in, outer); err != nil {
			return err
		}
	}
	if err := v.produce(n); err != nil {
		return err
	}
	if s, ok := n.(*plan.Shared); ok && !v.defs[s.Def] {
		if v.defs == nil {
			v.defs = map[*plan.SharedDef]bool{}
		}
		v.defs[s.Def] = true
		return v.node(s.Def.Plan, outer)
	}
	return nil
}

// shape checks that n's parts fit each other and its inputs.
func (v *verifier) shape(n plan.Node) error {
	switch n := n.(type) {
	case *plan.Scan:
		if len(n.Ordinals) != len(n.Cols) || n.RowFilter > len(n.Filters) {
			return errors.New("scan: ordinals, columns and filters do not fit")
		}
	case *plan.Governed:
		return samePositions("governed", n.Cols, n.Input.Columns(), true)
	case *plan.Project:
		if len(n.Exprs) != len(n.Cols) {
			return errors.New("project: an expression a column")
		}
		for i, e := range n.Exprs {
			if !sameValues(e.Type(), n.Cols[i].Type) {
				return fmt.Errorf("project: column #%d is %v, its expression %v", n.Cols[i].ID, n.Cols[i].Type, e.Type())
			}
		}
	case *plan.Join:
		return verifyJoin(n)
	case *plan.Aggregate:
		if len(n.Cols) != len(n.GroupBy)+len(n.Aggs) {
			return errors.New("aggregate: a column a group key and aggregate")
		}
		if n.MinGroup != nil && !plan.Outputs(n.Input).Has(n.MinGroup.Entity) {
			return errors.New("aggregate: the entity of min_group is not in its input")
		}
	case *plan.SetOp:
		for _, in := range n.Ins {
			if err := samePositions(n.Kind.String(), n.Cols, in.Columns(), false); err != nil {
				return err
			}
		}
	case *plan.Values:
		for _, r := range n.Rows {
			if len(r) != len(n.Cols) {
				return errors.New("values: a row of another width")
			}
		}
	case *plan.Shared:
		return samePositions("shared", n.Cols, n.Def.Plan.Columns(), false)
	case *plan.Filter:
		return verifyCondition(n.Cond)
	case *plan.Sort, *plan.Limit, *plan.TopN, *plan.MaxOneRow:
	}
	return nil
}

func verifyCondition(e plan.Expr) error {
	if t := e.Type().ID; t != mysqltype.Bool && t != mysqltype.Null {
		return fmt.Errorf("a condition of type %v", e.Type())
	}
	return nil
}

func verifyJoin(n *plan.Join) error {
	if n.On != nil {
		if err := verifyCondition(n.On); err != nil {
			return err
		}
	}
	left, right := plan.Outputs(n.Left), plan.Outputs(n.Right)
	for _, p := range n.Equal {
		if plan.Refs(p.Left).Intersects(right) || plan.Refs(p.Right).Intersects(left) {
			return errors.New("join: a key reads the other side")
		}
		if !comparable(p.Left.Type(), p.Right.Type()) {
			return fmt.Errorf("join: keys of types %v and %v", p.Left.Type(), p.Right.Type())
		}
	}
	return nil
}

func samePositions(what string, cols, in []plan.Column, ids bool) error {
	if len(cols) != len(in) {
		return fmt.Errorf("%s: %d columns over %d", what, len(cols), len(in))
	}
	for i := range cols {
		if ids && cols[i].ID != in[i].ID {
			return fmt.Errorf("%s: column #%d stands over #%d", what, cols[i].ID, in[i].ID)
		}
		if !sameValues(cols[i].Type, in[i].Type) {
			return fmt.Errorf("%s: column #%d is %v over %v", what, cols[i].ID, cols[i].Type, in[i].Type)
		}
	}
	return nil
}

func (v *verifier) expr(n plan.Node, e plan.Expr, in, outer plan.ColumnSet) error {
	var err error
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if err != nil {
			return false
		}
		switch e := e.(type) {
		case *plan.ColumnRef:
			if !in.Has(e.ID) && !outer.Has(e.ID) {
				err = fmt.Errorf("%T reads column %s#%d, which is not in its input", n, e.Name, e.ID)
			}
		case *plan.Call:
			err = verifyCall(e)
		case *plan.InList:
			for _, c := range e.List {
				if c.Value != nil && c.T.Kind() != e.Arg.Type().Kind() {
					err = fmt.Errorf("in: %v in a list of %v", e.Arg.Type(), c.T)
				}
			}
		case *plan.Subquery:
			inner := plan.ColumnSet{}
			inner.AddAll(outer)
			inner.AddAll(in)
			err = v.node(e.Plan, inner)
		default:
		}
		return true
	})
	return err
}

// produce records the columns that n makes and checks that nobody else does. A
// column that passes through unchanged keeps its ID.
func (v *verifier) produce(n plan.Node) error {
	var cols []plan.Column
	switch n := n.(type) {
	case *plan.Project:
		for i, c := range n.Cols {
			if r, ok := n.Exprs[i].(*plan.ColumnRef); !ok || r.ID != c.ID {
				cols = append(cols, c)
			}
		}
	case *plan.Aggregate:
		for i, c := range n.Cols {
			if i < len(n.GroupBy) {
				if r, ok := n.GroupBy[i].(*plan.ColumnRef); ok && r.ID == c.ID {
					continue
				}
			}
			cols = append(cols, c)
		}
	case *plan.Join:
		if n.Kind == plan.MarkJoin {
			cols = []plan.Column{n.Mark}
		}
	case *plan.Scan, *plan.SetOp, *plan.Values, *plan.Shared:
		cols = n.Columns()
	case *plan.Governed, *plan.Filter, *plan.Sort, *plan.Limit, *plan.TopN, *plan.MaxOneRow:
	}
	for _, c := range cols {
		if c.ID <= 0 {
			return fmt.Errorf("%T makes a column without ID", n)
		}
		if other, ok := v.made[c.ID]; ok && other != n {
			return fmt.Errorf("column #%d is made by %T and %T", c.ID, other, n)
		}
		v.made[c.ID] = n
	}
	seen := plan.ColumnSet{}
	for _, c := range n.Columns() {
		if seen.Has(c.ID) {
			return fmt.Errorf("%T has column #%d twice", n, c.ID)
		}
		seen.Add(c.ID)
	}
	return nil
}

// verifyExecutable checks what must be gone before execution.
func verifyExecutable(root plan.Node) error {
	var err error
	plan.Walk(root, func(n plan.Node) bool {
		for _, e := range plan.Exprs(n) {
			plan.WalkExpr(e, func(e plan.Expr) bool {
				switch e := e.(type) {
				case *plan.Subquery:
					err = errors.New("a subquery is left")
				case *plan.Param:
					err = fmt.Errorf("parameter %s is left", e.Name)
				case *plan.ColumnRef:
					if e.Outer {
						err = fmt.Errorf("outer column #%d is left", e.ID)
					}
				default:
				}
				return err == nil
			})
		}
		return err == nil
	})
	return err
}
