package planner

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// Statement is a parsed statement of a class that meshql answers: *Select,
// *Explain, *Show, *Set, *Use, *Noop, *Prepare, *Execute, *Deallocate or *Kill.
// What falls into no class is refused by Parse.
//
//sumtype:decl
type Statement interface{ statement() }

// Select is every query that returns rows of relations: SELECT, set operations,
// TABLE and VALUES, with or without a WITH clause.
type Select struct {
	Node   ast.StmtNode // *ast.SelectStmt or *ast.SetOprStmt
	Params int          // number of ? markers
}

// Explain shows the plan of a query.
type Explain struct {
	Select  *Select
	Analyze bool
	Format  string // lower case; empty: the default
}

// ShowKind is what a SHOW or DESCRIBE statement lists.
type ShowKind uint8

const (
	ShowDatabases ShowKind = iota
	ShowTables
	ShowTableStatus
	ShowColumns
	ShowIndex
	ShowCreateTable
	ShowCreateDatabase
	ShowWarnings
	ShowErrors
	ShowVariables
	ShowStatus
	ShowCharset
	ShowCollation
	ShowEngines
	ShowPlugins
	ShowPrivileges
	ShowGrants
	ShowProcessList
	ShowTriggers
	ShowEvents
	ShowProcedures
	ShowFunctions
	ShowOpenTables
)

// Show lists metadata. LIKE and WHERE are both kept in Where as a condition
// over the listing's columns; a pattern applies to the first one.
type Show struct {
	Kind    ShowKind
	Domain  string // as written; empty: the current one
	Product string // ShowColumns, ShowIndex, ShowCreateTable
	Column  string // DESCRIBE product column; may hold a LIKE pattern
	Full    bool
	Count   bool   // SHOW COUNT(*) WARNINGS
	Pattern *Match // LIKE
	Where   ast.ExprNode
	Limit   *ast.Limit
}

// Match is a LIKE pattern of a SHOW statement.
type Match struct{ Pattern string }

// Set assigns variables.
type Set struct{ Assignments []Assignment }

// Assignment is one variable of a SET statement. Value nil means DEFAULT.
type Assignment struct {
	Name   string // lower case, without @ or @@
	User   bool   // a user variable, @name
	Global bool
	Value  ast.ExprNode
}

// Use makes a domain current.
type Use struct{ Domain string }

// Noop is what has no effect on read-only products: transactions, SET NAMES.
type Noop struct{}

// Prepare names a statement's text, given literally or in a user variable.
type Prepare struct{ Name, Text, Variable string }

// Execute runs a prepared statement with the values of user variables.
type Execute struct {
	Name  string
	Using []string
}

// Deallocate forgets a prepared statement.
type Deallocate struct{ Name string }

// Kill interrupts one of the principal's own connections.
type Kill struct {
	ID    uint64
	Query bool // only its running statement
}

func (*Select) statement()     {}
func (*Explain) statement()    {}
func (*Show) statement()       {}
func (*Set) statement()        {}
func (*Use) statement()        {}
func (*Noop) statement()       {}
func (*Prepare) statement()    {}
func (*Execute) statement()    {}
func (*Deallocate) statement() {}
func (*Kill) statement()       {}

// Parse checks the caps on size and depth, parses one statement and gives it
// its class. Errors are *mysqlerr.Error.
func Parse(sql string) (Statement, error) {
	node, params, err := expr.ParseStatement(sql, expr.DefaultLimits)
	if err != nil {
		return nil, err
	}
	return classify(node, params)
}

// Normalize returns sql with its literals replaced by ?, for audit and logs.
func Normalize(sql string) string { return parser.Normalize(sql, "ON") }

func classify(node ast.StmtNode, params int) (Statement, error) {
	switch n := node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt:
		return &Select{Node: node, Params: params}, nil
	case *ast.ExplainStmt:
		return classifyExplain(n, params)
	case *ast.ShowStmt:
		return classifyShow(n)
	case *ast.SetStmt:
		return classifySet(n)
	case *ast.UseStmt:
		return &Use{Domain: n.DBName}, nil
	case *ast.BeginStmt, *ast.CommitStmt, *ast.RollbackStmt:
		return &Noop{}, nil
	case *ast.PrepareStmt:
		p := &Prepare{Name: strings.ToLower(n.Name), Text: n.SQLText}
		if n.SQLVar != nil {
			p.Variable = strings.ToLower(n.SQLVar.Name)
		}
		return p, nil
	case *ast.ExecuteStmt:
		e := &Execute{Name: strings.ToLower(n.Name)}
		for _, v := range n.UsingVars {
			name, ok := v.(*ast.VariableExpr)
			if !ok || name.IsSystem {
				return nil, mysqlerr.Unsupported("EXECUTE … USING other than user variables")
			}
			e.Using = append(e.Using, strings.ToLower(name.Name))
		}
		return e, nil
	case *ast.DeallocateStmt:
		return &Deallocate{Name: strings.ToLower(n.Name)}, nil
	case *ast.KillStmt:
		if n.TiDBExtension || n.Expr != nil {
			return nil, mysqlerr.Unsupported("KILL with an expression")
		}
		return &Kill{ID: n.ConnectionID, Query: n.Query}, nil
	}
	return nil, refuse(node)
}

