package connectors

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// errIncompatible says that a file's type cannot be read as the contract's.
var errIncompatible = errors.New("the file has another type")

// errRange says that a value of a file does not fit the contract's type.
var errRange = fmt.Errorf("%w: a value is out of the type's range", ErrContract)

// conversion turns values of a file's type into the contract's.
type conversion struct {
	from, to mysqltype.Type
}

// convertType returns how a file's type is read as a contract's: nil for as it
// is. This is the one table of what fits what; README.md of the package's tests
// renders it.
//
//	contract          file
//	boolean           BOOLEAN
//	integer           any integer that holds the values; out of range is an error
//	number, DECIMAL   DECIMAL of no more digits after the point, any integer
//	number, DOUBLE    FLOAT, DOUBLE
//	string            text, ENUM, UUID, JSON and, as text or bytes, plain BYTE_ARRAY
//	date              DATE
//	time              TIME of any unit
//	timestamp         TIMESTAMP of any unit, with or without zone, INT96, DATE
func convertType(from, to mysqltype.Type) (*conversion, error) {
	same := from.Kind() == to.Kind()
	c := &conversion{from, to}
	switch {
	case to.ID == mysqltype.Bool:
		if from.ID == mysqltype.Bool {
			return nil, nil
		}
	case to.IsInteger():
		if from.IsInteger() && from.ID != mysqltype.Bool {
			if same && integerRange(from) <= integerRange(to) {
				return nil, nil
			}
			return c, nil
		}
	case to.ID == mysqltype.Decimal:
		if from.ID == mysqltype.Decimal && from.Scale == to.Scale && same {
			return nil, nil
		}
		if from.ID == mysqltype.Decimal && from.Scale <= to.Scale || from.IsInteger() && from.ID != mysqltype.Bool {
			return c, nil
		}
	case to.ID == mysqltype.Double || to.ID == mysqltype.Float:
		if from.ID == mysqltype.Float || from.ID == to.ID {
			return nil, nil
		}
	case to.ID == mysqltype.Date:
		if from.ID == mysqltype.Date {
			return nil, nil
		}
	case to.ID == mysqltype.Time:
		if from.ID == mysqltype.Time {
			return nil, nil
		}
	case to.ID == mysqltype.DateTime || to.ID == mysqltype.Timestamp:
		if from.ID == mysqltype.DateTime || from.ID == mysqltype.Timestamp {
			return nil, nil
		}
		if from.ID == mysqltype.Date {
			return c, nil
		}
	case to.IsString():
		if from.IsString() && (from.IsBinary() || !to.IsBinary()) || from.IsString() && to.IsBinary() {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("%w (%s, not %s)", errIncompatible, from, to)
}

// integerRange orders integer types of one signedness by what they hold.
func integerRange(t mysqltype.Type) int {
	if t.ID == mysqltype.Year {
		return int(mysqltype.SmallInt)
	}
	return int(t.ID)
}

// convertedColumn converts a lazy column when it is asked for.
type convertedColumn struct {
	in   *vec.Batch
	from int
	*conversion
}

// Decode implements vec.Lazy.
func (c *convertedColumn) Decode(ctx context.Context, sel vec.Selection) (*vec.Vector, error) {
	c.in.Sel = sel
	v, err := c.in.Col(ctx, c.from)
	if err != nil {
		return nil, err
	}
	if v.Form != vec.Dictionary {
		return c.apply(v, sel)
	}
	// A dictionary is converted once, for all its vectors.
	d, err := v.Dict.Memo(*c.conversion, func() (any, error) {
		values, err := c.apply(v.Dict.Values, nil)
		return &vec.Dict{Values: values}, err
	})
	if err != nil {
		return nil, err
	}
	return &vec.Vector{Kind: c.to.Kind(), Form: vec.Dictionary, N: v.N, Nulls: v.Nulls, Codes: v.Codes, Dict: d.(*vec.Dict)}, nil
}

// apply converts a flat or constant vector; values of rows outside sel and of
// NULLs are zero.
func (c *conversion) apply(v *vec.Vector, sel vec.Selection) (*vec.Vector, error) {
	out := &vec.Vector{Kind: c.to.Kind(), Form: v.Form, N: v.N, Nulls: v.Nulls}
	n := v.N
	if v.Form == vec.Constant {
		n, sel = 1, nil
	}
	switch out.Kind {
	case vec.I64:
		out.I64 = make([]int64, n)
	case vec.U64:
		out.U64 = make([]uint64, n)
	case vec.I128:
		out.I128 = make([]vec.Int128, n)
	case vec.Invalid, vec.Bool, vec.I32, vec.F64, vec.Bytes:
		return nil, errIncompatible
	}
	for k := range sel.Count(n) {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if v.IsNull(i) {
			continue
		}
		if err := c.one(v, out, i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// one converts value i.
func (c *conversion) one(v, out *vec.Vector, i int) error {
	if c.from.ID == mysqltype.Date {
		out.I64[i] = int64(v.I32[i]) * 86_400_000_000
		return nil
	}
	x := new(big.Int)
	switch v.Kind {
	case vec.I64:
		x.SetInt64(v.I64[i])
	case vec.U64:
		x.SetUint64(v.U64[i])
	case vec.I128:
		x = v.I128[i].Big()
	case vec.Invalid, vec.Bool, vec.I32, vec.F64, vec.Bytes:
		return errIncompatible
	}
	if c.to.ID == mysqltype.Decimal {
		from := uint8(0)
		if c.from.ID == mysqltype.Decimal {
			from = c.from.Scale
		}
		x.Mul(x, pow10(c.to.Scale-from))
		if x.CmpAbs(pow10(c.to.Precision)) >= 0 {
			return errRange
		}
	} else if low, high := integerBounds(c.to); x.Cmp(low) < 0 || x.Cmp(high) > 0 {
		return errRange
	}
	switch out.Kind {
	case vec.I64:
		out.I64[i] = x.Int64()
	case vec.U64:
		out.U64[i] = x.Uint64()
	case vec.I128:
		y, ok := vec.Int128FromBig(x)
		if !ok {
			return errRange
		}
		out.I128[i] = y
	case vec.Invalid, vec.Bool, vec.I32, vec.F64, vec.Bytes:
		return errIncompatible
	}
	return nil
}

func pow10(n uint8) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func integerBounds(t mysqltype.Type) (low, high *big.Int) {
	bits := uint(64)
	switch t.ID {
	case mysqltype.TinyInt:
		bits = 8
	case mysqltype.SmallInt:
		bits = 16
	case mysqltype.MediumInt:
		bits = 24
	case mysqltype.Int:
		bits = 32
	case mysqltype.Year:
		return big.NewInt(0), big.NewInt(2155)
	}
	one := big.NewInt(1)
	if t.Unsigned {
		return new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, bits), one)
	}
	half := new(big.Int).Lsh(one, bits-1)
	return new(big.Int).Neg(half), new(big.Int).Sub(half, one)
}

// hivePartitionNull is what writers put where a partition's value is NULL.
const hivePartitionNull = "__HIVE_DEFAULT_PARTITION__"

// partitions returns the key=value folders of a key, names in lower case.
func partitions(key string) map[string]string {
	segments := strings.Split(key, "/")
	var out map[string]string
	for _, s := range segments[:len(segments)-1] {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			continue
		}
		if v, err := url.PathUnescape(value); err == nil {
			value = v
		}
		if out == nil {
			out = make(map[string]string)
		}
		out[strings.ToLower(name)] = value
	}
	return out
}

// partitionValue reads a partition's text as a physical value of t.
func partitionValue(text string, t mysqltype.Type) (any, error) {
	if text == hivePartitionNull {
		return nil, nil
	}
	switch {
	case t.IsString():
		return text, nil
	case t.ID == mysqltype.Bool:
		return strconv.ParseBool(text)
	case t.IsInteger() && t.Unsigned:
		return strconv.ParseUint(text, 10, 64)
	case t.IsInteger():
		return strconv.ParseInt(text, 10, 64)
	case t.ID == mysqltype.Date:
		d, err := time.Parse("2006-01-02", text)
		return int32(d.Unix() / 86400), err
	}
	return nil, fmt.Errorf("%w (a partition, not %s)", errIncompatible, t)
}
