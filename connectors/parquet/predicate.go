package parquet

// Op is the comparison of a predicate.
type Op uint8

const (
	Eq Op = iota
	Ne
	Lt
	Le
	Gt
	Ge
	In        // equal to one of Values
	IsNull    // without Values
	IsNotNull // without Values
)

// Predicate is "column op value", a condition that rows must satisfy to count;
// a NULL satisfies only IsNull. Values are physical values of the column's kind
// as vec.Vector.Value gives them; strings compare by bytes.
type Predicate struct {
	Column int // ordinal in the source or file that is asked
	Op     Op
	Values []any
}

// Matches reports whether a row group may hold rows that satisfy all predicates.
func (g *RowGroup) Matches(predicates []Predicate) bool {
	for i := range predicates {
		p := &predicates[i]
		if p.Column >= 0 && p.Column < len(g.Columns) && !g.Columns[p.Column].matches(p, g.Rows) {
			return false
		}
	}
	return true
}

// matches reports whether a row may satisfy p among rows of which s is true.
func (s *ColumnStats) matches(p *Predicate, rows int64) bool {
	switch p.Op {
	case IsNull:
		return s.Nulls != 0
	case IsNotNull:
		return s.Nulls != rows || rows == 0
	case Eq, Ne, Lt, Le, Gt, Ge, In:
	}
	if s.Nulls == rows && rows > 0 {
		return false
	}
	for _, x := range p.Values {
		if s.admits(p.Op, x) {
			return true
		}
	}
	return len(p.Values) == 0 && p.Op != In
}

// admits reports whether a value within the bounds may compare to x so.
func (s *ColumnStats) admits(op Op, x any) bool {
	atLeast := s.Min == nil || Compare(s.Min, x) <= 0 // something may be <= x
	atMost := s.Max == nil || Compare(s.Max, x) >= 0
	switch op {
	case Eq, In:
		return atLeast && atMost
	case Ne:
		// NaN, which bounds leave out, differs from everything.
		_, float := x.(float64)
		return float || s.Min == nil || s.Max == nil || !comparable(s.Min, x) || Compare(s.Min, x) != 0 || Compare(s.Max, x) != 0
	case Lt:
		return s.Min == nil || !comparable(s.Min, x) || Compare(s.Min, x) < 0
	case Le:
		return atLeast
	case Gt:
		return s.Max == nil || !comparable(s.Max, x) || Compare(s.Max, x) > 0
	case Ge:
		return atMost
	case IsNull, IsNotNull:
	}
	return true
}

// comparable reports whether a and b are of one kind.
func comparable(a, b any) bool { return Compare(a, b) != 0 || a == b }
