package eval

import (
	"github.com/meshql/meshql/planner/plan"
)

// compileDate compiles the functions of dates and times; nil if e is none.
func (c *compiler) compileDate(e *plan.Call) (node, error) {
	switch e.Func {
	case plan.OpDateAdd, plan.OpDateSub:
		return c.compileDateAdd(e)
	case plan.OpExtract:
		return c.compileExtract(e)
	case "year", "month", "day", "dayofmonth", "quarter", "dayofweek", "weekday", "dayofyear", "weekofyear", "to_days",
		"hour", "minute", "second", "microsecond", "time_to_sec":
		if err := arity(e, 1, 1); err != nil {
			return nil, err
		}
		return c.part(e.Func, e.Args[0], e.T, e.Func == "time_to_sec")
	}
	return nil, nil
}
