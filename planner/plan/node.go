package plan

import (
	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Node is a relational operator: *Scan, *Governed, *Filter, *Project, *Join,
// *Aggregate, *Sort, *Limit, *TopN, *SetOp, *Values, *Shared or *MaxOneRow.
//
//sumtype:decl
type Node interface {
	// Columns returns what the node produces, in order.
	Columns() []Column
	// Inputs returns the node's children, left first.
	Inputs() []Node
	node()
}

// Scan reads columns of a source. It stands below a Governed node, or reads a
// system table that is filtered by the same decision.
type Scan struct {
	Name     string // domain.product, for printing
	Source   connectors.Source
	Ordinals []int // of the source, one a column
	Cols     []Column
	// Filters were pushed down; the scan applies them exactly and in order, and
	// uses those of the form column-op-constant to prune. They refer to Cols.
	Filters []Expr
	// RowFilter is the number of Filters, the first ones, that are the row
	// filter of a policy: they are evaluated before, and print apart from, what
	// the query brought.
	RowFilter int
}

// Governed marks a relation as its principal may see it. Below it stands
// Project(masks) over an optional Filter(row filter) over a Scan; above it only
// what the principal may see.
type Governed struct {
	Input    Node
	Domain   string
	Product  string
	Owned    bool     // the principal owns the product: EXPLAIN may show counts
	Policies []string // ids in force, sorted
	// Open are the columns that reach the reader unmasked: only these may a
	// leakproof predicate cross on when the relation has a row filter.
	Open []ColumnID
	// RowFilter says that a row filter binds the principal: no footer shortcut,
	// and only leakproof predicates cross.
	RowFilter bool
	// Strict says that a user predicate never prunes below the row filter.
	Strict bool
	// MinGroup, if not nil, must be discharged by the one aggregate above.
	MinGroup *MinGroup
	Cols     []Column
}

// MinGroup is the property that a relation may only be read through one
// aggregate whose groups have at least Size distinct values of Entity.
type MinGroup struct {
	Size   int
	Entity ColumnID
	Policy string
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Input Node
	Cond  Expr
}

// Project computes Exprs; Cols are their columns.
type Project struct {
	Input Node
	Exprs []Expr
	Cols  []Column
}

// JoinKind is the kind of a join.
type JoinKind uint8

const (
	InnerJoin         JoinKind = iota
	LeftJoin                   // all of Left; Right's columns NULL where nothing matches
	SemiJoin                   // rows of Left with a match
	AntiJoin                   // rows of Left without a match; NULL keys have none
	NullAwareAntiJoin          // rows of Left for which MarkJoin's Mark would be FALSE: NOT IN
	MarkJoin                   // rows of Left, and a column Mark: TRUE, FALSE or NULL as "keys IN (Right where On is true)" is
	SingleJoin                 // like LeftJoin, but an error (1242) where several rows match
)

// Join joins Left and Right on Equal (pairs of expressions, left over Left's
// columns, right over Right's, of equal type) and On (any further condition,
// nil if none). An inner join with neither is a cross join. Left is probed,
// Right is built.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	Equal       []EqualPair
	On          Expr
	Mark        Column // MarkJoin: the column that it adds
	// NullEqual says that NULL keys equal each other (set operations, shared
	// aggregates); else they match nothing.
	NullEqual bool
}

// EqualPair is a key of a join.
type EqualPair struct{ Left, Right Expr }

// Aggregate groups by GroupBy and computes Aggs. Without GroupBy it returns one
// row; Cols are the group columns, then the aggregates. DISTINCT is an
// Aggregate without Aggs.
type Aggregate struct {
	Input   Node
	GroupBy []Expr
	Aggs    []Agg
	Cols    []Column
	// MinGroup, if not nil, drops groups with fewer distinct entities.
	MinGroup *MinGroup
}

// Agg is one aggregate function: "count" (no argument: count(*)), "sum", "avg",
// "min", "max", "any_value", "std", "stddev_samp", "var_pop", "var_samp",
// "bit_and", "bit_or", "bit_xor", "group_concat", "json_arrayagg",
// "json_objectagg". Args are cast to what the function computes in.
type Agg struct {
	Func      string
	Args      []Expr
	Distinct  bool
	OrderBy   []SortKey // group_concat
	Separator string    // group_concat
	T         mysqltype.Type
}

