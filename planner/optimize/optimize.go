package optimize

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Options are what the rules need of the engine.
type Options struct {
	// Fold evaluates an expression without columns. It fails where evaluation
	// would fail or warn: then the expression is evaluated at run time, where it
	// may never be reached. Without Fold no constant is evaluated.
	Fold func(plan.Expr) (*plan.Const, error)
	// Stats gives estimates for cost, or false. Nothing else is derived from
	// them.
	Stats func(connectors.Source) (connectors.Stats, bool)
	// Disable names rules to leave out, for tests. Rules that execution depends
	// on cannot be left out.
	Disable []string
	// Trace is told of every rule that changed the plan, for tests.
	Trace func(rule string, before, after plan.Node)
}

// rule is one rewrite of a plan. Apply returns the very node that it was given
// where it has nothing to change.
type rule struct {
	Name  string
	Apply func(*pass, plan.Node) (plan.Node, error)
	// Required says that execution depends on the rule.
	Required bool
}

// pass is what a rule may use while it runs over one plan.
type pass struct {
	ctx  context.Context
	opts Options
	last plan.ColumnID
}

// Optimize returns a plan that gives the same rows as root and holds no
// Subquery and no Param.
func Optimize(ctx context.Context, root plan.Node, opts Options) (plan.Node, error) {
	_, final, err := Both(ctx, root, opts)
	return final, err
}

// Both returns the plan after the logical rules, which is what EXPLAIN may show
// to principals who do not own everything in it, and the plan to run.
func Both(ctx context.Context, root plan.Node, opts Options) (logical, final plan.Node, err error) {
	p := &pass{ctx: ctx, opts: opts, last: plan.MaxID(root)}
	if err := Verify(root, root); err != nil {
		return nil, nil, mysqlerr.Internal(fmt.Errorf("bound plan: %w", err))
	}
	if logical, err = p.apply(root, logicalRules); err != nil {
		return nil, nil, err
	}
	if final, err = p.apply(logical, costBasedRules); err != nil {
		return nil, nil, err
	}
	if err := verifyExecutable(final); err != nil {
		return nil, nil, mysqlerr.Internal(fmt.Errorf("optimized plan: %w", err))
	}
	return logical, final, nil
}

func (p *pass) apply(root plan.Node, rules []rule) (plan.Node, error) {
	n := root
	for _, r := range rules {
		if !r.Required && slices.Contains(p.opts.Disable, r.Name) {
			continue
		}
		if err := p.tick(); err != nil {
			return nil, err
		}
		out, err := r.Apply(p, n)
		if err != nil {
			return nil, failed(r, err)
		}
		if out == n {
			continue
		}
		if err := Verify(root, out); err != nil {
			return nil, failed(r, err)
		}
		if p.opts.Trace != nil {
			p.opts.Trace(r.Name, n, out)
		}
		n = out
	}
	return n, nil
}

// failed lets conditions that are the user's through and hides the rest.
func failed(r rule, err error) error {
	var known *mysqlerr.Error
	if errors.As(err, &known) {
		return err
	}
	return mysqlerr.Internal(fmt.Errorf("rule %s: %w", r.Name, err))
}

// tick fails when the query was cancelled or its time is over.
func (p *pass) tick() error {
	switch err := p.ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return mysqlerr.Deadline().With(err)
	default:
		return mysqlerr.Killed().With(err)
	}
}

// transform is plan.Transform that obeys the deadline.
func (p *pass) transform(root plan.Node, f func(plan.Node) (plan.Node, error)) (plan.Node, error) {
	return plan.Transform(root, func(n plan.Node) (plan.Node, error) {
		if err := p.tick(); err != nil {
			return nil, err
		}
		return f(n)
	})
}

// column returns a new column of the plan.
func (p *pass) column(name string, e plan.Expr) plan.Column {
	p.last++
	return plan.Column{ID: p.last, Name: name, Type: e.Type()}
}

// renamed returns new columns for the same values.
func (p *pass) renamed(cols []plan.Column) []plan.Column {
	out := slices.Clone(cols)
	for i := range out {
		p.last++
		out[i].ID = p.last
	}
	return out
}
