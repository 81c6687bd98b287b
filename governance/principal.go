package governance

import (
	"math"
	"slices"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// holds reports whether the principal is what the subject names.
func (p *Principal) holds(s Subject) bool {
	switch s.Kind {
	case "role":
		return slices.Contains(p.Roles, s.Name)
	case "user":
		return p.User == s.Name
	case "purpose":
		return p.Purpose == s.Name
	}
	return s.Kind == "all"
}

// owns reports whether the principal holds an owner role of r's domain.
func (p *Principal) owns(r *Relation) bool {
	return slices.ContainsFunc(r.OwnerRoles, func(role string) bool { return slices.Contains(p.Roles, role) })
}

// attributes types the values that expressions may name: user.<attribute> and
// session.purpose.
type attributes map[string]Attribute

const purposeName = "session.purpose"

func newAttributes(declared map[string]Attribute) attributes {
	a := attributes{purposeName: {Type: mysqltype.Type{ID: mysqltype.VarChar}}}
	for name, t := range declared {
		a["user."+strings.ToLower(name)] = t
	}
	return a
}

// value returns what the principal has under a name, nil for what it lacks or
// holds as another type: a constant, or for a list its elements.
func (a attributes) value(p *Principal, name string) any {
	t, v := a[name], p.attribute(strings.TrimPrefix(name, "user."))
	if name == purposeName {
		if v = p.Purpose; v == "" {
			return nil
		}
	}
	switch v := v.(type) {
	case []string:
		if t.List {
			return v
		}
	case string:
		if t.Type.ID == mysqltype.VarChar && !t.List {
			return v
		}
	case bool:
		if t.Type.ID == mysqltype.Bool {
			return v
		}
	case int64:
		if t.Type.ID == mysqltype.BigInt {
			return v
		}
		if t.Type.ID == mysqltype.Double {
			return float64(v)
		}
	case float64:
		if t.Type.ID == mysqltype.Double && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	return nil
}

// attribute finds an attribute by its name; case does not count, and of names
// that differ in case only, none is meant.
func (p *Principal) attribute(name string) (found any) {
	n := 0
	for have, v := range p.Attributes {
		if strings.EqualFold(have, name) {
			found, n = v, n+1
		}
	}
	if n > 1 {
		return nil
	}
	return found
}

// bind replaces the parameters in e by the principal's values.
func (a attributes) bind(e plan.Expr, p *Principal) plan.Expr {
	return plan.MapExpr(e, func(e plan.Expr) plan.Expr {
		switch x := e.(type) {
		case *plan.Param:
			if !a[x.Name].List {
				return &plan.Const{Value: a.value(p, x.Name), T: x.T}
			}
		case *plan.Call:
			if arg, list := a.membership(x); list != nil {
				return a.in(arg, list, p)
			}
		default:
		}
		return e
	})
}

// membership recognises `arg = list`, which is what arg IN (list) binds to.
func (a attributes) membership(e *plan.Call) (arg plan.Expr, list *plan.Param) {
	if e.Func != plan.OpEq {
		return nil, nil
	}
	for i, side := range e.Args {
		if p, ok := side.(*plan.Param); ok && a[p.Name].List {
			return e.Args[1-i], p
		}
	}
	return nil, nil
}

// in is arg IN (the principal's list): NULL if the principal lacks the list,
// false if it is empty.
func (a attributes) in(arg plan.Expr, list *plan.Param, p *Principal) plan.Expr {
	values, ok := a.value(p, list.Name).([]string)
	if !ok {
		return plan.Null(plan.BoolType)
	}
	if len(values) == 0 {
		return plan.False()
	}
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	in := &plan.InList{Arg: arg}
	for _, v := range values {
		in.List = append(in.List, &plan.Const{Value: v, T: arg.Type()})
	}
	return in
}