// SortKey orders by Expr; NULLs come first ascending and last descending.
type SortKey struct {
	Expr Expr
	Desc bool
}

// Sort orders its input.
type Sort struct {
	Input Node
	Keys  []SortKey
}

// Limit skips Offset rows and passes Count (-1: all).
type Limit struct {
	Input         Node
	Offset, Count int64
}

// TopN is Sort and Limit in one.
type TopN struct {
	Input         Node
	Keys          []SortKey
	Offset, Count int64
}

// SetKind is the kind of a set operation.
type SetKind uint8

const (
	UnionAll SetKind = iota
	IntersectAll
	ExceptAll
	// UNION, INTERSECT and EXCEPT without ALL are Aggregates over these.
)

// SetOp combines inputs of equal column types by position.
type SetOp struct {
	Kind SetKind
	Ins  []Node // two or more for UnionAll, two otherwise
	Cols []Column
}

// Values is literal rows; one empty row stands for a missing FROM.
type Values struct {
	Rows [][]Expr
	Cols []Column
}

// Shared is a common table expression used more than once: all Shared nodes
// with one Def read the same computed rows. Cols rename Def's columns by
// position with IDs of their own.
type Shared struct {
	Def  *SharedDef
	Cols []Column
}

// SharedDef is the query behind Shared nodes. It is executed at most once.
type SharedDef struct {
	Name string
	Plan Node
}

// MaxOneRow passes its input and fails with 1242 at a second row; without a row
// it gives one of NULLs. It stands for an uncorrelated scalar subquery.
type MaxOneRow struct{ Input Node }

func (n *Scan) Columns() []Column      { return n.Cols }
func (n *Governed) Columns() []Column  { return n.Cols }
func (n *Filter) Columns() []Column    { return n.Input.Columns() }
func (n *Project) Columns() []Column   { return n.Cols }
func (n *Aggregate) Columns() []Column { return n.Cols }
func (n *Sort) Columns() []Column      { return n.Input.Columns() }
func (n *Limit) Columns() []Column     { return n.Input.Columns() }
func (n *TopN) Columns() []Column      { return n.Input.Columns() }
func (n *SetOp) Columns() []Column     { return n.Cols }
func (n *Values) Columns() []Column    { return n.Cols }
func (n *Shared) Columns() []Column    { return n.Cols }
func (n *MaxOneRow) Columns() []Column { return n.Input.Columns() }
func (n *Join) Columns() []Column {
	l := n.Left.Columns()
	switch n.Kind {
	case SemiJoin, AntiJoin, NullAwareAntiJoin:
		return l
	case MarkJoin:
		return append(l[:len(l):len(l)], n.Mark)
	case InnerJoin, LeftJoin, SingleJoin:
	}
	return append(l[:len(l):len(l)], n.Right.Columns()...)
}

func (n *Scan) Inputs() []Node      { return nil }
func (n *Governed) Inputs() []Node  { return []Node{n.Input} }
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Join) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Sort) Inputs() []Node      { return []Node{n.Input} }
func (n *Limit) Inputs() []Node     { return []Node{n.Input} }
func (n *TopN) Inputs() []Node      { return []Node{n.Input} }
func (n *SetOp) Inputs() []Node     { return n.Ins }
func (n *Values) Inputs() []Node    { return nil }
func (n *Shared) Inputs() []Node    { return nil } // the definition is visited once, by who handles it
func (n *MaxOneRow) Inputs() []Node { return []Node{n.Input} }

func (*Scan) node()      {}
func (*Governed) node()  {}
func (*Filter) node()    {}
func (*Project) node()   {}
func (*Join) node()      {}
func (*Aggregate) node() {}
func (*Sort) node()      {}
func (*Limit) node()     {}
func (*TopN) node()      {}
func (*SetOp) node()     {}
func (*Values) node()    {}
func (*Shared) node()    {}
func (*MaxOneRow) node() {}
