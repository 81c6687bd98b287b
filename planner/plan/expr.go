package plan

import (
	"github.com/meshql/meshql/planner/mysqltype"
)

// ColumnID identifies a column within one plan; 0 is no column.
type ColumnID int32

// Column is a column that a node produces.
type Column struct {
	ID   ColumnID
	Name string // as the result's header or the relation's column is named
	Type mysqltype.Type

	// Where the column comes from, for result metadata and name resolution;
	// empty for computed columns.
	Domain, Product, Alias string
}

// Expr is a scalar expression: *ColumnRef, *Const, *Param, *Call, *Cast, *Case,
// *InList, *HashMask or *Subquery. MySQL's coercions are explicit: the arguments
// of a comparison have one type, those of arithmetic the type that its kernel
// takes.
//
//sumtype:decl
type Expr interface {
	Type() mysqltype.Type
	expr()
}

// ColumnRef reads a column of the node's input (or, below a *Subquery before
// decorrelation, of an enclosing query: then Outer is true).
type ColumnRef struct {
	ID    ColumnID
	Name  string // for printing
	T     mysqltype.Type
	Outer bool
}

// Const is a value in the physical representation of its type's kind: nil,
// bool, int32, int64, uint64, float64, vec.Int128 or string.
type Const struct {
	Value any
	T     mysqltype.Type
}

// Param is a named value that is bound after parsing and before planning ends:
// user.country and session.purpose in policies. None is left in a plan that is
// executed.
type Param struct {
	Name string
	T    mysqltype.Type
}

// Call applies a function or operator. Operators have the names in Op*; other
// names are functions, in lower case.
type Call struct {
	Func string
	Args []Expr
	T    mysqltype.Type
}

// Names of the operators in Call.Func.
const (
	OpAnd     = "and" // 2 or more arguments, three-valued
	OpOr      = "or"  // 2 or more arguments, three-valued
	OpNot     = "not"
	OpXor     = "xor"
	OpEq      = "="
	OpNe      = "<>"
	OpLt      = "<"
	OpLe      = "<="
	OpGt      = ">"
	OpGe      = ">="
	OpNullEq  = "<=>"
	OpIsNull  = "isnull"
	OpIsTrue  = "istrue" // never NULL
	OpAdd     = "+"
	OpSub     = "-"
	OpMul     = "*"
	OpDiv     = "/"
	OpIntDiv  = "div"
	OpMod     = "%"
	OpNeg     = "neg"
	OpLike    = "like"     // value, pattern, escape (constant, one code point or empty)
	OpRegexp  = "regexp"   // value, pattern
	OpDateAdd = "date_add" // value, amount (BIGINT or DECIMAL or string), unit (constant string such as "day")
	OpDateSub = "date_sub"
	OpExtract = "extract" // unit (constant string), value
	OpBitAnd  = "&"
	OpBitOr   = "|"
	OpBitXor  = "^"
	OpBitNot  = "~"
	OpShl     = "<<"
	OpShr     = ">>"
	OpUTC     = "utc_datetime" // a TIMESTAMP as DATETIME in UTC, whatever the session's zone; policies only
)

// Cast converts to a type by MySQL's rules. Implicit casts come from coercion
// and print only in verbose plans. A conversion that fails gives NULL or a
// clamped value and a warning, as MySQL's does in a SELECT.
type Cast struct {
	Arg      Expr
	T        mysqltype.Type
	Implicit bool
}

// Case is CASE WHEN: conditions are Bool; all results have type T. Else may be
// nil (NULL). A simple CASE is bound to comparisons.
type Case struct {
	Whens []When
	Else  Expr
	T     mysqltype.Type
}

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// InList is arg [NOT] IN (constants); all have arg's type. Lists with
// expressions that are not constant are bound to OR.
type InList struct {
	Arg    Expr
	List   []*Const // NULLs kept
	Negate bool
}

// HashMask is the `hash` mask: HMAC-SHA256 of the canonical logical value under
// a key that never prints, as 32 hex digits.
type HashMask struct {
	Arg Expr
	Key *MaskKey
}

// MaskKey is the derived key of a hash mask. It prints as its name only.
type MaskKey struct {
	Name string // entity or product.column, for EXPLAIN
	Key  []byte
}

// String keeps keys out of every format verb.
func (k *MaskKey) String() string   { return "key(" + k.Name + ")" }
func (k *MaskKey) GoString() string { return k.String() }

// SubqueryKind says how a subquery is used in an expression.
type SubqueryKind uint8

const (
	ScalarSubquery SubqueryKind = iota // its one value, NULL for no row, error for several rows
	ExistsSubquery
	InSubquery  // (Left…) IN (subquery), three-valued
	AnySubquery // Left Cmp ANY (subquery)
	AllSubquery // Left Cmp ALL (subquery)
)

// Subquery stands for a query inside an expression. The optimizer turns all of
// them into joins; none is left in a plan that is executed.
type Subquery struct {
	Kind  SubqueryKind
	Left  []Expr // InSubquery, AnySubquery, AllSubquery
	Cmp   string // AnySubquery, AllSubquery: a comparison operator
	Plan  Node
	Outer []ColumnID // columns of enclosing queries that Plan reads
	T     mysqltype.Type
}

func (e *ColumnRef) Type() mysqltype.Type { return e.T }
func (e *Const) Type() mysqltype.Type     { return e.T }
func (e *Param) Type() mysqltype.Type     { return e.T }
func (e *Call) Type() mysqltype.Type      { return e.T }
func (e *Cast) Type() mysqltype.Type      { return e.T }
func (e *Case) Type() mysqltype.Type      { return e.T }
func (e *InList) Type() mysqltype.Type    { return mysqltype.Type{ID: mysqltype.Bool} }
func (e *HashMask) Type() mysqltype.Type {
	return mysqltype.Type{ID: mysqltype.VarChar, Length: 32}
}
func (e *Subquery) Type() mysqltype.Type { return e.T }

func (*ColumnRef) expr() {}
func (*Const) expr()     {}
func (*Param) expr()     {}
func (*Call) expr()      {}
func (*Cast) expr()      {}
func (*Case) expr()      {}
func (*InList) expr()    {}
func (*HashMask) expr()  {}
func (*Subquery) expr()  {}
