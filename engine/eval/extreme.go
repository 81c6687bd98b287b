package eval

import (
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// compileExtreme is GREATEST and LEAST, of arguments of the result's type.
func (c *compiler) compileExtreme(e *plan.Call) (node, error) {
	if err := arity(e, 2, 255); err != nil {
		return nil, err
	}
	args, err := c.allAs(e.Args, e.T)
	if err != nil {
		return nil, err
	}
	op := vec.Greater
	if e.Func == "least" {
		op = vec.Less
	}
	collate := mysqlfn.Collator(e.T)
	var better []bool
	return call(e.T, func(f *frame) error {
		best := f.args[0]
		for k, v := range f.args[1:] {
			better = grow(better, f.n)
			compare(op, v, best, f.live, better, collate)
			p := &parts{}
			p.start(e.T.Kind(), f.n)
			var yes, no vec.Selection
			for _, i := range f.rows() {
				if better[i] {
					yes = append(yes, i)
				} else {
					no = append(no, i)
				}
			}
			p.put(f.args[k+1], yes)
			p.put(best, no)
			best = p.vector()
		}
		nulls := f.out.Nulls
		*f.out = *best
		f.out.Nulls = nulls
		return nil
	}, args...), nil
}
