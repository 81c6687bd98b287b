package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// disturbed is a source whose readers call disturb before each batch.
type disturbed struct {
	*source
	disturb func() error
}

func (d *disturbed) Pin(context.Context) (connectors.Snapshot, error) { return d, nil }
func (d *disturbed) Splits(ctx context.Context, req connectors.Request) ([]connectors.Split, error) {
	s, err := d.source.Splits(ctx, req)
	for i := range s {
		s[i] = disturbedSplit{s[i], d.disturb}
	}
	return s, err
}

type disturbedSplit struct {
	connectors.Split
	disturb func() error
}

func (d disturbedSplit) Open(ctx context.Context) (vec.Reader, error) {
	r, err := d.Split.Open(ctx)
	return disturbedReader{r, d.disturb}, err
}

type disturbedReader struct {
	vec.Reader
	disturb func() error
}

func (d disturbedReader) Next(ctx context.Context) (*vec.Batch, error) {
	if err := d.disturb(); err != nil {
		return nil, err
	}
	return d.Reader.Next(ctx)
}

// workloads are plans that between them use every operator.
func workloads(s shape, rng *rand.Rand, disturb func() error) map[string]plan.Node {
	left := newTable(1, typeInt, typeText, typeDouble).fill(rng, 300, 40)
	right := newTable(10, typeInt, typeText, typeDouble).fill(rng, 200, 40)
	scan := func(t *table) plan.Node {
		n := t.scan(s)
		if disturb != nil {
			n.Source = &disturbed{n.Source.(*source), disturb}
		}
		return n
	}
	out := map[string]plan.Node{
		"sort": &plan.Sort{Input: scan(left), Keys: sortKeysOf(left.cols, []order{{1, true}, {0, false}})},
		"top":  &plan.TopN{Input: scan(left), Keys: sortKeysOf(left.cols, []order{{1, true}}), Count: 20},
		"aggregate": &plan.Aggregate{Input: scan(left), GroupBy: refs(left.cols[:2]), Cols: newTable(30, typeInt, typeText, typeInt, typeDouble, typeText, typeText, typeText).cols,
			Aggs: []plan.Agg{
				{Func: "count", Distinct: true, Args: refs(left.cols[2:]), T: typeInt},
				{Func: "avg", Args: refs(left.cols[2:]), T: typeDouble},
				{Func: "max", Args: refs(left.cols[1:2]), T: typeText},
				{Func: "any_value", Args: refs(left.cols[1:2]), T: typeText},
				{Func: "group_concat", Args: refs(left.cols[1:2]), Distinct: true, OrderBy: sortKeysOf(left.cols, []order{{1, true}}), T: typeText},
			}},
		"set":   &plan.SetOp{Kind: plan.ExceptAll, Ins: []plan.Node{scan(left), scan(right)}, Cols: newTable(30, typeInt, typeText, typeDouble).cols},
		"limit": &plan.Limit{Input: scan(left), Offset: 10, Count: 30},
		"one":   &plan.MaxOneRow{Input: &plan.Limit{Input: scan(left), Count: 1}},
	}
	for _, kind := range joinKinds[:6] {
		n := &plan.Join{Kind: kind, Left: scan(left), Right: scan(right), Mark: plan.Column{ID: 99, Type: typeBool},
			Equal: []plan.EqualPair{{Left: left.cols[1].Ref(), Right: right.cols[1].Ref()}},
			On:    call(plan.OpLt, typeBool, left.cols[0].Ref(), right.cols[0].Ref())}
		out[kind.String()] = n
		m := *n
		m.Equal = nil
		out[kind.String()+"/loop"] = &m
	}
	def := &plan.SharedDef{Plan: out["aggregate"].(*plan.Aggregate)}
	a, b := newTable(50, typeInt, typeText, typeInt, typeDouble, typeText, typeText, typeText), newTable(60, typeInt, typeText, typeInt, typeDouble, typeText, typeText, typeText)
	out["shared"] = &plan.Sort{Keys: sortKeysOf(a.cols, []order{{1, false}}), Input: &plan.Join{
		Left: &plan.Shared{Def: def, Cols: a.cols}, Right: &plan.Shared{Def: def, Cols: b.cols},
		Equal: []plan.EqualPair{{Left: a.cols[1].Ref(), Right: b.cols[1].Ref()}}}}
	return out
}

var disturbances = []shape{{2, 16, 3, 1}, {5, 16, 6, 4}}

