package governance_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// TestMaskValues runs testdata/values: `mask type=t` lists a mask, and below it
// values, one a line; what a principal sees of each is printed. The session's
// zone is not UTC, which must not show.
func TestMaskValues(t *testing.T) {
	env := &eval.Env{Location: time.FixedZone("", 5*3600+1800), Functions: mysqlfn.New()}
	datadriven.RunTest(t, "testdata/values/masks", func(t *testing.T, d *datadriven.TestData) string {
		var name string
		d.ScanArgs(t, "type", &name)
		typ, ok := valueTypes[name]
		if !ok {
			d.Fatalf(t, "unknown type %s", name)
		}
		mask, values, _ := strings.Cut(d.Input, "\n")
		r := &governance.Relation{Domain: "d", Product: "p", Columns: []governance.RelationColumn{{Name: "c", Type: typ}}}
		file := fmt.Sprintf("- {id: read, grant: select}\n- {id: mask, match: {column: c}, mask: %s}\n", strconv.Quote(mask))
		ps, diagnostics := governance.Compile(governance.CompileInput{
			Domains:   []governance.Domain{{Name: "d", Files: []governance.File{{Name: "f", Data: []byte(file)}}, Relations: []*governance.Relation{r}}},
			HashKey:   func(string) []byte { return []byte("key") },
			Functions: mysqlfn.New(),
			Fold:      func(e plan.Expr) (*plan.Const, error) { return eval.Constant(e, env) },
		})
		if len(diagnostics) > 0 {
			return diagnostics[0].String()
		}
		shown := ps.Decide(&governance.Principal{}, r, time.Unix(0, 0)).Columns[0].Mask
		var b strings.Builder
		for line := range strings.Lines(values) {
			fmt.Fprintln(&b, maskOne(shown, strings.TrimRight(line, "\n"), typ, env))
		}
		return b.String()
	})
}

var valueTypes = map[string]mysqltype.Type{
	"tinyint": {ID: mysqltype.TinyInt}, "int": {ID: mysqltype.Int}, "bigint": {ID: mysqltype.BigInt},
	"ubigint": {ID: mysqltype.BigInt, Unsigned: true}, "double": {ID: mysqltype.Double},
	"decimal": {ID: mysqltype.Decimal, Precision: 10, Scale: 2}, "wide": {ID: mysqltype.Decimal, Precision: 30, Scale: 2},
	"varchar": {ID: mysqltype.VarChar, Length: 100}, "date": {ID: mysqltype.Date},
	"datetime": {ID: mysqltype.DateTime, Scale: 6}, "timestamp": {ID: mysqltype.Timestamp, Scale: 6},
}

// maskOne computes the mask of one value and writes it as a client sees it.
func maskOne(mask plan.Expr, text string, t mysqltype.Type, env *eval.Env) string {
	value, err := parseValue(text, t)
	if err != nil {
		return err.Error()
	}
	ev, err := eval.Compile(mask, []plan.Column{{ID: 1, Name: "c", Type: t}}, env)
	if err != nil {
		return err.Error()
	}
	in := vec.NewBuilder(t.Kind())
	if err := in.Append(value); err != nil {
		return err.Error()
	}
	out, err := ev.Eval(context.Background(), vec.NewBatch(1, in.Build()))
	if err != nil {
		return err.Error()
	}
	if out.Value(0) == nil {
		return "NULL"
	}
	return string(mysqltype.AppendText(nil, mask.Type(), out, 0, time.UTC))
}

func parseValue(text string, t mysqltype.Type) (any, error) {
	if text == "NULL" {
		return nil, nil
	}
	switch t.ID {
	case mysqltype.VarChar:
		return strings.Trim(text, `"`), nil
	case mysqltype.Double:
		return strconv.ParseFloat(text, 64)
	case mysqltype.Decimal:
		cents, err := strconv.ParseFloat(text, 64)
		if t.Kind() == vec.I128 {
			return vec.Int128From(int64(math.Round(cents * 100))), err
		}
		return int64(math.Round(cents * 100)), err
	case mysqltype.Date:
		day, err := time.Parse(time.DateOnly, text)
		return int32(day.Unix() / 86400), err
	case mysqltype.DateTime, mysqltype.Timestamp:
		at, err := time.Parse(time.DateTime, text)
		return at.UnixMicro(), err
	default:
		if t.Unsigned {
			return strconv.ParseUint(text, 10, 64)
		}
		return strconv.ParseInt(text, 10, 64)
	}
}

// What policies may call is deterministic, and the engine has it.
func TestAllowedFunctions(t *testing.T) {
	library := mysqlfn.New()
	for _, name := range governance.AllowedFunctions {
		var unknown *mysqlerr.Error
		_, err := library.Resolve(name, []mysqltype.Type{{ID: mysqltype.VarChar}})
		if errors.As(err, &unknown) && unknown.Code == 1305 {
			t.Errorf("the engine has no function %s", name)
		}
		if !library.Deterministic(name) {
			t.Errorf("%s is not deterministic", name)
		}
	}
}
