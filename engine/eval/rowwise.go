package eval

import (
	"slices"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var jsonType = mysqltype.Type{ID: mysqltype.JSON}

// compileRowwise compiles a function without a kernel through the library, one
// row at a time.
func (c *compiler) compileRowwise(e *plan.Call) (node, error) {
	if c.env.Functions == nil {
		return nil, mysqlerr.UnknownFunction(e.Func)
	}
	documents := mysqlfn.Documents(e.Func, len(e.Args))
	args, types := make([]node, len(e.Args)), make([]mysqltype.Type, len(e.Args))
	for i, a := range e.Args {
		types[i] = a.Type()
		if slices.Contains(documents, i) {
			types[i] = jsonType
		}
		var err error
		if args[i], err = c.as(a, types[i]); err != nil {
			return nil, err
		}
	}
	in, err := c.env.Functions.Instance(e.Func, types, e.T)
	if err != nil {
		return nil, err
	}
	row := make([]any, len(args))
	n := call(e.T, func(f *frame) error {
		for _, r := range f.rows() {
			i := int(r)
			for k, a := range f.args {
				row[k] = a.Value(i)
			}
			v, err := in.Eval(row)
			if err != nil {
				return err
			}
			if err := f.set(i, v); err != nil {
				return err
			}
		}
		return nil
	}, args...)
	n.nullable = len(args)
	return n, nil
}

// set makes v row i, in ascending row order.
func (f *frame) set(i int, v any) error {
	switch x := v.(type) {
	case nil:
		f.null(i)
		return nil
	case int64:
		if f.out.Kind == vec.I64 {
			f.out.I64[i] = x
			return nil
		}
	case uint64:
		if f.out.Kind == vec.U64 {
			f.out.U64[i] = x
			return nil
		}
	case string:
		if f.out.Kind == vec.Bytes {
			if len(x) > maxPacket {
				f.tooLong(i)
				return nil
			}
			return f.str.put(i, []byte(x))
		}
	}
	return internal("row-wise result %T for %s", v, f.out.Kind)
}
