package expr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/meshql/meshql/planner/mysqlerr"
)

// Parse parses one scalar expression, within DefaultLimits.
func Parse(sql string) (ast.ExprNode, error) {
	if err := checkText(sql); err != nil {
		return nil, err
	}
	// The closing parenthesis on a line of its own keeps a comment at the end
	// of the text from swallowing it.
	stmts, err := parse("SELECT (" + sql + "\n)")
	if err != nil {
		return nil, err
	}
	sel, ok := stmts[0].(*ast.SelectStmt)
	if len(stmts) != 1 || !ok || !bareExpression(sel) {
		return nil, mysqlerr.Syntax(firstWords(sql), 1)
	}
	return sel.Fields.Fields[0].Expr, nil
}

// bareExpression reports whether s is SELECT (expression) and nothing else, so
// that no text closes the parenthesis and goes on.
func bareExpression(s *ast.SelectStmt) bool {
	if s.Fields == nil || len(s.Fields.Fields) != 1 || s.From != nil || s.Where != nil || s.GroupBy != nil ||
		s.Having != nil || s.OrderBy != nil || s.Limit != nil || s.With != nil || s.LockInfo != nil || s.SelectIntoOpt != nil {
		return false
	}
	f := s.Fields.Fields[0]
	_, paren := f.Expr.(*ast.ParenthesesExpr)
	return paren && f.AsName.O == ""
}

// ParseStatement parses one statement within limits, a semicolon at its end
// allowed, and returns it with its number of ? markers. Their Order is their
// index among the arguments.
func ParseStatement(sql string, limits Limits) (ast.StmtNode, int, error) {
	if err := limits.Check(sql); err != nil {
		return nil, 0, err
	}
	stmts, err := parse(sql)
	if err != nil {
		return nil, 0, err
	}
	switch len(stmts) {
	case 0:
		return nil, 0, mysqlerr.EmptyQuery()
	case 1:
	default:
		return nil, 0, mysqlerr.Unsupported("several statements in one text")
	}
	var m markers
	stmts[0].Accept(&m)
	slices.SortFunc(m.found, func(a, b *test_driver.ParamMarkerExpr) int { return a.Offset - b.Offset })
	for i, p := range m.found {
		p.Order = i
	}
	return stmts[0], len(m.found), nil
}

func parse(sql string) ([]ast.StmtNode, error) {
	stmts, _, err := parser.New().ParseSQL(sql)
	if err != nil {
		return nil, syntaxError(sql, err)
	}
	return stmts, nil
}

// markers collects the ? of a statement.
type markers struct {
	found []*test_driver.ParamMarkerExpr
}

func (m *markers) Enter(n ast.Node) (ast.Node, bool) {
	if p, ok := n.(*test_driver.ParamMarkerExpr); ok {
		m.found = append(m.found, p)
	}
	return n, false
}

func (m *markers) Leave(n ast.Node) (ast.Node, bool) { return n, true }

var parserPosition = regexp.MustCompile(`(?s)line (\d+) column \d+ near "(.*)"`)

// syntaxError turns a parser's error into 1064 with the text from where it
// stands on, as MySQL quotes it.
func syntaxError(sql string, err error) error {
	m := parserPosition.FindStringSubmatch(err.Error())
	if m == nil {
		return mysqlerr.Syntax(firstWords(sql), 1).With(err)
	}
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		line = 1
	}
	return mysqlerr.Syntax(firstWords(m[2]), line).With(err)
}

// firstWords is the start of a text, as much as MySQL quotes.
func firstWords(s string) string {
	s = strings.TrimSpace(s)
	for i := range s {
		if i >= 80 {
			return s[:i]
		}
	}
	return s
}
