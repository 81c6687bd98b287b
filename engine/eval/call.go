package eval

import (
	"github.com/meshql/meshql/planner/plan"
)

// compileCall dispatches on the function's name: operators, then the families
// of functions that have kernels, then the row-wise library.
func (c *compiler) compileCall(e *plan.Call) (node, error) {
	switch e.Func {
	case plan.OpAnd, plan.OpOr, plan.OpNot, plan.OpXor, plan.OpIsTrue:
		return c.compileLogic(e)
	case plan.OpIsNull:
		if err := arity(e, 1, 1); err != nil {
			return nil, err
		}
		arg, err := c.compile(e.Args[0])
		return &isNull{arg: arg}, err
	case plan.OpUTC: // both types are held as µs in UTC
		if err := arity(e, 1, 1); err != nil {
			return nil, err
		}
		return c.compile(e.Args[0])
	case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe, plan.OpNullEq:
		return c.compileComparison(e)
	case plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpIntDiv, plan.OpMod, plan.OpNeg:
		return c.compileArithmetic(e)
	case plan.OpLike:
		return c.compileLike(e)
	}
	for _, family := range []func(*plan.Call) (node, error){
		c.compileCondition, c.compileNumber, c.compileString, c.compileEncode, c.compileRegexp, c.compileDate,
	} {
		if n, err := family(e); n != nil || err != nil {
			return n, err
		}
	}
	return c.compileRowwise(e)
}
