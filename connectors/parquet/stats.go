package parquet

import (
	"cmp"

	"github.com/meshql/meshql/engine/vec"
)

// count returns a count of the footer, or -1 if there is none that makes sense.
func count(n *int64, rows int64) int64 {
	if n == nil || *n < 0 || *n > rows {
		return -1
	}
	return *n
}

// bounds converts the bounds of a chunk's statistics, new fields and deprecated
// ones, to values of the column's kind; ordered says that the footer defines the
// order of the new ones. What is not safe to prune by is nil.
func (l *leaf) bounds(low, high, oldLow, oldHigh []byte, ordered bool) (lo, hi any) {
	if !l.ordered || l.newLane == nil {
		return nil, nil
	}
	if low == nil && high == nil && !l.newOnly {
		low, high = oldLow, oldHigh
	} else if !ordered && l.newOnly {
		return nil, nil
	}
	lo, hi = l.bound(low), l.bound(high)
	if lo != lo || hi != hi { // NaN says that the writer's order is not ours
		return nil, nil
	}
	if lo != nil && hi != nil && Compare(lo, hi) > 0 {
		return nil, nil
	}
	return lo, hi
}

// bound converts one stored value; nil if it is none.
func (l *leaf) bound(b []byte) any {
	if b == nil || l.width > 0 && len(b) != l.width || l.phys == physBool && len(b) != 1 {
		return nil
	}
	d := dense{n: 1, width: l.width, data: b}
	if l.phys == physBytes {
		d.off = []uint32{0, uint32(len(b))}
	}
	v, err := l.newLane(&memory{}).dictionary(&d)
	if err != nil {
		return nil
	}
	return v.Value(0)
}

// Compare orders two values of one kind; values of different kinds are equal.
func Compare(a, b any) int {
	switch x := a.(type) {
	case bool:
		if y, ok := b.(bool); ok && x != y {
			if x {
				return 1
			}
			return -1
		}
	case int32:
		return compareAs(x, b)
	case int64:
		return compareAs(x, b)
	case uint64:
		return compareAs(x, b)
	case float64:
		return compareAs(x, b)
	case string:
		return compareAs(x, b)
	case vec.Int128:
		if y, ok := b.(vec.Int128); ok {
			return x.Cmp(y)
		}
	}
	return 0
}

func compareAs[T cmp.Ordered](x T, b any) int {
	if y, ok := b.(T); ok {
		return cmp.Compare(x, y)
	}
	return 0
}
