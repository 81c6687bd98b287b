package mysqltype

import (
	"fmt"

	"github.com/meshql/meshql/engine/vec"
)

// ID names a MySQL type without its parameters.
type ID uint8

const (
	Null      ID = iota // the type of a bare NULL
	Bool                // a truth value: result of comparisons; BIGINT(1) to clients
	TinyInt             // 8-bit integer
	SmallInt            // 16-bit integer
	MediumInt           // 24-bit integer
	Int                 // 32-bit integer
	BigInt              // 64-bit integer
	Year                // 1901 to 2155 and 0
	Float               // 32-bit floating point
	Double              // 64-bit floating point
	Decimal             // Precision digits, Scale of them after the point
	Date                // a day
	Time                // a signed duration, Scale fractional digits
	DateTime            // a moment without zone, Scale fractional digits
	Timestamp           // a moment in UTC, Scale fractional digits
	Char                // fixed-length text
	VarChar             // text of Length code points at most
	Text                // long text
	Binary              // fixed-length bytes
	VarBinary           // bytes, Length at most
	Blob                // long bytes
	Enum                // a label, held as text
	JSON                // a JSON document, held as text
)

// Type is a MySQL type with its parameters. Types are compared with ==.
type Type struct {
	ID        ID
	Unsigned  bool
	NotNull   bool      // a hint for metadata; never a fact for rewriting
	Precision uint8     // DECIMAL: digits, 1 to 65
	Scale     uint8     // DECIMAL: digits after the point; TIME, DATETIME, TIMESTAMP: fractional digits, 0 to 6
	Length    uint32    // character types: code points; binary types: bytes; 0: the type's maximum
	Collation Collation // character types
}

// Collation is how strings compare.
type Collation uint8

const (
	// Binary0900 is utf8mb4_0900_bin, the default: code point order, no padding.
	Binary0900 Collation = iota
	// AI0900 is utf8mb4_0900_ai_ci: accents and case do not count.
	AI0900
	// AS0900 is utf8mb4_0900_as_ci: case does not count.
	AS0900
	// CS0900 is utf8mb4_0900_as_cs.
	CS0900
	// GeneralCI is utf8mb4_general_ci.
	GeneralCI
	// BinaryCollation is MySQL's "binary".
	BinaryCollation
)

// Kind returns how values of t are held in vectors. DECIMAL needs at most 38
// digits; TIME and the DATETIME family are µs (since midnight, since
// 1970-01-01 00:00:00).
func (t Type) Kind() vec.Kind {
	switch t.ID {
	case Bool:
		return vec.Bool
	case TinyInt, SmallInt, MediumInt, Int, BigInt:
		if t.Unsigned {
			return vec.U64
		}
		return vec.I64
	case Year:
		return vec.I64
	case Float, Double:
		return vec.F64
	case Decimal:
		if t.Precision <= 18 {
			return vec.I64
		}
		return vec.I128
	case Date:
		return vec.I32
	case Time, DateTime, Timestamp:
		return vec.I64
	case Null, Char, VarChar, Text, Binary, VarBinary, Blob, Enum, JSON:
		return vec.Bytes
	}
	return vec.Invalid
}

// IsInteger reports whether t is an integer type; Bool and Year are.
func (t Type) IsInteger() bool { return t.ID >= Bool && t.ID <= Year }

// IsNumeric reports whether t is an integer, DECIMAL, FLOAT or DOUBLE.
func (t Type) IsNumeric() bool { return t.ID >= Bool && t.ID <= Decimal }

// IsTemporal reports whether t is DATE, TIME, DATETIME or TIMESTAMP.
func (t Type) IsTemporal() bool { return t.ID >= Date && t.ID <= Timestamp }

// IsString reports whether t is held as text or bytes.
func (t Type) IsString() bool { return t.ID >= Char && t.ID <= JSON }

// IsBinary reports whether t is a byte string.
func (t Type) IsBinary() bool { return t.ID >= Binary && t.ID <= Blob }

// String returns t as SHOW COLUMNS writes it.
func (t Type) String() string {
	u := ""
	if t.Unsigned {
		u = " unsigned"
	}
	fsp := ""
	if t.Scale > 0 {
		fsp = fmt.Sprintf("(%d)", t.Scale)
	}
	switch t.ID {
	case Null:
		return "null"
	case Bool:
		return "tinyint(1)"
	case TinyInt:
		return "tinyint" + u
	case SmallInt:
		return "smallint" + u
	case MediumInt:
		return "mediumint" + u
	case Int:
		return "int" + u
	case BigInt:
		return "bigint" + u
	case Year:
		return "year"
	case Float:
		return "float"
	case Double:
		return "double"
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)%s", t.Precision, t.Scale, u)
	case Date:
		return "date"
	case Time:
		return "time" + fsp
	case DateTime:
		return "datetime" + fsp
	case Timestamp:
		return "timestamp" + fsp
	case Char:
		return fmt.Sprintf("char(%d)", t.Length)
	case VarChar:
		return fmt.Sprintf("varchar(%d)", t.Length)
	case Text:
		return "longtext"
	case Binary:
		return fmt.Sprintf("binary(%d)", t.Length)
	case VarBinary:
		return fmt.Sprintf("varbinary(%d)", t.Length)
	case Blob:
		return "longblob"
	case Enum:
		return "varchar(255)"
	case JSON:
		return "json"
	}
	return "unknown"
}
