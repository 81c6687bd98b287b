package naive

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/meshql/meshql/planner/plan"
)

func (in *interpreter) aggregate(n *plan.Aggregate, up *frame) ([][]any, error) {
	rows, err := in.node(n.Input, up)
	if err != nil {
		return nil, err
	}
	at := positions(n.Input.Columns())
	var order []string
	groups := map[string][][]any{}
	keys := map[string][]any{}
	if len(n.GroupBy) == 0 {
		order, groups[""] = []string{""}, nil
	}
	for _, row := range rows {
		key, err := in.exprs(n.GroupBy, &frame{at, row, up})
		if err != nil {
			return nil, err
		}
		k := rowKey(key, n.Cols)
		if _, ok := groups[k]; !ok {
			order = append(order, k)
		}
		// Of keys that are equal and differ, any may stand for the group.
		if old, ok := keys[k]; !ok || fmt.Sprint(key) < fmt.Sprint(old) {
			keys[k] = key
		}
		groups[k] = append(groups[k], row)
	}
	var out [][]any
	for _, k := range order {
		if m := n.MinGroup; m != nil {
			entities := map[string]bool{}
			for _, r := range groups[k] {
				if v := r[at[m.Entity]]; v != nil {
					entities[fmt.Sprint(v)] = true
				}
			}
			if len(entities) < m.Size {
				continue
			}
		}
		row := append([]any(nil), keys[k]...)
		for _, a := range n.Aggs {
			v, err := in.agg(a, groups[k], at, up)
			if err != nil {
				return nil, err
			}
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out, nil
}

func (in *interpreter) agg(a plan.Agg, rows [][]any, at map[plan.ColumnID]int, up *frame) (any, error) {
	if len(a.OrderBy) > 0 {
		var err error
		if rows, err = in.sorted(rows, at, a.OrderBy, up); err != nil {
			return nil, err
		}
	}
	var vals [][]any
	seen := map[string]bool{}
	for _, r := range rows {
		v, err := in.exprs(a.Args, &frame{at, r, up})
		if err != nil {
			return nil, err
		}
		null := false
		key := ""
		for i, x := range v {
			null = null || x == nil
			key += groupKey(x, a.Args[i].Type()) + "\x00"
		}
		if null && a.Func != "any_value" || a.Distinct && seen[key] {
			continue
		}
		seen[key] = true
		vals = append(vals, v)
	}
	return finish(a, vals)
}

func finish(a plan.Agg, vals [][]any) (any, error) {
	switch a.Func {
	case "count":
		return int64(len(vals)), nil
	case "bit_and", "bit_or", "bit_xor":
		return bits(a, vals), nil
	}
	if len(vals) == 0 {
		return nil, nil
	}
	arg := a.Args[0].Type()
	switch a.Func {
	case "any_value":
		return vals[0][0], nil
	case "min", "max":
		best := vals[0][0]
		for _, v := range vals[1:] {
			c := order(v[0], best, arg)
			if a.Func == "min" && c < 0 || a.Func == "max" && c > 0 || c == 0 && fmt.Sprint(v[0]) < fmt.Sprint(best) {
				best = v[0]
			}
		}
		return best, nil
	case "sum", "avg":
		sum := new(big.Rat)
		var f float64
		for _, v := range vals {
			if x, ok := v[0].(float64); ok {
				f += x
			} else {
				sum.Add(sum, number(v[0], arg))
			}
		}
		if _, ok := vals[0][0].(float64); ok {
			if a.Func == "avg" {
				f /= float64(len(vals))
			}
			return f, nil
		}
		if a.Func == "avg" {
			sum = cutOff(sum.Quo(sum, big.NewRat(int64(len(vals)), 1)), a.T)
		}
		return toType(sum, a.T)
	case "std", "stddev_samp", "var_pop", "var_samp":
		return variance(a.Func, vals), nil
	case "group_concat":
		parts := make([]string, len(vals))
		for i, v := range vals {
			for j, x := range v {
				parts[i] += text(x, a.Args[j].Type())
			}
		}
		return strings.Join(parts, a.Separator), nil
	}
	return nil, fmt.Errorf("naive: aggregate %s", a.Func)
}

func bits(a plan.Agg, vals [][]any) any {
	x := uint64(0)
	if a.Func == "bit_and" {
		x = math.MaxUint64
	}
	for _, v := range vals {
		var y uint64
		switch v := v[0].(type) {
		case int64:
			y = uint64(v)
		case uint64:
			y = v
		}
		switch a.Func {
		case "bit_and":
			x &= y
		case "bit_or":
			x |= y
		case "bit_xor":
			x ^= y
		}
	}
	if a.T.Unsigned {
		return x
	}
	return int64(x)
}

func variance(f string, vals [][]any) any {
	n, mean, m2 := 0.0, 0.0, 0.0
	for _, v := range vals {
		x := v[0].(float64)
		n++
		d := x - mean
		mean += d / n
		m2 += d * (x - mean)
	}
	switch {
	case f == "std":
		return math.Sqrt(m2 / n)
	case f == "var_pop":
		return m2 / n
	case n < 2:
		return nil
	case f == "stddev_samp":
		return math.Sqrt(m2 / (n - 1))
	}
	return m2 / (n - 1)
}
