package exec

import (
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

func (q *query) join(*plan.Join) (*stream, error) { return nil, mysqlerr.Unsupported("joins") }
func (q *query) sort(*plan.Sort) (*stream, error) { return nil, mysqlerr.Unsupported("ORDER BY") }
func (q *query) topN(*plan.TopN) (*stream, error) { return nil, mysqlerr.Unsupported("ORDER BY") }
func (q *query) setOp(*plan.SetOp) (*stream, error) {
	return nil, mysqlerr.Unsupported("set operations")
}
func (q *query) share(*plan.Shared) (*stream, error) {
	return nil, mysqlerr.Unsupported("shared queries")
}
func (q *query) maxOneRow(*plan.MaxOneRow) (*stream, error) {
	return nil, mysqlerr.Unsupported("scalar subqueries")
}

type sharedRows struct{}

func (*sharedRows) release() {}
