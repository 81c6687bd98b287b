package eval

import (
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileDate compiles the functions of dates and times; nil if e is none.
func (c *compiler) compileDate(e *plan.Call) (node, error) {
	switch e.Func {
	case plan.OpDateAdd, plan.OpDateSub:
		return c.compileDateAdd(e)
	case plan.OpExtract:
		return c.compileExtract(e)
	case "year", "month", "day", "dayofmonth", "quarter", "dayofweek", "weekday", "dayofyear", "weekofyear", "to_days",
		"hour", "minute", "second", "microsecond", "time_to_sec":
		if err := arity(e, 1, 1); err != nil {
			return nil, err
		}
		return c.part(e.Func, e.Args[0], e.T, e.Func == "time_to_sec")
	case "week", "yearweek":
		return c.week(e)
	case "to_seconds":
		return c.moments(e, 1, func(f *frame, i int, us ...int64) {
			f.out.I64[i] = (us[0] - int64(minDay)*usDay) / usSecond
		})
	case "datediff":
		return c.moments(e, 2, func(f *frame, i int, us ...int64) {
			a, _ := splitDay(us[0])
			b, _ := splitDay(us[1])
			f.out.I64[i] = int64(a) - int64(b)
		})
	case "timestampdiff":
		return c.timestampDiff(e)
	case "date", "time", "timestamp":
		return c.castFunction(e)
	case "last_day":
		return c.days(e, func(f *frame, i int, day int32) {
			y, m, _ := civil(day)
			f.out.I32[i] = dayOf(y, m, daysInMonth(y, m))
		})
	case "from_days", "makedate", "maketime", "sec_to_time", "from_unixtime", "unix_timestamp", "period_add", "period_diff":
		return c.compileMake(e)
	case "addtime", "subtime", "timediff":
		return c.compileTimeArithmetic(e)
	case "convert_tz":
		return c.convertZone(e)
	case "date_format", "time_format", "dayname", "monthname":
		return c.compileDateFormat(e)
	case "str_to_date":
		return c.strToDate(e)
	case "truncate_date":
		return c.truncateDate(e)
	}
	return nil, nil
}

// moments compiles a function of n moments that gives an integer.
func (c *compiler) moments(e *plan.Call, n int, set func(f *frame, i int, us ...int64)) (node, error) {
	if err := arity(e, n, n); err != nil {
		return nil, err
	}
	if err := integerResult(e.T); err != nil {
		return nil, err
	}
	args, types := make([]node, n), make([]mysqltype.Type, n)
	for k, a := range e.Args {
		var err error
		if args[k], types[k], err = c.moment(a); err != nil {
			return nil, err
		}
	}
	us := make([]int64, n)
	return call(e.T, func(f *frame) error {
		readers := make([]func(int) int64, n)
		for k := range readers {
			readers[k] = momentReader(f, k, types[k], c.env)
		}
		for _, i := range f.rows() {
			for k, at := range readers {
				us[k] = at(int(i))
			}
			set(f, int(i), us...)
		}
		return nil
	}, args...), nil
}

// days compiles a function from one day to another.
func (c *compiler) days(e *plan.Call, set func(f *frame, i int, day int32)) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	if e.T.ID != mysqltype.Date {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	arg, t, err := c.moment(e.Args[0])
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		at := dayReader(f, 0, t, c.env)
		for _, i := range f.rows() {
			set(f, int(i), at(int(i)))
		}
		return nil
	}, arg), nil
}

