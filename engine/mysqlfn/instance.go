package mysqlfn

import (
	"context"
	"fmt"
	"time"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/expression"
	"github.com/dolthub/go-mysql-server/sql/expression/function"
	gmstypes "github.com/dolthub/go-mysql-server/sql/types"
	"github.com/shopspring/decimal"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Instance evaluates one call of a function row by row. It belongs to one
// goroutine.
type Instance struct {
	name   string
	ctx    *sql.Context
	expr   sql.Expression
	args   []mysqltype.Type
	result mysqltype.Type
	row    sql.Row
}

// Instance returns an evaluator of function name, which has no kernel, for
// arguments of the given types. Documents returns which of them must be JSON.
func (l *Library) Instance(name string, args []mysqltype.Type, result mysqltype.Type) (*Instance, error) {
	f, ok := lookup(name)
	if !ok || f.Kernel {
		return nil, mysqlerr.UnknownFunction(name)
	}
	in := &Instance{name: name, args: args, result: result, row: make(sql.Row, len(args))}
	in.ctx = sql.NewContext(context.Background())
	err := in.guard(func() error {
		foreign := name
		if name == "json_value" { // whose own text of a string is quoted
			foreign = "json_extract"
		}
		fn, ok := function.NewRegistry().Function(in.ctx, foreign)
		if !ok {
			return fmt.Errorf("function %s is not in the library", name)
		}
		fields := make([]sql.Expression, len(args))
		for i, t := range args {
			fields[i] = expression.NewGetField(i, foreignType(t), "", true)
		}
		var err error
		in.expr, err = fn.NewInstance(in.ctx, fields)
		return err
	})
	if err != nil {
		return nil, mysqlerr.WrongArguments(name).With(err)
	}
	return in, nil
}

// Documents returns the arguments of a JSON function that are documents, which
// text is parsed as.
func Documents(name string, args int) []int {
	switch name {
	case "json_contains", "json_overlaps":
		return []int{0, 1}
	case "json_merge_patch", "json_merge_preserve":
		all := make([]int, args)
		for i := range all {
			all[i] = i
		}
		return all
	case "json_array_append", "json_array_insert", "json_contains_path", "json_depth", "json_extract", "json_insert",
		"json_keys", "json_length", "json_pretty", "json_remove", "json_replace", "json_search", "json_set", "json_type", "json_value":
		return []int{0}
	}
	return nil
}

// Eval returns the function's result for arguments as vec.Vector.Value gives
// them, as such a value too. Errors have constant texts; their cause is for the
// log.
func (in *Instance) Eval(args []any) (any, error) {
	var out any
	err := in.guard(func() error {
		for i, x := range args {
			v, err := foreignValue(x, in.args[i])
			if err != nil {
				return err
			}
			if d, ok := v.(gmstypes.JSONDocument); ok && comparesNumbers(in.name) {
				if d.Val, err = asFloats(d.Val); err != nil {
					return err
				}
				v = d
			}
			in.row[i] = v
		}
		v, err := in.expr.Eval(in.ctx, in.row)
		if err != nil {
			return err
		}
		out, err = nativeValue(in.ctx, v, in.result)
		return err
	})
	if err != nil {
		return nil, mysqlerr.WrongFunctionValue(in.name).With(err)
	}
	return out, nil
}

// guard turns a panic of the library into an error.
func (in *Instance) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v", in.name, p)
		}
	}()
	return f()
}

func foreignType(t mysqltype.Type) sql.Type {
	switch {
	case t.ID == mysqltype.Null:
		return gmstypes.Null
	case t.ID == mysqltype.JSON:
		return gmstypes.JSON
	case t.ID == mysqltype.Decimal:
		return gmstypes.MustCreateDecimalType(t.Precision, t.Scale)
	case t.ID == mysqltype.Date:
		return gmstypes.Date
	case t.ID == mysqltype.Time:
		return gmstypes.Time
	case t.IsTemporal():
		return gmstypes.DatetimeMaxPrecision
	case t.IsBinary():
		return gmstypes.LongBlob
	case t.IsString():
		return gmstypes.LongText
	case t.Kind() == vec.U64:
		return gmstypes.Uint64
	case t.Kind() == vec.F64:
		return gmstypes.Float64
	}
	return gmstypes.Int64
}

func foreignValue(x any, t mysqltype.Type) (any, error) {
	switch x := x.(type) {
	case nil:
		return nil, nil
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case int32:
		return time.Unix(int64(x)*86400, 0).UTC(), nil
	case int64:
		switch t.ID {
		case mysqltype.Decimal:
			return decimal.New(x, -int32(t.Scale)), nil
		case mysqltype.Time:
			return gmstypes.Timespan(x), nil
		case mysqltype.DateTime, mysqltype.Timestamp:
			return time.UnixMicro(x).UTC(), nil
		}
		return x, nil
	case vec.Int128:
		return decimal.NewFromBigInt(x.Big(), -int32(t.Scale)), nil
	case string:
		switch {
		case t.ID == mysqltype.JSON:
			v, err := ParseJSON(x)
			return gmstypes.JSONDocument{Val: v}, err
		case t.IsBinary():
			return []byte(x), nil
		}
		return x, nil
	}
	return x, nil
}

func nativeValue(ctx *sql.Context, x any, t mysqltype.Type) (any, error) {
	if x == nil {
		return nil, nil
	}
	if t.ID == mysqltype.JSON {
		if w, ok := x.(sql.JSONWrapper); ok {
			v, err := w.ToInterface(ctx)
			if err != nil {
				return nil, err
			}
			x = v
		}
		text, err := AppendJSON(nil, x)
		return string(text), err
	}
	switch t.Kind() {
	case vec.I64:
		v, _, err := gmstypes.Int64.Convert(ctx, x)
		return v, err
	case vec.U64:
		v, _, err := gmstypes.Uint64.Convert(ctx, x)
		return v, err
	case vec.Bytes:
		if w, ok := x.(sql.JSONWrapper); ok {
			v, err := w.ToInterface(ctx)
			if err != nil || v == nil {
				return nil, err
			}
			switch v := v.(type) {
			case string:
				return v, nil
			case []any, map[string]any: // JSON_VALUE gives scalars only
				return nil, nil
			}
			text, err := AppendJSON(nil, v)
			return string(text), err
		}
		switch x := x.(type) {
		case string:
			return x, nil
		case []byte:
			return string(x), nil
		}
		v, _, err := gmstypes.LongText.Convert(ctx, x)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok {
			return s, nil
		}
	case vec.Bool, vec.I32, vec.F64, vec.I128, vec.Invalid:
	}
	return nil, fmt.Errorf("result %T for %s", x, t)
}
