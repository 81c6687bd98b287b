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
	IsNull    // no value
	IsNotNull // no value
)

// Predicate is "column op value", a condition that rows must satisfy to count;
// a NULL satisfies only IsNull. Values are physical values of the column's kind
// as vec.Vector.Value gives them; strings compare by bytes.
type Predicate struct {
	Column int // ordinal
	Op     Op
	Values []any
}

// Matches reports whether a row group may hold rows that satisfy all predicates.
func (g *RowGroup) Matches(predicates []Predicate) bool { return true }
