package eval

import (
	"math"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileDateAdd is DATE_ADD and DATE_SUB: value, amount, constant unit. The
// result's type says what the value is taken as.
func (c *compiler) compileDateAdd(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	unit, err := constantUnit(e, 2)
	if err != nil {
		return nil, err
	}
	step, ok := intervals[unit]
	if !ok {
		return nil, mysqlerr.Unsupported("interval unit " + unit)
	}
	sign := int64(1)
	if e.Func == plan.OpDateSub {
		sign = -1
	}
	amount, at, err := c.amount(e.Args[1], step)
	if err != nil {
		return nil, err
	}
	t := e.T
	var value node
	from := e.Args[0].Type()
	switch {
	case t.ID == mysqltype.Date, t.ID == mysqltype.Time:
		value, err = c.as(e.Args[0], mysqltype.Type{ID: t.ID, Scale: t.Scale})
		from = t
	case t.ID == mysqltype.DateTime || t.ID == mysqltype.Timestamp:
		if from.ID != mysqltype.Timestamp && from.ID != mysqltype.DateTime && from.ID != mysqltype.Date {
			from = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
		}
		value, err = c.as(e.Args[0], from)
	default:
		return nil, internal("%s of %s giving %s", e.Func, from, t)
	}
	if err != nil {
		return nil, err
	}
	add := &dateAdd{from: from, to: t, step: step, sign: sign, amount: at, env: c.env}
	return call(t, add.kernel, value, amount), nil
}

// interval is what an amount of a unit means.
type interval struct {
	months int64   // per amount
	us     int64   // per amount; 0 for composite units
	parts  []int64 // µs (months for year_month) of each field of a composite unit
	micros bool    // the composite's last field is a fraction
}

var intervals = map[string]interval{
	unitMicrosecond: {us: 1}, unitSecond: {us: usSecond}, unitMinute: {us: usMinute},
	unitHour: {us: usHour}, unitDay: {us: usDay}, unitWeek: {us: 7 * usDay},
	unitMonth: {months: 1}, unitQuarter: {months: 3}, unitYear: {months: 12},
	"year_month":         {months: 1, parts: []int64{12, 1}},
	"day_hour":           {parts: []int64{usDay, usHour}},
	"day_minute":         {parts: []int64{usDay, usHour, usMinute}},
	"day_second":         {parts: []int64{usDay, usHour, usMinute, usSecond}},
	"day_microsecond":    {parts: []int64{usDay, usHour, usMinute, usSecond, 1}, micros: true},
	"hour_minute":        {parts: []int64{usHour, usMinute}},
	"hour_second":        {parts: []int64{usHour, usMinute, usSecond}},
	"hour_microsecond":   {parts: []int64{usHour, usMinute, usSecond, 1}, micros: true},
	"minute_second":      {parts: []int64{usMinute, usSecond}},
	"minute_microsecond": {parts: []int64{usMinute, usSecond, 1}, micros: true},
	"second_microsecond": {parts: []int64{usSecond, 1}, micros: true},
}

// amount compiles the amount of an interval, and returns the function that
// reads it: in months, or in µs.
func (c *compiler) amount(e plan.Expr, step interval) (node, func(f *frame) func(i int) (int64, bool), error) {
	if step.parts != nil {
		n, err := c.as(e, textType)
		return n, func(f *frame) func(int) (int64, bool) {
			a := f.text(1)
			return func(i int) (int64, bool) { return compositeAmount(a.at(i), step) }
		}, err
	}
	unit := step.us
	if step.months > 0 {
		unit = step.months
	}
	if step.us == usSecond { // the one unit that takes a fraction
		t := mysqltype.Type{ID: mysqltype.Decimal, Precision: 26, Scale: 6}
		n, err := c.as(e, t)
		return n, func(f *frame) func(int) (int64, bool) {
			a := f.decimal(1)
			return func(i int) (int64, bool) { return a.at(i).Int64() }
		}, err
	}
	n, err := c.as(e, bigint)
	return n, func(f *frame) func(int) (int64, bool) {
		a := f.i64(1)
		return func(i int) (int64, bool) { return vec.MulInt64(a.At(i), unit).Int64() }
	}, err
}

// compositeAmount reads '1 2:30' and the like: numbers separated by anything
// else, fewer than fields being the last of them.
func compositeAmount(s []byte, step interval) (int64, bool) {
	s = skipSpace(s)
	neg := false
	if len(s) > 0 && s[0] == '-' {
		neg, s = true, s[1:]
	}
	var fields [6]int64
	n, width := 0, 0
	for len(s) > 0 && n < len(step.parts) {
		for len(s) > 0 && !isDigit(s[0]) {
			s = s[1:]
		}
		if len(s) == 0 {
			break
		}
		width = 0
		for len(s) > 0 && isDigit(s[0]) {
			if fields[n] > math.MaxInt64/20 {
				return 0, false
			}
			fields[n] = fields[n]*10 + int64(s[0]-'0')
			s, width = s[1:], width+1
		}
		n++
	}
	if n == len(step.parts) && step.micros {
		for ; width < 6; width++ {
			fields[n-1] *= 10
		}
	}
	total := vec.Int128{}
	for k := range n {
		term := vec.MulInt64(fields[k], step.parts[len(step.parts)-n+k])
		total, _ = total.Add(term)
	}
	if neg {
		total = total.Neg()
	}
	return total.Int64()
}

// dateAdd adds an interval to a value.
type dateAdd struct {
	from, to mysqltype.Type
	step     interval
	sign     int64
	amount   func(f *frame) func(i int) (int64, bool)
	env      *Env
}

func (d *dateAdd) kernel(f *frame) error {
	amount := d.amount(f)
	switch {
	case d.from.ID == mysqltype.Time:
		a := f.i64(0)
		for _, row := range f.rows() {
			i := int(row)
			n, ok := amount(i)
			us := a.At(i) + d.sign*n
			if !ok || d.step.months > 0 || n > 2*maxTime || n < -2*maxTime || us > maxTime || us < -maxTime {
				d.overflow(f, i)
				continue
			}
			f.out.I64[i] = us
		}
		return nil
	case d.from.ID == mysqltype.Date && d.to.ID == mysqltype.Date:
		a := f.i32(0)
		for _, row := range f.rows() {
			i := int(row)
			n, ok := amount(i)
			us, fits := d.add(int64(a.At(i))*usDay, n, ok)
			if !fits {
				d.overflow(f, i)
				continue
			}
			f.out.I32[i], _ = splitDay(us)
		}
		return nil
	}
	at, loc := momentReader(f, 0, d.from, d.env), d.env.location()
	for _, row := range f.rows() {
		i := int(row)
		n, ok := amount(i)
		us, fits := d.add(at(i), n, ok)
		if !fits {
			d.overflow(f, i)
			continue
		}
		if d.to.ID == mysqltype.Timestamp {
			us = utc(us, loc)
		}
		f.out.I64[i] = us
	}
	return nil
}

func (d *dateAdd) overflow(f *frame, i int) {
	f.null(i)
	f.warn(warnDatetimeOverflow)
}

// add returns us and n months or µs later, and whether that is a DATETIME.
func (d *dateAdd) add(us, n int64, ok bool) (int64, bool) {
	if !ok || n == math.MinInt64 {
		return 0, false
	}
	n *= d.sign
	if d.step.months > 0 {
		return addMonths(us, n)
	}
	sum := us + n
	if (us^sum)&(n^sum) < 0 {
		return 0, false
	}
	return sum, validMoment(sum)
}

// addMonths keeps the day of the month, or takes the month's last.
func addMonths(us, n int64) (int64, bool) {
	day, rest := splitDay(us)
	y, m, dom := civil(day)
	if n > 120000 || n < -120000 {
		return 0, false
	}
	months := int64(y)*12 + int64(m) - 1 + n
	if months < 0 || months >= 120000 {
		return 0, false
	}
	y, m = int(months/12), int(months%12)+1
	return joinDay(dayOf(y, m, min(dom, daysInMonth(y, m))), rest), true
}
