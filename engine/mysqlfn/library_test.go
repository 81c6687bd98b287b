package mysqlfn

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func TestAllowListIsSorted(t *testing.T) {
	if !slices.IsSortedFunc(functions, func(a, b Function) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("functions.go is not sorted by name")
	}
}

func TestFunctionsThatReachOutsideDoNotExist(t *testing.T) {
	for _, name := range []string{"load_file", "sleep", "benchmark", "get_lock", "release_lock", "release_all_locks",
		"is_free_lock", "is_used_lock", "master_pos_wait", "uuid_short", "extractvalue", "updatexml", "nosuch"} {
		_, err := New().Resolve(name, nil)
		if e := mysqlerr.From(err); e.Code != 1305 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestArgumentCounts(t *testing.T) {
	for _, f := range functions {
		for _, n := range []int{f.Min - 1, f.Max + 1} {
			if n < 0 || n > many {
				continue
			}
			_, err := New().Resolve(f.Name, make([]mysqltype.Type, n))
			if !errors.Is(err, mysqlerr.WrongArguments(f.Name)) {
				t.Errorf("%s of %d arguments: %v", f.Name, n, err)
			}
		}
	}
}

func TestResultTypes(t *testing.T) {
	dec := func(p, s uint8) mysqltype.Type {
		return mysqltype.Type{ID: mysqltype.Decimal, Precision: p, Scale: s}
	}
	varchar := mysqltype.Type{ID: mysqltype.VarChar, Length: 10}
	for _, c := range []struct {
		name string
		args []mysqltype.Type
		want string
	}{
		{"abs", []mysqltype.Type{of(mysqltype.Int)}, "bigint"},
		{"abs", []mysqltype.Type{dec(10, 2)}, "decimal(10,2)"},
		{"abs", []mysqltype.Type{varchar}, "double"},
		{"floor", []mysqltype.Type{dec(10, 2)}, "bigint"},
		{"floor", []mysqltype.Type{dec(38, 2)}, "decimal(37,0)"},
		{"round", []mysqltype.Type{dec(10, 2)}, "decimal(9,0)"},
		{"concat", []mysqltype.Type{varchar, of(mysqltype.Int)}, "varchar(21)"},
		{"left", []mysqltype.Type{varchar, of(mysqltype.Int)}, "varchar(10)"},
		{"greatest", []mysqltype.Type{of(mysqltype.Int), dec(5, 3)}, "decimal(13,3)"},
		{"year", []mysqltype.Type{of(mysqltype.Date)}, "bigint"},
		{"sqrt", []mysqltype.Type{dec(10, 2)}, "double"},
	} {
		got, err := New().Resolve(c.name, c.args)
		if err != nil || got.String() != c.want {
			t.Errorf("%s%v: %v (%v), want %s", c.name, c.args, got, err, c.want)
		}
	}
}

func TestRefine(t *testing.T) {
	l := New()
	p := mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 4}
	args := []plan.Expr{&plan.ColumnRef{T: p}, &plan.Const{Value: int64(2), T: of(mysqltype.BigInt)}}
	if got := l.Refine("round", args, p); got.String() != "decimal(9,2)" {
		t.Error("round", got)
	}
	for format, want := range map[string]string{"%Y-%m-%d": "date", "%H:%i": "time", "%Y %T": "datetime", "%T.%f": "time(6)"} {
		args[1] = &plan.Const{Value: format, T: of(mysqltype.VarChar)}
		if got := l.Refine("str_to_date", args, p); got.String() != want {
			t.Error(format, got)
		}
	}
}
