package eval

import (
	"math"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileFloat1 compiles functions of one DOUBLE; nil if e is none. A result
// that is no number is NULL, with a warning for logarithms; one that is too
// large is an error.
func (c *compiler) compileFloat1(e *plan.Call) (node, error) {
	var fn func(float64) float64
	logarithm := false
	switch e.Func {
	case "acos":
		fn = math.Acos
	case "asin":
		fn = math.Asin
	case "atan", "atan2":
		fn = math.Atan
	case "cos":
		fn = math.Cos
	case "cot":
		fn = func(x float64) float64 { return 1 / math.Tan(x) }
	case "degrees":
		fn = func(x float64) float64 { return x * (180 / math.Pi) }
	case "radians":
		fn = func(x float64) float64 { return x * (math.Pi / 180) }
	case "exp":
		fn = math.Exp
	case "ln", "log":
		fn, logarithm = math.Log, true
	case "log2":
		fn, logarithm = math.Log2, true
	case "log10":
		fn, logarithm = math.Log10, true
	case "sin":
		fn = math.Sin
	case "sqrt":
		fn = math.Sqrt
	case "tan":
		fn = math.Tan
	default:
		return nil, nil
	}
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	if e.T.ID != mysqltype.Double {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	arg, err := c.as(e.Args[0], double)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a := f.f64(0)
		for _, row := range f.rows() {
			i := int(row)
			x := a.At(i)
			if logarithm && x <= 0 {
				f.null(i)
				f.warn(warnInvalidArgument)
				continue
			}
			if err := setFloat(f, i, fn(x), e); err != nil {
				return err
			}
		}
		return nil
	}, arg), nil
}

// compileFloat2 compiles functions of two DOUBLEs.
func (c *compiler) compileFloat2(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	if e.T.ID != mysqltype.Double {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	args, err := c.allAs(e.Args, double)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a, b := f.f64(0), f.f64(1)
		for _, row := range f.rows() {
			i := int(row)
			x, y := a.At(i), b.At(i)
			var r float64
			switch e.Func {
			case "atan", "atan2":
				r = math.Atan2(x, y)
			case "log": // LOG(base, x)
				if x <= 0 || x == 1 || y <= 0 {
					f.null(i)
					f.warn(warnInvalidArgument)
					continue
				}
				r = math.Log(y) / math.Log(x)
			default:
				r = math.Pow(x, y)
			}
			if err := setFloat(f, i, r, e); err != nil {
				return err
			}
		}
		return nil
	}, args...), nil
}

func setFloat(f *frame, i int, x float64, e *plan.Call) error {
	switch {
	case math.IsNaN(x):
		f.null(i)
	case math.IsInf(x, 0):
		return outOfRange(e.T, e.Func)
	default:
		f.out.F64[i] = x
	}
	return nil
}
