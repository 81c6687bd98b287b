package mysqltype

// Compare returns the type that values of a and b are compared as, and whether
// they can be compared: JSON cannot. A caller with a
// constant at hand may do better and convert it to the other side's type.
//
// Numbers compare exactly unless one is DOUBLE; a signed with an unsigned
// integer as DECIMAL(20,0); a number with text as DOUBLE; a date or time with
// text as the temporal value; text with text as text.
func Compare(a, b Type) (Type, bool) {
	switch {
	case a.ID == JSON || b.ID == JSON:
		return Type{}, false
	case a.ID == Null && b.ID == Null:
		return Type{ID: BigInt}, true
	case a.ID == Null:
		return plain(b), true
	case b.ID == Null:
		return plain(a), true
	case a.IsNumeric() && b.IsNumeric():
		return compareNumbers(a, b), true
	case a.IsTemporal() && b.IsTemporal():
		return mergeTemporal(a, b), true
	case a.IsTemporal() && b.IsString():
		return temporalWithText(a), true
	case a.IsString() && b.IsTemporal():
		return temporalWithText(b), true
	case a.IsString() && b.IsString():
		return compareStrings(a, b), true
	}
	return Type{ID: Double}, true
}

func compareNumbers(a, b Type) Type {
	switch {
	case inexact(a) || inexact(b):
		return Type{ID: Double}
	case a.ID == Bool && b.ID == Bool:
		return Type{ID: Bool}
	case a.ID == Decimal || b.ID == Decimal:
		return mergeDecimals(a, b)
	case a.Unsigned != b.Unsigned:
		return decimal(20, 0)
	}
	return Type{ID: BigInt, Unsigned: a.Unsigned}
}

// temporalWithText: text may hold a time of day, so a DATE compares as DATETIME.
func temporalWithText(t Type) Type {
	if t.ID == Time {
		return Type{ID: Time, Scale: 6}
	}
	return Type{ID: DateTime, Scale: 6}
}

func compareStrings(a, b Type) Type {
	m := mergeStrings(a, b)
	if a.IsBinary() || b.IsBinary() {
		m.Collation = BinaryCollation
	}
	return m
}

func plain(t Type) Type {
	t.NotNull = false
	return t
}

// Comparable reports whether values of a and b can stand in one comparison as
// they are: they have one kind, and one scale if it is fixed by the type.
// Collations are the caller's.
func Comparable(a, b Type) bool {
	if a.Kind() != b.Kind() || a.ID == JSON || b.ID == JSON {
		return false
	}
	switch {
	case a.ID == Decimal || b.ID == Decimal:
		return a.ID == b.ID && a.Scale == b.Scale
	case a.IsTemporal() || b.IsTemporal():
		return a.ID == b.ID && a.Scale == b.Scale
	case a.IsNumeric() || b.IsNumeric():
		return a.IsNumeric() && b.IsNumeric()
	}
	return true
}
