package mysqltype

// MergeAll merges types from left to right; none gives Null.
func MergeAll(ts ...Type) Type {
	if len(ts) == 0 {
		return Type{}
	}
	m := ts[0]
	for _, t := range ts[1:] {
		m = Merge(m, t)
	}
	return m
}

// Merge returns the type of a value that is either a or b: of the branches of
// CASE, of the arguments of COALESCE, of the columns of a set operation.
func Merge(a, b Type) Type {
	notNull := a.NotNull && b.NotNull
	m := merge(a, b)
	m.NotNull = notNull
	return m
}

func merge(a, b Type) Type {
	a.NotNull, b.NotNull = false, false
	switch {
	case a == b:
		return a
	case a.ID == Null:
		return b
	case b.ID == Null:
		return a
	case a.ID == JSON || b.ID == JSON:
		if a.ID == b.ID {
			return a
		}
		return Type{ID: Text}
	case a.IsNumeric() && b.IsNumeric():
		return mergeNumbers(a, b)
	case a.IsTemporal() && b.IsTemporal():
		return mergeTemporal(a, b)
	}
	return mergeStrings(a, b)
}

func mergeNumbers(a, b Type) Type {
	switch {
	case a.ID == Float && b.ID == Float:
		return Type{ID: Float}
	case inexact(a) || inexact(b):
		return Type{ID: Double}
	case a.ID == Decimal || b.ID == Decimal:
		return mergeDecimals(a, b)
	case a.ID == Year && b.ID == Year:
		return Type{ID: Year}
	}
	if a.ID == Year {
		a = Type{ID: SmallInt, Unsigned: true}
	}
	if b.ID == Year {
		b = Type{ID: SmallInt, Unsigned: true}
	}
	if a.ID == Bool {
		a = Type{ID: TinyInt}
	}
	if b.ID == Bool {
		b = Type{ID: TinyInt}
	}
	if a.Unsigned == b.Unsigned {
		return Type{ID: max(a.ID, b.ID), Unsigned: a.Unsigned}
	}
	// A signed type holds what a smaller unsigned one does.
	signed, unsigned := a, b
	if a.Unsigned {
		signed, unsigned = b, a
	}
	switch {
	case signed.ID > unsigned.ID:
		return signed
	case unsigned.ID == BigInt:
		return decimal(20, 0)
	}
	return Type{ID: unsigned.ID + 1}
}

func mergeDecimals(a, b Type) Type {
	a, b = DecimalOf(a), DecimalOf(b)
	scale := max(a.Scale, b.Scale)
	return decimal(int(max(a.Precision-a.Scale, b.Precision-b.Scale))+int(scale), int(scale))
}

func mergeTemporal(a, b Type) Type {
	scale := max(a.Scale, b.Scale)
	if a.ID == b.ID {
		return Type{ID: a.ID, Scale: scale}
	}
	return Type{ID: DateTime, Scale: scale}
}

func mergeStrings(a, b Type) Type {
	binary := a.IsBinary() || b.IsBinary()
	m := Type{ID: VarChar, Collation: mergeCollation(a, b)}
	switch {
	case a.ID == Blob || b.ID == Blob || binary && (a.ID == Text || b.ID == Text):
		return Type{ID: Blob}
	case binary:
		m = Type{ID: VarBinary}
	case a.ID == Text || b.ID == Text:
		return Type{ID: Text, Collation: m.Collation}
	}
	m.Length = max(DisplayLength(a), DisplayLength(b))
	if m.Length == 0 || (a.IsString() && a.Length == 0) || (b.IsString() && b.Length == 0) {
		m.Length = 0
	}
	return m
}

func mergeCollation(a, b Type) Collation {
	switch {
	case !a.IsString():
		return b.Collation
	case !b.IsString(), a.Collation == b.Collation:
		return a.Collation
	}
	return Binary0900
}

// DisplayLength returns how many characters a value of t has at most when it is
// written as text; 0: no known maximum.
func DisplayLength(t Type) uint32 {
	fraction := func(n uint32) uint32 {
		if t.Scale > 0 {
			n += uint32(t.Scale) + 1
		}
		return n
	}
	switch t.ID {
	case Null:
		return 0
	case Bool:
		return 1
	case TinyInt:
		return 4
	case SmallInt:
		return 6
	case MediumInt:
		return 9
	case Int:
		return 11
	case BigInt:
		return 20
	case Year:
		return 4
	case Float:
		return 12
	case Double:
		return 22
	case Decimal:
		n := uint32(t.Precision) + 1 // the sign
		if t.Scale > 0 {
			n++
		}
		if t.Precision == t.Scale {
			n++
		}
		return n
	case Date:
		return 10
	case Time:
		return fraction(10)
	case DateTime, Timestamp:
		return fraction(19)
	case Char, VarChar, Binary, VarBinary, Enum:
		return t.Length
	case Text, Blob, JSON:
	}
	return 0
}

// Varchar returns the text type that a value of t converts to.
func Varchar(t Type) Type {
	switch {
	case t.ID == JSON || t.ID == Text:
		return Type{ID: Text, Collation: t.Collation}
	case t.ID == Char || t.ID == Enum:
		return Type{ID: VarChar, Length: t.Length, Collation: t.Collation}
	case t.IsString():
		t.NotNull = false
		return t
	}
	return Type{ID: VarChar, Length: DisplayLength(t)}
}
