package eval

import (
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var (
	bigint   = mysqltype.Type{ID: mysqltype.BigInt}
	double   = mysqltype.Type{ID: mysqltype.Double}
	dateType = mysqltype.Type{ID: mysqltype.Date}
	datetime = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
	timeType = mysqltype.Type{ID: mysqltype.Time, Scale: 6}
	textType = mysqltype.Type{ID: mysqltype.VarChar}
)

// units of EXTRACT, date arithmetic and truncation.
const (
	unitMicrosecond = "microsecond"
	unitSecond      = "second"
	unitMinute      = "minute"
	unitHour        = "hour"
	unitDay         = "day"
	unitWeek        = "week"
	unitMonth       = "month"
	unitQuarter     = "quarter"
	unitYear        = "year"
)

// moment compiles e as something that has a date: a DATE, DATETIME or TIMESTAMP
// as it is, anything else converted to DATETIME.
func (c *compiler) moment(e plan.Expr) (node, mysqltype.Type, error) {
	switch t := e.Type(); t.ID {
	case mysqltype.Date, mysqltype.DateTime, mysqltype.Timestamp:
		n, err := c.compile(e)
		return n, t, err
	}
	n, err := c.as(e, datetime)
	return n, datetime, err
}

// clock compiles e as something that has a time of day.
func (c *compiler) clock(e plan.Expr) (node, mysqltype.Type, error) {
	switch t := e.Type(); t.ID {
	case mysqltype.Time, mysqltype.Date, mysqltype.DateTime, mysqltype.Timestamp:
		n, err := c.compile(e)
		return n, t, err
	}
	n, err := c.as(e, timeType)
	return n, timeType, err
}

// integerResult checks that a function of ours gives an integer of 64 bits.
func integerResult(t mysqltype.Type) error {
	if t.Kind() != vec.I64 || !t.IsInteger() {
		return internal("integer function typed %s", t)
	}
	return nil
}

// constantUnit returns the unit argument of a call.
func constantUnit(e *plan.Call, i int) (string, error) {
	v, _ := constValue(e.Args[i])
	unit, ok := v.(string)
	if !ok {
		return "", internal("%s without a constant unit", e.Func)
	}
	return unit, nil
}

// datePart returns the kernel that reads one part of a day.
func datePart(unit string, t mysqltype.Type, env *Env) kernel {
	var part func(day int32) int
	switch unit {
	case unitYear:
		return func(f *frame) error {
			at := dayReader(f, 0, t, env)
			for _, i := range f.rows() {
				y, _, _ := civil(at(int(i)))
				f.out.I64[i] = int64(y)
			}
			return nil
		}
	case unitMonth:
		return func(f *frame) error {
			at := dayReader(f, 0, t, env)
			for _, i := range f.rows() {
				_, m, _ := civil(at(int(i)))
				f.out.I64[i] = int64(m)
			}
			return nil
		}
	case unitDay, "dayofmonth":
		part = func(day int32) int { _, _, d := civil(day); return d }
	case unitQuarter:
		part = func(day int32) int { _, m, _ := civil(day); return (m + 2) / 3 }
	case "dayofweek":
		part = func(day int32) int { return (weekday(day)+1)%7 + 1 }
	case "weekday":
		part = weekday
	case "dayofyear":
		part = dayOfYear
	case "weekofyear":
		part = func(day int32) int { w, _ := newWeekMode(3).week(day); return w }
	case unitWeek:
		part = func(day int32) int { w, _ := newWeekMode(0).week(day); return w }
	case "yearweek":
		part = func(day int32) int { w, y := newWeekMode(2).week(day); return y*100 + w }
	case "to_days":
		part = func(day int32) int { return int(day - minDay) }
	case "year_month":
		part = func(day int32) int { y, m, _ := civil(day); return y*100 + m }
	default:
		return nil
	}
	return func(f *frame) error {
		at := dayReader(f, 0, t, env)
		for _, i := range f.rows() {
			f.out.I64[i] = int64(part(at(int(i))))
		}
		return nil
	}
}

// clockPart returns the kernel that reads one part, or several as one number,
// of a time. signed keeps a TIME's sign, as EXTRACT does.
func clockPart(unit string, t mysqltype.Type, env *Env, signed bool) kernel {
	withDay := false
	var part func(day int32, us int64) int64
	switch unit {
	case unitHour:
		part = func(_ int32, us int64) int64 { return us / usHour }
	case unitMinute:
		part = func(_ int32, us int64) int64 { return us / usMinute % 60 }
	case unitSecond:
		part = func(_ int32, us int64) int64 { return us / usSecond % 60 }
	case unitMicrosecond:
		part = func(_ int32, us int64) int64 { return us % usSecond }
	case "hour_minute":
		part = func(_ int32, us int64) int64 { return clockNumber(us) / 100 }
	case "hour_second":
		part = func(_ int32, us int64) int64 { return clockNumber(us) }
	case "hour_microsecond":
		part = func(_ int32, us int64) int64 { return clockNumber(us)*usSecond + us%usSecond }
	case "minute_second":
		part = func(_ int32, us int64) int64 { return clockNumber(us) % 10000 }
	case "minute_microsecond":
		part = func(_ int32, us int64) int64 { return clockNumber(us)%10000*usSecond + us%usSecond }
	case "second_microsecond":
		part = func(_ int32, us int64) int64 { return us % usMinute }
	case "time_to_sec":
		part = func(_ int32, us int64) int64 { return us / usSecond }
	case "day_hour":
		withDay, part = true, func(d int32, us int64) int64 { return int64(d)*100 + us/usHour }
	case "day_minute":
		withDay, part = true, func(d int32, us int64) int64 { return int64(d)*10000 + clockNumber(us)/100 }
	case "day_second":
		withDay, part = true, func(d int32, us int64) int64 { return int64(d)*1000000 + clockNumber(us) }
	case "day_microsecond":
		withDay, part = true, func(d int32, us int64) int64 {
			return (int64(d)*1000000+clockNumber(us))*usSecond + us%usSecond
		}
	default:
		return nil
	}
	return func(f *frame) error {
		if t.ID == mysqltype.Time {
			a := f.i64(0)
			for _, i := range f.rows() {
				us := a.At(int(i))
				neg := us < 0
				if neg {
					us = -us
				}
				var d int32
				if withDay {
					d, us = int32(us/usDay), us%usDay
				}
				x := part(d, us)
				if neg && signed {
					x = -x
				}
				f.out.I64[i] = x
			}
			return nil
		}
		at := momentReader(f, 0, t, env)
		for _, i := range f.rows() {
			day, us := splitDay(at(int(i)))
			_, _, d := civil(day)
			f.out.I64[i] = part(int32(d), us)
		}
		return nil
	}
}

func clockNumber(us int64) int64 {
	return us/usHour*10000 + us/usMinute%60*100 + us/usSecond%60
}

// compileExtract is EXTRACT(unit FROM value).
func (c *compiler) compileExtract(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	unit, err := constantUnit(e, 0)
	if err != nil {
		return nil, err
	}
	return c.part(unit, e.Args[1], e.T, true)
}

// part compiles a part of a date or time, whichever the unit asks for.
func (c *compiler) part(unit string, arg plan.Expr, t mysqltype.Type, signed bool) (node, error) {
	if err := integerResult(t); err != nil {
		return nil, err
	}
	if datePart(unit, dateType, c.env) != nil {
		n, from, err := c.moment(arg)
		if err != nil {
			return nil, err
		}
		return call(t, datePart(unit, from, c.env), n), nil
	}
	if clockPart(unit, timeType, c.env, signed) == nil {
		return nil, mysqlerr.Unsupported("unit " + unit)
	}
	n, from, err := c.clock(arg)
	if err != nil {
		return nil, err
	}
	return call(t, clockPart(unit, from, c.env, signed), n), nil
}