// refuse names the statement's kind, as the first word of its text.
func refuse(node ast.StmtNode) error {
	word, _, _ := strings.Cut(strings.TrimSpace(node.Text()), " ")
	word = strings.ToUpper(strings.TrimFunc(word, func(r rune) bool { return r < 'A' || r > 'z' }))
	if word == "" {
		word = "this statement"
	}
	switch node.(type) {
	case ast.DDLNode, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.LoadDataStmt, *ast.AnalyzeTableStmt:
		return mysqlerr.Refused(word)
	}
	return mysqlerr.Unsupported(word)
}

func classifyExplain(n *ast.ExplainStmt, params int) (Statement, error) {
	if show, ok := n.Stmt.(*ast.ShowStmt); ok { // DESCRIBE product
		return classifyShow(show)
	}
	if n.Stmt == nil || n.Explore {
		return nil, mysqlerr.Unsupported("this form of EXPLAIN")
	}
	s, err := classify(n.Stmt, params)
	if err != nil {
		return nil, err
	}
	sel, ok := s.(*Select)
	if !ok {
		return nil, mysqlerr.Unsupported("EXPLAIN of anything but a query")
	}
	switch format := strings.ToLower(n.Format); format {
	case "", "row", "tree", "traditional", "brief":
		return &Explain{Select: sel, Analyze: n.Analyze, Format: format}, nil
	default:
		return nil, mysqlerr.Unsupported("EXPLAIN FORMAT=" + strings.ToUpper(n.Format))
	}
}

var showKinds = map[ast.ShowStmtType]ShowKind{
	ast.ShowDatabases:       ShowDatabases,
	ast.ShowTables:          ShowTables,
	ast.ShowTableStatus:     ShowTableStatus,
	ast.ShowColumns:         ShowColumns,
	ast.ShowIndex:           ShowIndex,
	ast.ShowCreateTable:     ShowCreateTable,
	ast.ShowCreateDatabase:  ShowCreateDatabase,
	ast.ShowWarnings:        ShowWarnings,
	ast.ShowErrors:          ShowErrors,
	ast.ShowVariables:       ShowVariables,
	ast.ShowStatus:          ShowStatus,
	ast.ShowCharset:         ShowCharset,
	ast.ShowCollation:       ShowCollation,
	ast.ShowEngines:         ShowEngines,
	ast.ShowPlugins:         ShowPlugins,
	ast.ShowPrivileges:      ShowPrivileges,
	ast.ShowGrants:          ShowGrants,
	ast.ShowProcessList:     ShowProcessList,
	ast.ShowTriggers:        ShowTriggers,
	ast.ShowEvents:          ShowEvents,
	ast.ShowProcedureStatus: ShowProcedures,
	ast.ShowFunctionStatus:  ShowFunctions,
	ast.ShowOpenTables:      ShowOpenTables,
}

func classifyShow(n *ast.ShowStmt) (Statement, error) {
	kind, ok := showKinds[n.Tp]
	if !ok {
		return nil, mysqlerr.Unsupported("this SHOW statement")
	}
	if n.User != nil || len(n.Roles) > 0 {
		return nil, mysqlerr.Unsupported("SHOW GRANTS FOR another user")
	}
	s := &Show{Kind: kind, Domain: n.DBName, Full: n.Full, Count: n.CountWarningsOrErrors, Where: n.Where, Limit: n.Limit}
	if n.Table != nil {
		s.Product = n.Table.Name.O
		if n.Table.Schema.O != "" {
			s.Domain = n.Table.Schema.O
		}
	}
	if n.Column != nil {
		s.Column = n.Column.Name.O
	}
	if n.Pattern != nil {
		v, ok := n.Pattern.Pattern.(ast.ValueExpr)
		if !ok || n.Pattern.Not {
			return nil, mysqlerr.Unsupported("SHOW … LIKE other than a string")
		}
		s.Pattern = &Match{Pattern: v.GetString()}
	}
	return s, nil
}

func classifySet(n *ast.SetStmt) (Statement, error) {
	s := &Set{}
	for _, v := range n.Variables {
		if v.IsInstance {
			return nil, mysqlerr.Unsupported("SET INSTANCE")
		}
		a := Assignment{Name: strings.ToLower(v.Name), User: !v.IsSystem, Global: v.IsGlobal, Value: v.Value}
		switch v.Name {
		case ast.SetNames, ast.SetCharset:
			a.Name, a.User = "names", false
		}
		if _, ok := v.Value.(*ast.DefaultExpr); ok {
			a.Value = nil
		}
		s.Assignments = append(s.Assignments, a)
	}
	return s, nil
}
