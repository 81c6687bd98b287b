package plan

import "github.com/meshql/meshql/planner/mysqltype"

// BoolType is the type of conditions.
var BoolType = mysqltype.Type{ID: mysqltype.Bool}

// True and False return constant conditions; Null a NULL of a type.
func True() *Const                 { return &Const{Value: true, T: BoolType} }
func False() *Const                { return &Const{Value: false, T: BoolType} }
func Null(t mysqltype.Type) *Const { return &Const{T: t} }

// Conjuncts splits a condition at its ANDs; nil and TRUE have none.
func Conjuncts(e Expr) []Expr {
	switch x := e.(type) {
	case nil:
		return nil
	case *Const:
		if x.Value == true {
			return nil
		}
	case *Call:
		if x.Func == OpAnd {
			var out []Expr
			for _, a := range x.Args {
				out = append(out, Conjuncts(a)...)
			}
			return out
		}
	default:
	}
	return []Expr{e}
}

// And joins conditions; none is nil.
func And(es ...Expr) Expr {
	var out []Expr
	for _, e := range es {
		out = append(out, Conjuncts(e)...)
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return out[0]
	}
	return &Call{Func: OpAnd, Args: out, T: BoolType}
}

// Not negates a condition, three-valued.
func Not(e Expr) Expr { return &Call{Func: OpNot, Args: []Expr{e}, T: BoolType} }

// Compare returns the comparison a op b.
func Compare(op string, a, b Expr) Expr {
	return &Call{Func: op, Args: []Expr{a, b}, T: BoolType}
}

// Ref returns a reference to a column.
func (c Column) Ref() *ColumnRef { return &ColumnRef{ID: c.ID, Name: c.Name, T: c.Type} }
