package plan

import "math/bits"

// ColumnSet is a set of columns of one plan. The zero value is empty.
type ColumnSet struct{ words []uint64 }

// SetOf returns the set of ids.
func SetOf(ids ...ColumnID) ColumnSet {
	var s ColumnSet
	for _, id := range ids {
		s.Add(id)
	}
	return s
}

// Outputs returns the set of the columns that n produces.
func Outputs(n Node) ColumnSet {
	var s ColumnSet
	for _, c := range n.Columns() {
		s.Add(c.ID)
	}
	return s
}

// Add puts id into s.
func (s *ColumnSet) Add(id ColumnID) {
	w := int(id) / 64
	for len(s.words) <= w {
		s.words = append(s.words, 0)
	}
	s.words[w] |= 1 << (uint(id) % 64)
}

// AddAll puts all of t into s.
func (s *ColumnSet) AddAll(t ColumnSet) {
	for len(s.words) < len(t.words) {
		s.words = append(s.words, 0)
	}
	for i, w := range t.words {
		s.words[i] |= w
	}
}

// RemoveAll takes all of t out of s.
func (s *ColumnSet) RemoveAll(t ColumnSet) {
	for i := range min(len(s.words), len(t.words)) {
		s.words[i] &^= t.words[i]
	}
}

// Has reports whether id is in s.
func (s ColumnSet) Has(id ColumnID) bool {
	w := int(id) / 64
	return w < len(s.words) && s.words[w]&(1<<(uint(id)%64)) != 0
}

// Empty reports whether s has no column.
func (s ColumnSet) Empty() bool { return s.Len() == 0 }

// Len returns the number of columns in s.
func (s ColumnSet) Len() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// SubsetOf reports whether all of s is in t.
func (s ColumnSet) SubsetOf(t ColumnSet) bool {
	for i, w := range s.words {
		if i < len(t.words) {
			w &^= t.words[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Intersects reports whether s and t have a column in common.
func (s ColumnSet) Intersects(t ColumnSet) bool {
	for i := range min(len(s.words), len(t.words)) {
		if s.words[i]&t.words[i] != 0 {
			return true
		}
	}
	return false
}

// IDs returns the columns of s in ascending order.
func (s ColumnSet) IDs() []ColumnID {
	var ids []ColumnID
	for i, w := range s.words {
		for ; w != 0; w &= w - 1 {
			ids = append(ids, ColumnID(i*64+bits.TrailingZeros64(w)))
		}
	}
	return ids
}

// Refs returns the columns that e reads. Those of a Subquery are what its
// operands read and what its plan reads of enclosing queries.
func Refs(e Expr) ColumnSet {
	var s ColumnSet
	AddRefs(&s, e)
	return s
}

// AddRefs adds to s the columns that e reads.
func AddRefs(s *ColumnSet, e Expr) {
	WalkExpr(e, func(e Expr) bool {
		switch e := e.(type) {
		case *ColumnRef:
			s.Add(e.ID)
		case *Subquery:
			s.AddAll(Free(e.Plan))
		default:
		}
		return true
	})
}

// Uses returns the columns that n itself reads: those of its expressions and
// the entity of its MinGroup.
func Uses(n Node) ColumnSet {
	var s ColumnSet
	for _, e := range Exprs(n) {
		AddRefs(&s, e)
	}
	switch n := n.(type) {
	case *Aggregate:
		if n.MinGroup != nil {
			s.Add(n.MinGroup.Entity)
		}
	case *Governed:
		if n.MinGroup != nil {
			s.Add(n.MinGroup.Entity)
		}
	default:
	}
	return s
}

// Free returns the columns that the plan reads and does not produce: its
// correlation.
func Free(root Node) ColumnSet {
	var used, made ColumnSet
	Walk(root, func(n Node) bool {
		for _, c := range n.Columns() {
			made.Add(c.ID)
		}
		for _, e := range Exprs(n) {
			WalkExpr(e, func(e Expr) bool {
				if r, ok := e.(*ColumnRef); ok {
					used.Add(r.ID)
				}
				return true
			})
		}
		return true
	})
	used.RemoveAll(made)
	return used
}

// MaxID returns the greatest column ID in the plan; greater ones are fresh.
func MaxID(root Node) ColumnID {
	var max ColumnID
	Walk(root, func(n Node) bool {
		for _, c := range n.Columns() {
			if c.ID > max {
				max = c.ID
			}
		}
		return true
	})
	return max
}