// Wherever the budget ends, a query fails with that and leaves nothing behind.
func TestBudget(t *testing.T) {
	for _, s := range disturbances {
		for name := range workloads(s, newRand(1), nil) {
			budget := &vec.Budget{}
			if _, err := runWithin(context.Background(), workloads(s, newRand(1), nil)[name], s, budget); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			peak := budget.Peak()
			for i := range int64(12) {
				budget := &vec.Budget{Limit: 1 + peak*i/12}
				_, err := runWithin(context.Background(), workloads(s, newRand(1), nil)[name], s, budget)
				if err != nil && !errors.Is(err, vec.ErrBudget) {
					t.Fatalf("%s of %d: %v (%v)", name, budget.Limit, err, mysqlerr.From(err).Unwrap())
				}
				if err == nil && s.workers == 1 {
					t.Fatalf("%s needs %d bytes but ran within %d", name, peak, budget.Limit)
				}
				if budget.Used() != 0 {
					t.Fatalf("%s of %d: %d bytes are still reserved", name, budget.Limit, budget.Used())
				}
			}
		}
	}
}

// A reservation fails after any batch, as if others had taken the budget.
func TestBudgetTakenByOthers(t *testing.T) {
	for _, s := range disturbances {
		for name := range workloads(s, newRand(1), nil) {
			for _, after := range []int64{0, 1, 2, 5, 9, 14, 20, 30} {
				budget := &vec.Budget{Limit: 1 << 40}
				var calls, hogged atomic.Int64
				root := workloads(s, newRand(1), func() error {
					if n := budget.Limit - budget.Used(); calls.Add(1) == after && budget.Reserve(n) == nil {
						hogged.Store(n)
					}
					return nil
				})[name]
				_, err := runWithin(context.Background(), root, s, budget)
				if err != nil && !errors.Is(err, vec.ErrBudget) {
					t.Fatalf("%s after %d: %v (%v)", name, after, err, mysqlerr.From(err).Unwrap())
				}
				if budget.Used() != hogged.Load() {
					t.Fatalf("%s after %d: %d bytes are still reserved", name, after, budget.Used()-hogged.Load())
				}
			}
		}
	}
}

func TestFailuresEndCleanly(t *testing.T) {
	errSource := errors.New("source")
	errEnded := errors.New("ended")
	for _, s := range disturbances {
		for name := range workloads(s, newRand(1), nil) {
			for _, after := range []int64{0, 1, 2, 5, 9, 14, 20, 30} {
				for kind, want := range map[string]error{"error": errSource, "cancel": errEnded, "panic": mysqlerr.Internal(nil)} {
					ctx, cancel := context.WithCancelCause(context.Background())
					var calls atomic.Int64
					var happened atomic.Bool
					root := workloads(s, newRand(1), func() error {
						if calls.Add(1) != after+1 {
							return nil
						}
						happened.Store(true)
						switch kind {
						case "error":
							return errSource
						case "cancel":
							cancel(errEnded)
							return nil
						}
						panic("a reader's fault")
					})[name]
					budget := &vec.Budget{}
					_, err := runWithin(ctx, root, s, budget)
					cancel(nil)
					// A limit may have been satisfied by then.
					if err != nil && !errors.Is(err, want) || err == nil && happened.Load() && kind != "cancel" && name != "limit" && name != "one" {
						t.Fatalf("%s of %s after %d: %v", kind, name, after, err)
					}
					if budget.Used() != 0 {
						t.Fatalf("%s of %s after %d: %d bytes are still reserved", kind, name, after, budget.Used())
					}
				}
			}
		}
	}
}

// Close may come at any time, also before the first row.
func TestCloseEarly(t *testing.T) {
	for _, s := range disturbances {
		for name := range workloads(s, newRand(1), nil) {
			for pulls := range 4 {
				budget := &vec.Budget{}
				r, err := Run(context.Background(), workloads(s, newRand(1), nil)[name], options(s, budget))
				if err != nil {
					t.Fatal(err)
				}
				for range pulls {
					if _, err := r.Next(context.Background()); err != nil {
						break
					}
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := r.Next(context.Background()); err == nil {
					t.Fatal("a closed result gives rows")
				}
				if budget.Used() != 0 {
					t.Fatalf("%s after %d batches: %d bytes are still reserved", name, pulls, budget.Used())
				}
			}
		}
	}
}

// A limit stops its input without reading it to the end.
func TestLimitStopsItsInput(t *testing.T) {
	for _, workers := range []int{1, 4} {
		s := shape{1, 10, 4, workers}
		tab := newTable(1, typeInt).fill(newRand(1), 10000, 9)
		var calls atomic.Int64
		n := tab.scan(s)
		n.Source = &disturbed{n.Source.(*source), func() error { calls.Add(1); return nil }}
		if _, err := run(t, &plan.Limit{Input: n, Count: 5}, s); err != nil {
			t.Fatal(err)
		}
		if c := calls.Load(); c > 50 {
			t.Fatal(fmt.Sprint(c, " batches were read for a limit of 5"))
		}
	}
}

// The call's context ends the call; the run's ends the query.
func TestNextHonoursItsContext(t *testing.T) {
	for _, s := range disturbances {
		tab := newTable(1, typeInt).fill(newRand(1), 1000, 9)
		r, err := Run(context.Background(), tab.scan(s), options(s, nil))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
