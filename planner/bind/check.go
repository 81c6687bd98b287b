package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
)

// checkSelect refuses what a SELECT asks for that is not bound elsewhere. It
// goes through all fields of ast.SelectStmt: a field that neither this function
// nor selectStmt reads does not change an answer (QueryBlockOffset, IsInBraces,
// WithBeforeBraces, AsViewSchema, which the parser sets for its own use).
func (b *binder) checkSelect(s *ast.SelectStmt) error {
	switch {
	case len(s.WindowSpecs) > 0:
		return mysqlerr.Unsupported("WINDOW")
	case s.GroupBy != nil && s.GroupBy.Rollup:
		return mysqlerr.Unsupported("WITH ROLLUP")
	case s.LockInfo != nil && s.LockInfo.LockType != ast.SelectLockNone:
		return mysqlerr.Refused("locking rows (FOR UPDATE, FOR SHARE)")
	case s.SelectIntoOpt != nil && s.SelectIntoOpt.Tp == ast.SelectIntoVars:
		return mysqlerr.Unsupported("SELECT … INTO @variable")
	case s.SelectIntoOpt != nil:
		return mysqlerr.Refused("SELECT … INTO a file")
	}
	b.checkHints(s.TableHints)
	return b.checkOptions(s.SelectStmtOpts)
}

// checkOptions reads the words between SELECT and the select list. SQL_CACHE,
// SQL_NO_CACHE, SQL_SMALL_RESULT, SQL_BIG_RESULT, SQL_BUFFER_RESULT,
// HIGH_PRIORITY and STRAIGHT_JOIN advise an optimizer and change no answer; ALL
// is the default.
func (b *binder) checkOptions(o *ast.SelectStmtOpts) error {
	if o == nil {
		return nil
	}
	if o.CalcFoundRows {
		return mysqlerr.Unsupported("SQL_CALC_FOUND_ROWS")
	}
	b.checkHints(o.TableHints)
	return nil
}

// checkHints tells that hints are not followed.
func (b *binder) checkHints(hints []*ast.TableOptimizerHint) {
	for _, h := range hints {
		b.warn(3126, "Optimizer hint %s has no effect", h.HintName.O)
	}
}

// checkTable refuses what a table reference asks for beside its name.
func checkTable(t *ast.TableName) error {
	switch {
	case t.AsOf != nil:
		return mysqlerr.Unsupported("AS OF")
	case t.TableSample != nil:
		return mysqlerr.Unsupported("TABLESAMPLE")
	case len(t.PartitionNames) > 0:
		return mysqlerr.Unsupported("PARTITION")
	case len(t.IndexHints) > 0:
		return mysqlerr.Unsupported("index hints")
	}
	return nil
}
