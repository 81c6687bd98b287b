package exec

import (
	"context"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// keyExpr is an expression whose values are compared: a group, join or sort key.
type keyExpr struct {
	projected
	kind    vec.Kind
	collate func([]byte) []byte // makes keys of values; nil: values are keys
	t       mysqltype.Type
}

func (q *query) keyExpr(e plan.Expr, input []plan.Column) (keyExpr, error) {
	k := keyExpr{t: e.Type(), kind: e.Type().Kind(), collate: mysqlfn.CollationKey(e.Type())}
	var err error
	k.projected, err = q.projected(e, input)
	return k, err
}

func (q *query) keyExprs(es []plan.Expr, input []plan.Column) ([]keyExpr, error) {
	out := make([]keyExpr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = q.keyExpr(e, input); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keys returns the key of v's selected rows: v itself, or collation keys.
func (k *keyExpr) keys(v *vec.Vector, sel vec.Selection) *vec.Vector {
	if k.collate == nil {
		return v
	}
	return collated(v, sel, k.t, k.collate)
}

// both returns the values over b's selected rows and their keys.
func (k *keyExpr) both(ctx context.Context, b *vec.Batch) (value, key *vec.Vector, err error) {
	value, err = k.over(ctx, b)
	if err != nil {
		return nil, nil, err
	}
	return value, k.keys(value, b.Sel), nil
}

// collated replaces strings by collation keys; those of a dictionary are made
// once.
func collated(v *vec.Vector, sel vec.Selection, t mysqltype.Type, key func([]byte) []byte) *vec.Vector {
	switch v.Form {
	case vec.Dictionary:
		// compute cannot fail, so neither can Memo.
		d, _ := v.Dict.Memo(t, func() (any, error) {
			return &vec.Dict{Values: collated(v.Dict.Values, nil, t, key)}, nil
		})
		out := *v
		out.Dict = d.(*vec.Dict)
		return &out
	case vec.Constant:
		if v.IsNull(0) {
			return v
		}
		return vec.NewConstant(vec.Bytes, string(key(v.BytesAt(0))), v.N)
	case vec.Flat:
	}
	out := &vec.Vector{Kind: vec.Bytes, N: v.N, Nulls: v.Nulls, Str: vec.Strings{Views: make([]string, v.N)}}
	for k := range sel.Count(v.N) {
		if i := rowAt(sel, k); !v.IsNull(i) {
			out.Str.Views[i] = string(key(v.BytesAt(i)))
		}
	}
	return out
}
