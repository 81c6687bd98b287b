package mysqltype

// Limits of DECIMAL.
const (
	MaxPrecision = 65
	MaxScale     = 30
	// divScale is div_precision_increment: what division and AVG add to the scale.
	divScale = 4
)

// DecimalOf returns the DECIMAL that holds every value of the exact numeric
// type t: t itself for DECIMAL, as many digits as the type can have for
// integers.
func DecimalOf(t Type) Type {
	switch t.ID {
	case Decimal:
		return Type{ID: Decimal, Precision: t.Precision, Scale: t.Scale}
	case Null, Bool:
		return decimal(1, 0)
	case TinyInt:
		return decimal(3, 0)
	case Year:
		return decimal(4, 0)
	case SmallInt:
		return decimal(5, 0)
	case MediumInt:
		return decimal(8, 0)
	case Int:
		return decimal(10, 0)
	case BigInt:
		if t.Unsigned {
			return decimal(20, 0)
		}
		return decimal(19, 0)
	case Float, Double, Date, Time, DateTime, Timestamp,
		Char, VarChar, Text, Binary, VarBinary, Blob, Enum, JSON:
	}
	return decimal(MaxPrecision, MaxScale)
}

func decimal(precision, scale int) Type {
	scale = min(scale, MaxScale)
	return Type{ID: Decimal, Precision: uint8(max(1, min(precision, MaxPrecision))), Scale: uint8(scale)}
}

// Numeric returns what a value of t is in arithmetic: itself if it is a number,
// BIGINT for truth values, DOUBLE for text, and for temporal values the number
// that their digits write: BIGINT, or DECIMAL with a fraction.
func Numeric(t Type) Type {
	switch t.ID {
	case Null, Bool, Year:
		return Type{ID: BigInt}
	case TinyInt, SmallInt, MediumInt, Int, BigInt, Decimal, Double:
		t.NotNull, t.Length, t.Collation = false, 0, 0
		return t
	case Float:
		return Type{ID: Double}
	case Date:
		return Type{ID: BigInt}
	case Time:
		if t.Scale > 0 {
			return decimal(7+int(t.Scale), int(t.Scale))
		}
		return Type{ID: BigInt}
	case DateTime, Timestamp:
		if t.Scale > 0 {
			return decimal(14+int(t.Scale), int(t.Scale))
		}
		return Type{ID: BigInt}
	case Char, VarChar, Text, Binary, VarBinary, Blob, Enum, JSON:
	}
	return Type{ID: Double}
}

// Add returns the type of a+b and a-b for numeric types: BIGINT for integers,
// UNSIGNED if either is, a DECIMAL with a digit for the carry, or DOUBLE.
func Add(a, b Type) Type {
	if t, ok := inexactOrInteger(a, b); ok {
		return t
	}
	a, b = DecimalOf(a), DecimalOf(b)
	scale := max(a.Scale, b.Scale)
	digits := max(a.Precision-a.Scale, b.Precision-b.Scale)
	return decimal(int(digits)+int(scale)+1, int(scale))
}

// Mul returns the type of a*b for numeric types.
func Mul(a, b Type) Type {
	if t, ok := inexactOrInteger(a, b); ok {
		return t
	}
	a, b = DecimalOf(a), DecimalOf(b)
	return decimal(int(a.Precision)+int(b.Precision), int(a.Scale)+int(b.Scale))
}

// Div returns the type of a/b for numeric types: DECIMAL with four more digits
// after the point than a has, or DOUBLE.
func Div(a, b Type) Type {
	if inexact(a) || inexact(b) {
		return Type{ID: Double}
	}
	a, b = DecimalOf(a), DecimalOf(b)
	return decimal(int(a.Precision)+int(b.Scale)+divScale, int(a.Scale)+divScale)
}

// Quotient returns the DECIMAL in which a/b and averages are computed: MySQL
// keeps whole groups of nine digits after the point, cuts off the rest, and
// rounds to the scale of [Div] only where a value leaves an expression. It has
// fewer digits where 38 would not hold them.
func Quotient(a, b Type) Type {
	shown := Div(a, b)
	a, b = DecimalOf(a), DecimalOf(b)
	const group = 9
	groups := func(n int) int { return (n + group - 1) / group * group }
	fa, fb := groups(int(a.Scale)), groups(int(b.Scale))
	more := max(0, divScale-(fa-int(a.Scale))-(fb-int(b.Scale)))
	scale := groups(fa + fb + more)
	whole := int(shown.Precision - shown.Scale)
	scale = min(scale, MaxScale, max(38-whole, int(shown.Scale)+1))
	return decimal(whole+scale, scale)
}

// IntDiv returns the type of a DIV b: BIGINT, UNSIGNED if either is.
func IntDiv(a, b Type) Type {
	return Type{ID: BigInt, Unsigned: a.Unsigned || b.Unsigned}
}

// Mod returns the type of a%b for numeric types. The remainder of integers is
// no larger than a, so it has a's type.
func Mod(a, b Type) Type {
	switch {
	case inexact(a) || inexact(b):
		return Type{ID: Double}
	case a.IsInteger() && b.IsInteger():
		return Type{ID: a.ID, Unsigned: a.Unsigned}
	}
	a, b = DecimalOf(a), DecimalOf(b)
	scale := max(a.Scale, b.Scale)
	return decimal(int(max(a.Precision-a.Scale, b.Precision-b.Scale))+int(scale), int(scale))
}

// Neg returns the type of -a for a numeric type.
func Neg(a Type) Type {
	if a.IsInteger() {
		return Type{ID: BigInt}
	}
	a.Unsigned = false
	return a
}

// Sum returns the type that SUM computes in and that of its result.
func Sum(t Type) (arg, result Type) {
	t = Numeric(t)
	switch {
	case inexact(t):
		return Type{ID: Double}, Type{ID: Double}
	case t.IsInteger() && !(t.Unsigned && t.ID == BigInt):
		return Type{ID: BigInt}, decimal(41, 0)
	}
	t = DecimalOf(t)
	return t, decimal(int(t.Precision)+22, int(t.Scale))
}

// Avg returns the type that AVG computes in and that of its result.
func Avg(t Type) (arg, result Type) {
	t = Numeric(t)
	if inexact(t) {
		return Type{ID: Double}, Type{ID: Double}
	}
	d := DecimalOf(t)
	result = decimal(int(d.Precision)+divScale, int(d.Scale)+divScale)
	if t.IsInteger() && !(t.Unsigned && t.ID == BigInt) {
		return Type{ID: BigInt}, result
	}
	return d, result
}

// Mean returns the DECIMAL in which AVG computes over what Avg says: see
// [Quotient].
func Mean(arg Type) Type {
	_, sum := Sum(arg)
	_, shown := Avg(arg)
	sum.Precision = shown.Precision - shown.Scale + sum.Scale
	return Quotient(sum, decimal(1, 0))
}

func inexact(t Type) bool { return t.ID == Double || t.ID == Float }

// inexactOrInteger returns the result type of +, - and * unless it is DECIMAL.
func inexactOrInteger(a, b Type) (Type, bool) {
	switch {
	case inexact(a) || inexact(b):
		return Type{ID: Double}, true
	case a.IsInteger() && b.IsInteger():
		return Type{ID: BigInt, Unsigned: a.Unsigned || b.Unsigned}, true
	}
	return Type{}, false
}
