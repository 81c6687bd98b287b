package governance

import (
	"errors"

	"github.com/meshql/meshql/planner/plan"
)

// names resolves the columns and values that an expression reads.
type names interface {
	Column(qualifier []string, name string) (plan.Expr, error)
}

// expression parses and binds an expression, and refuses what is not total.
func (c *compiler) expression(text string, s names) (plan.Expr, error) {
	return nil, errors.New("expressions are not supported")
}
