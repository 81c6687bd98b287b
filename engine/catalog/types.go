package catalog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
)

// declared is what a contract says of a column's type.
type declared struct {
	logical  string // ODCS logicalType
	physical string // ODCS physicalType, in any dialect
	format   string // logicalTypeOptions.format
	maxLen   int64  // logicalTypeOptions.maxLength; 0: not given
	zoned    bool   // logicalTypeOptions.timezone
}

// physicalType splits "DECIMAL(10, 2) UNSIGNED" into its name and numbers.
var physicalType = regexp.MustCompile(`(?i)^\s*([a-z0-9_]+(?: [a-z ]+)?)\s*(?:\(\s*(\d{1,9})\s*(?:,\s*(\d{1,2})\s*)?\))?\s*([a-z ]*)$`)

// mysqlType returns the MySQL type of a declared column. It depends on the
// contract alone: what a file holds must fit it. The physical type refines the
// logical one where both agree, and is ignored where it is unknown.
func (d declared) mysqlType() (mysqltype.Type, error) {
	name, first, second := "", -1, -1
	if m := physicalType.FindStringSubmatch(d.physical); m != nil {
		name = strings.ToLower(strings.TrimSpace(strings.TrimSpace(m[1]) + " " + strings.TrimSpace(m[4])))
		if m[2] != "" {
			first, _ = strconv.Atoi(m[2])
		}
		if m[3] != "" {
			second, _ = strconv.Atoi(m[3])
		}
	}
	switch d.logical {
	case "string":
		return d.stringType(name, first), nil
	case "integer":
		return d.integerType(name), nil
	case "number":
		return d.numberType(name, first, second)
	case "boolean":
		return mysqltype.Type{ID: mysqltype.Bool}, nil
	case "date":
		return mysqltype.Type{ID: mysqltype.Date}, nil
	case "time":
		return mysqltype.Type{ID: mysqltype.Time, Scale: fractional(first)}, nil
	case "timestamp":
		if name == "datetime" && first < 0 {
			first = 0 // as in MySQL; other names have microseconds
		}
		id := mysqltype.DateTime
		if d.zoned || name == "timestamptz" || strings.Contains(name, "with time zone") || strings.Contains(name, "local time zone") {
			id = mysqltype.Timestamp
		}
		return mysqltype.Type{ID: id, Scale: fractional(first)}, nil
	}
	return mysqltype.Type{}, fmt.Errorf("logicalType %q is no type of a column", d.logical)
}

// fractional is the number of fractional digits: those given, else 6.
func fractional(given int) uint8 {
	if given < 0 || given > 6 {
		return 6
	}
	return uint8(given)
}

// maxVarChar is how many code points MySQL's VARCHAR can have in utf8mb4.
const maxVarChar = 16383

func (d declared) stringType(name string, length int) mysqltype.Type {
	if length < 0 {
		length = int(min(d.maxLen, maxVarChar+1))
	}
	switch name {
	case "json", "jsonb":
		return mysqltype.Type{ID: mysqltype.JSON}
	case "binary", "varbinary", "blob", "bytea", "bytes":
		return mysqltype.Type{ID: mysqltype.Blob, Collation: mysqltype.BinaryCollation}
	case "uuid":
		return mysqltype.Type{ID: mysqltype.VarChar, Length: 36}
	}
	if d.format == "binary" || d.format == "byte" {
		return mysqltype.Type{ID: mysqltype.Blob, Collation: mysqltype.BinaryCollation}
	}
	if d.format == "uuid" {
		return mysqltype.Type{ID: mysqltype.VarChar, Length: 36}
	}
	if length <= 0 || length > maxVarChar {
		return mysqltype.Type{ID: mysqltype.Text}
	}
	return mysqltype.Type{ID: mysqltype.VarChar, Length: uint32(length)}
}

func (d declared) integerType(name string) mysqltype.Type {
	name, unsigned := strings.CutSuffix(name, " unsigned")
	t := mysqltype.Type{ID: mysqltype.BigInt, Unsigned: unsigned}
	if name == "" {
		name = d.format
	}
	switch name {
	case "tinyint", "int8", "i8":
		t.ID = mysqltype.TinyInt
	case "smallint", "int16", "i16":
		t.ID = mysqltype.SmallInt
	case "mediumint":
		t.ID = mysqltype.MediumInt
	case "int", "integer", "int32", "i32":
		t.ID = mysqltype.Int
	case "utinyint", "uint8", "u8":
		t = mysqltype.Type{ID: mysqltype.TinyInt, Unsigned: true}
	case "usmallint", "uint16", "u16":
		t = mysqltype.Type{ID: mysqltype.SmallInt, Unsigned: true}
	case "uinteger", "uint32", "u32":
		t = mysqltype.Type{ID: mysqltype.Int, Unsigned: true}
	case "ubigint", "uint64", "u64":
		t.Unsigned = true
	case "year":
		t = mysqltype.Type{ID: mysqltype.Year}
	}
	return t
}

func (d declared) numberType(name string, precision, scale int) (mysqltype.Type, error) {
	if name == "" {
		name = d.format
	}
	switch name {
	case "decimal", "numeric", "number", "dec":
		if precision < 0 {
			precision = 10
		}
		scale = max(scale, 0)
		if precision < 1 || precision > 38 || scale > min(precision, 30) {
			return mysqltype.Type{}, fmt.Errorf("DECIMAL needs 1 to 38 digits, at most 30 of them after the point")
		}
		return mysqltype.Type{ID: mysqltype.Decimal, Precision: uint8(precision), Scale: uint8(scale)}, nil
	case "float", "real", "float32", "float4", "f32":
		return mysqltype.Type{ID: mysqltype.Float}, nil
	}
	return mysqltype.Type{ID: mysqltype.Double}, nil
}
