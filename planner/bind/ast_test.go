package bind_test

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// TestSyntaxFields holds the fields of the syntax tree that this package and
// expr read or refuse. A new version of the parser that adds one fails here, so
// that nothing new is ignored in silence.
func TestSyntaxFields(t *testing.T) {
	nodes := []any{
		ast.SelectStmt{}, ast.SelectStmtOpts{}, ast.SetOprStmt{}, ast.SetOprSelectList{}, ast.WithClause{}, ast.CommonTableExpression{},
		ast.Join{}, ast.TableSource{}, ast.TableName{}, ast.OnCondition{}, ast.SelectField{}, ast.WildCardField{}, ast.GroupByClause{},
		ast.HavingClause{}, ast.OrderByClause{}, ast.ByItem{}, ast.Limit{}, ast.SelectLockInfo{}, ast.SelectIntoOption{}, ast.PositionExpr{},
		ast.SubqueryExpr{}, ast.ExistsSubqueryExpr{}, ast.CompareSubqueryExpr{}, ast.PatternInExpr{}, ast.PatternLikeOrIlikeExpr{},
		ast.PatternRegexpExpr{}, ast.BetweenExpr{}, ast.CaseExpr{}, ast.IsNullExpr{}, ast.IsTruthExpr{}, ast.FuncCallExpr{},
		ast.FuncCastExpr{}, ast.AggregateFuncExpr{}, ast.VariableExpr{}, ast.SetCollationExpr{}, ast.ColumnName{},
	}
	datadriven.RunTest(t, "testdata/syntax/fields", func(t *testing.T, d *datadriven.TestData) string {
		var lines []string
		for _, n := range nodes {
			typ := reflect.TypeOf(n)
			var fields []string
			for i := range typ.NumField() {
				if f := typ.Field(i); f.IsExported() {
					fields = append(fields, f.Name)
				}
			}
			lines = append(lines, fmt.Sprintf("%s: %s\n", typ.Name(), strings.Join(fields, " ")))
		}
		sort.Strings(lines)
		return strings.Join(lines, "")
	})
}