// castFunction is DATE(x), TIME(x), TIMESTAMP(x) and TIMESTAMP(x, time).
func (c *compiler) castFunction(e *plan.Call) (node, error) {
	if len(e.Args) == 2 && e.Func == "timestamp" {
		first := &plan.Cast{Arg: e.Args[0], T: datetime, Implicit: true}
		return c.compileTimeArithmetic(&plan.Call{Func: "addtime", Args: []plan.Expr{first, e.Args[1]}, T: e.T})
	}
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	if want := map[string]mysqltype.ID{"date": mysqltype.Date, "time": mysqltype.Time, "timestamp": mysqltype.DateTime}[e.Func]; e.T.ID != want {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	return c.as(e.Args[0], e.T)
}

// week is WEEK(date[, mode]) and YEARWEEK(date[, mode]).
func (c *compiler) week(e *plan.Call) (node, error) {
	if err := arity(e, 1, 2); err != nil {
		return nil, err
	}
	if err := integerResult(e.T); err != nil {
		return nil, err
	}
	arg, t, err := c.moment(e.Args[0])
	if err != nil {
		return nil, err
	}
	var mode node = newConst(vec.I64, int64(0))
	if len(e.Args) == 2 {
		if mode, err = c.as(e.Args[1], bigint); err != nil {
			return nil, err
		}
	}
	yearweek := e.Func == "yearweek"
	return call(e.T, func(f *frame) error {
		at, mode := dayReader(f, 0, t, c.env), f.i64(1)
		for _, i := range f.rows() {
			m := newWeekMode(mode.At(int(i)))
			if yearweek {
				m.year = true
			}
			week, year := m.week(at(int(i)))
			if yearweek {
				week += year * 100
			}
			f.out.I64[i] = int64(week)
		}
		return nil
	}, arg, mode), nil
}

// timestampDiff is TIMESTAMPDIFF(unit, a, b): the whole units from a to b.
func (c *compiler) timestampDiff(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	unit, err := constantUnit(e, 0)
	if err != nil {
		return nil, err
	}
	step, ok := intervals[unit]
	if !ok || step.parts != nil {
		return nil, mysqlerr.Unsupported("unit " + unit)
	}
	return c.moments(&plan.Call{Func: e.Func, Args: e.Args[1:], T: e.T}, 2, func(f *frame, i int, us ...int64) {
		if step.us != 0 {
			f.out.I64[i] = (us[1] - us[0]) / step.us
			return
		}
		f.out.I64[i] = monthsBetween(us[0], us[1]) / step.months
	})
}

// monthsBetween returns the whole months from a to b, negative if b is before.
func monthsBetween(a, b int64) int64 {
	sign := int64(1)
	if b < a {
		a, b, sign = b, a, -1
	}
	dayA, restA := splitDay(a)
	dayB, restB := splitDay(b)
	y1, m1, d1 := civil(dayA)
	y2, m2, d2 := civil(dayB)
	n := int64(y2-y1)*12 + int64(m2-m1)
	if d2 < d1 || d2 == d1 && restB < restA {
		n--
	}
	return sign * n
}

// truncateDate is the mask truncate_date(unit): the start of the unit that a
// value is in. Weeks start on Monday.
func (c *compiler) truncateDate(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	unit, err := constantUnit(e, 1)
	if err != nil {
		return nil, err
	}
	start := startOf(unit)
	if start == nil {
		return nil, mysqlerr.Unsupported("unit " + unit)
	}
	arg, t, err := c.moment(e.Args[0])
	if err != nil {
		return nil, err
	}
	if e.T.Kind() != t.Kind() || e.T.ID != t.ID {
		return nil, internal("truncate_date of %s giving %s", t, e.T)
	}
	return call(e.T, func(f *frame) error {
		at, loc := momentReader(f, 0, t, c.env), c.env.location()
		for _, i := range f.rows() {
			us := start(at(int(i)))
			switch t.ID {
			case mysqltype.Date:
				f.out.I32[i], _ = splitDay(us)
			case mysqltype.Timestamp:
				f.out.I64[i] = utc(us, loc)
			default:
				f.out.I64[i] = us
			}
		}
		return nil
	}, arg), nil
}

// startOf returns the function that moves a moment to its unit's start; nil for
// a unit that has none.
func startOf(unit string) func(us int64) int64 {
	clock := func(size int64) func(int64) int64 {
		return func(us int64) int64 {
			day, rest := splitDay(us)
			return joinDay(day, rest-rest%size)
		}
	}
	days := func(first func(day int32) int32) func(int64) int64 {
		return func(us int64) int64 {
			day, _ := splitDay(us)
			return joinDay(max(minDay, first(day)), 0)
		}
	}
	switch unit {
	case unitMicrosecond:
		return clock(1)
	case unitSecond:
		return clock(usSecond)
	case unitMinute:
		return clock(usMinute)
	case unitHour:
		return clock(usHour)
	case unitDay:
		return clock(usDay)
	case unitWeek:
		return days(func(day int32) int32 { return day - int32(weekday(day)) })
	case unitMonth:
		return days(func(day int32) int32 { y, m, _ := civil(day); return dayOf(y, m, 1) })
	case unitQuarter:
		return days(func(day int32) int32 { y, m, _ := civil(day); return dayOf(y, (m-1)/3*3+1, 1) })
	case unitYear:
		return days(func(day int32) int32 { y, _, _ := civil(day); return dayOf(y, 1, 1) })
	}
	return nil
}
