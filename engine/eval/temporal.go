package eval

import (
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// local returns a TIMESTAMP's µs as the session's wall clock shows it.
func local(us int64, loc *time.Location) int64 {
	if loc == time.UTC {
		return us
	}
	_, offset := time.UnixMicro(us).In(loc).Zone()
	return us + int64(offset)*usSecond
}

// utc returns the TIMESTAMP that the session's wall clock shows as us. A moment
// that a change of the clock skips is the change; one that occurs twice is the
// first.
func utc(us int64, loc *time.Location) int64 {
	if loc == time.UTC {
		return us
	}
	_, before := time.UnixMicro(us - usDay).In(loc).Zone()
	_, after := time.UnixMicro(us + usDay).In(loc).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} {
		t := us - int64(offset)*usSecond
		if local(t, loc) == us {
			return t
		}
	}
	return us - int64(before)*usSecond
}

// momentReader returns the function that reads row i of a temporal argument as a
// wall-clock DATETIME. A TIME is that time of the current day.
func momentReader(f *frame, arg int, t mysqltype.Type, env *Env) func(i int) int64 {
	loc := env.location()
	switch t.ID {
	case mysqltype.Date:
		a := f.i32(arg)
		return func(i int) int64 { return int64(a.At(i)) * usDay }
	case mysqltype.Timestamp:
		a := f.i64(arg)
		if loc == time.UTC {
			return a.At
		}
		return func(i int) int64 { return local(a.At(i), loc) }
	case mysqltype.Time:
		a := f.i64(arg)
		today, _ := splitDay(local(env.Now.UnixMicro(), loc))
		return func(i int) int64 { return joinDay(today, 0) + a.At(i) }
	}
	return f.i64(arg).At
}

// dayReader is momentReader for the day only.
func dayReader(f *frame, arg int, t mysqltype.Type, env *Env) func(i int) int32 {
	if t.ID == mysqltype.Date {
		return f.i32(arg).At
	}
	at := momentReader(f, arg, t, env)
	return func(i int) int32 {
		d, _ := splitDay(at(i))
		return d
	}
}

// temporalNumber returns the function that reads a temporal argument as MySQL's
// number for it: 20240131, 20240131235959 or 235959, with its fraction.
func temporalNumber(f *frame, t mysqltype.Type, env *Env) func(i int) number {
	scale := int(t.Scale)
	if t.ID == mysqltype.Date {
		a := f.i32(0)
		return func(i int) number { return number{x: vec.Int128From(dateNumber(a.At(i)))} }
	}
	whole := func(seconds, us int64) number { // seconds as a number, and µs
		p, _ := vec.Pow10Int64(scale)
		x := vec.MulInt64(seconds, p)
		x, _ = x.Add(vec.Int128From(us / fraction(uint8(scale))))
		return number{x, scale}
	}
	if t.ID == mysqltype.Time {
		a := f.i64(0)
		return func(i int) number {
			us := a.At(i)
			neg := us < 0
			if neg {
				us = -us
			}
			n := whole(us/usHour*10000+us/usMinute%60*100+us/usSecond%60, us%usSecond)
			if neg {
				n.x = n.x.Neg()
			}
			return n
		}
	}
	at := momentReader(f, 0, t, env)
	return func(i int) number {
		day, us := splitDay(at(i))
		return whole(dateNumber(day)*1000000+us/usHour*10000+us/usMinute%60*100+us/usSecond%60, us%usSecond)
	}
}

func dateNumber(day int32) int64 {
	y, m, d := civil(day)
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// castTemporal converts to DATE, TIME, DATETIME and TIMESTAMP.
func castTemporal(from, to mysqltype.Type, env *Env) kernel {
	c := &temporalCast{from: from, to: to, env: env, loc: env.location(), name: "datetime"}
	switch to.ID {
	case mysqltype.Date:
		c.name = "DATE"
	case mysqltype.Time:
		c.name = "TIME"
	}
	switch {
	case from.ID == to.ID && (to.ID == mysqltype.Time || to.ID == mysqltype.Timestamp):
		return c.same
	case from.IsTemporal():
		return c.moments
	case from.IsString() && from.ID != mysqltype.JSON:
		return c.texts
	case fromExact(from) || isFloat(from):
		return c.numbers
	}
	return nil
}

// temporalCast converts values of one type to one temporal type.
type temporalCast struct {
	from, to mysqltype.Type
	env      *Env
	loc      *time.Location
	name     string // of to, in warnings
}

func (c *temporalCast) same(f *frame) error {
	a := f.i64(0)
	for _, row := range f.rows() {
		i := int(row)
		if c.to.ID == mysqltype.Time {
			c.setTime(f, i, a.At(i))
		} else {
			f.out.I64[i] = roundTo(a.At(i), c.to.Scale)
		}
	}
	return nil
}

func (c *temporalCast) moments(f *frame) error {
	at := momentReader(f, 0, c.from, c.env)
	for _, row := range f.rows() {
		c.setMoment(f, int(row), at(int(row)))
	}
	return nil
}

func (c *temporalCast) texts(f *frame) error {
	a := f.text(0)
	for _, row := range f.rows() {
		i := int(row)
		var us int64
		var ok, whole bool
		if c.to.ID == mysqltype.Time {
			us, ok, whole = parseTime(a.at(i))
		} else {
			us, ok, whole = parseMoment(a.at(i), c.loc)
		}
		if ok && !whole {
			f.warn(truncated(c.name))
		}
		c.set(f, i, us, ok)
	}
	return nil
}

func (c *temporalCast) numbers(f *frame) error {
	at := exact(f, c.from, c.env)
	if at == nil {
		at = floatNumber(f, 6)
	}
	read := numberMoment
	if c.to.ID == mysqltype.Time {
		read = numberTime
	}
	for _, row := range f.rows() {
		us, ok := read(at(int(row)))
		c.set(f, int(row), us, ok)
	}
	return nil
}

// set stores what was read as a value of the type, NULL and a warning if it is
// none.
func (c *temporalCast) set(f *frame, i int, us int64, ok bool) {
	switch {
	case !ok:
		c.bad(f, i)
	case c.to.ID == mysqltype.Time:
		c.setTime(f, i, us)
	default:
		c.setMoment(f, i, us)
	}
}

func (c *temporalCast) bad(f *frame, i int) {
	f.null(i)
	f.warn(truncated(c.name))
}

// setMoment stores a wall-clock moment.
func (c *temporalCast) setMoment(f *frame, i int, us int64) {
	switch c.to.ID {
	case mysqltype.Date:
		f.out.I32[i], _ = splitDay(us)
		return
	case mysqltype.Time:
		_, us = splitDay(us)
		f.out.I64[i] = roundTo(us, c.to.Scale)
		return
	}
	us = roundTo(us, c.to.Scale)
	if !validMoment(us) {
		c.bad(f, i)
		return
	}
	if c.to.ID == mysqltype.Timestamp {
		us = utc(us, c.loc)
	}
	f.out.I64[i] = us
}

func (c *temporalCast) setTime(f *frame, i int, us int64) {
	us = roundTo(us, c.to.Scale)
	if us > maxTime || us < -maxTime {
		us = max(-maxTime, min(us, maxTime))
		f.warn(truncated("time"))
	}
	f.out.I64[i] = us
}

// floatNumber returns the function that reads a float argument as an exact
// number of at most scale digits after the point.
func floatNumber(f *frame, scale int) func(i int) number {
	a := f.f64(0)
	var buf []byte
	return func(i int) number {
		buf = appendShortest(buf[:0], a.At(i), false)
		v, _, _ := parseDecimal(buf, scale)
		return v
	}
}
