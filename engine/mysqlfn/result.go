package mysqlfn

import "github.com/meshql/meshql/planner/mysqltype"

// The result types of functions, as MySQL 8.0 gives them.

func of(id mysqltype.ID) mysqltype.Type { return mysqltype.Type{ID: id} }

func bigint([]mysqltype.Type) mysqltype.Type   { return of(mysqltype.BigInt) }
func double([]mysqltype.Type) mysqltype.Type   { return of(mysqltype.Double) }
func truth([]mysqltype.Type) mysqltype.Type    { return of(mysqltype.Bool) }
func date([]mysqltype.Type) mysqltype.Type     { return of(mysqltype.Date) }
func document([]mysqltype.Type) mysqltype.Type { return of(mysqltype.JSON) }
func unsigned([]mysqltype.Type) mysqltype.Type {
	return mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}
}
func binary([]mysqltype.Type) mysqltype.Type {
	return mysqltype.Type{ID: mysqltype.VarBinary, Collation: mysqltype.BinaryCollation}
}

// text is text of a length; 0 is any.
func text(length uint32) rule {
	return func([]mysqltype.Type) mysqltype.Type {
		return mysqltype.Type{ID: mysqltype.VarChar, Length: length}
	}
}

// sameText is the first argument as text.
func sameText(args []mysqltype.Type) mysqltype.Type { return textOf(args[0]) }

// longText is sameText of no known length.
func longText(args []mysqltype.Type) mysqltype.Type {
	t := textOf(args[0])
	t.Length = 0
	return t
}

func textOf(t mysqltype.Type) mysqltype.Type {
	t = mysqltype.Varchar(t)
	t.NotNull, t.Unsigned = false, false
	if t.ID == mysqltype.Binary {
		t.ID = mysqltype.VarBinary
	}
	return t
}

// mergedText is the text that the arguments from the given one on merge to.
func mergedText(from int) rule {
	return func(args []mysqltype.Type) mysqltype.Type {
		t := textOf(args[from])
		for _, a := range args[from+1:] {
			t = mysqltype.Merge(t, textOf(a))
		}
		t.Length = 0
		return t
	}
}

func concatenated(args []mysqltype.Type) mysqltype.Type {
	t := mergedText(0)(args)
	var length uint64
	for _, a := range args {
		a = textOf(a)
		if a.Length == 0 {
			return t
		}
		length += uint64(a.Length)
	}
	if length <= 65535/4 && (t.ID == mysqltype.VarChar || t.ID == mysqltype.VarBinary) {
		t.Length = uint32(length)
	}
	return t
}

func merged(args []mysqltype.Type) mysqltype.Type {
	t := mysqltype.MergeAll(args...)
	t.NotNull = false
	return t
}

func sameNumber(args []mysqltype.Type) mysqltype.Type {
	t := mysqltype.Numeric(args[0])
	if t.IsInteger() {
		t = mysqltype.Type{ID: mysqltype.BigInt, Unsigned: t.Unsigned}
	}
	t.NotNull = false
	return t
}

// wholeNumber is the type of CEIL and FLOOR.
func wholeNumber(args []mysqltype.Type) mysqltype.Type {
	t := sameNumber(args)
	if t.ID != mysqltype.Decimal {
		return t
	}
	whole := t.Precision - t.Scale + 1 // CEIL(9.5) has a digit more
	if whole <= 18 {
		return of(mysqltype.BigInt)
	}
	return mysqltype.Type{ID: mysqltype.Decimal, Precision: min(whole, mysqltype.MaxPrecision)}
}

// rounded is the type of ROUND and TRUNCATE where the number of digits is not
// known: what the argument has. Refine knows better for constants.
func rounded(args []mysqltype.Type) mysqltype.Type {
	if len(args) == 1 {
		return roundedTo(sameNumber(args), 0)
	}
	return sameNumber(args)
}

func roundedTo(t mysqltype.Type, digits int64) mysqltype.Type {
	if t.ID != mysqltype.Decimal {
		return t
	}
	scale := min(max(digits, 0), int64(t.Scale))
	whole := t.Precision - t.Scale
	if scale < int64(t.Scale) {
		whole++ // 9.99 rounds to 10.0
	}
	return mysqltype.Type{ID: mysqltype.Decimal, Precision: min(max(whole+uint8(scale), 1), mysqltype.MaxPrecision), Scale: uint8(scale)}
}

func remainder(args []mysqltype.Type) mysqltype.Type { return mysqltype.Mod(args[0], args[1]) }

func fractionOf(t mysqltype.Type) uint8 {
	switch {
	case t.ID == mysqltype.Time || t.ID == mysqltype.DateTime || t.ID == mysqltype.Timestamp:
		return t.Scale
	case t.ID == mysqltype.Decimal:
		return min(t.Scale, 6)
	case t.IsString() || t.ID == mysqltype.Double || t.ID == mysqltype.Float:
		return 6
	}
	return 0
}

func timeOfDay(args []mysqltype.Type) mysqltype.Type {
	t := of(mysqltype.Time)
	for _, a := range args {
		t.Scale = max(t.Scale, fractionOf(a))
	}
	return t
}

func moment(args []mysqltype.Type) mysqltype.Type {
	return mysqltype.Type{ID: mysqltype.DateTime, Scale: fractionOf(args[0])}
}

func sameMoment(args []mysqltype.Type) mysqltype.Type {
	t := args[0]
	t.NotNull = false
	if !t.IsTemporal() || t.ID == mysqltype.Time {
		return moment(args)
	}
	return t
}

// seconds is a TIME with the fraction of an argument that counts seconds.
func seconds(arg int) rule {
	return func(args []mysqltype.Type) mysqltype.Type {
		return mysqltype.Type{ID: mysqltype.Time, Scale: fractionOf(args[arg])}
	}
}

// shiftedTime is the type of ADDTIME: that of its first argument.
func shiftedTime(args []mysqltype.Type) mysqltype.Type {
	scale := max(fractionOf(args[0]), fractionOf(args[1]))
	switch args[0].ID {
	case mysqltype.Date, mysqltype.DateTime, mysqltype.Timestamp:
		return mysqltype.Type{ID: mysqltype.DateTime, Scale: scale}
	case mysqltype.Time:
		return mysqltype.Type{ID: mysqltype.Time, Scale: scale}
	}
	return mysqltype.Type{ID: mysqltype.VarChar, Length: 29}
}

func fromUnix(args []mysqltype.Type) mysqltype.Type {
	if len(args) == 2 {
		return text(0)(args)
	}
	return mysqltype.Type{ID: mysqltype.DateTime, Scale: fractionOf(args[0])}
}

func unixTime(args []mysqltype.Type) mysqltype.Type {
	scale := fractionOf(args[0])
	if scale == 0 {
		return of(mysqltype.BigInt)
	}
	return mysqltype.Type{ID: mysqltype.Decimal, Precision: 12 + scale, Scale: scale}
}

// parsedMoment is STR_TO_DATE's type for a format that is not known.
func parsedMoment([]mysqltype.Type) mysqltype.Type {
	return mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
}
