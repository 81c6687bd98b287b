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
	loc := env.location()
	name := map[mysqltype.ID]string{mysqltype.Date: "DATE", mysqltype.Time: "TIME"}[to.ID]
	if name == "" {
		name = "datetime"
	}
	bad := func(f *frame, i int) {
		f.null(i)
		f.warn(truncated(name))
	}
	// setMoment stores a wall-clock moment.
	setMoment := func(f *frame, i int, us int64) {
		switch to.ID {
		case mysqltype.Date:
			f.out.I32[i], _ = splitDay(us)
			return
		case mysqltype.Time:
			_, us = splitDay(us)
			f.out.I64[i] = roundTo(us, to.Scale)
			return
		}
		us = roundTo(us, to.Scale)
		if !validMoment(us) {
			bad(f, i)
			return
		}
		if to.ID == mysqltype.Timestamp {
			us = utc(us, loc)
		}
		f.out.I64[i] = us
	}
	setTime := func(f *frame, i int, us int64) {
		us = roundTo(us, to.Scale)
		if us > maxTime || us < -maxTime {
			us = max(-maxTime, min(us, maxTime))
			f.warn(truncated("time"))
		}
		f.out.I64[i] = us
	}
	switch {
	case from.ID == mysqltype.Time && to.ID == mysqltype.Time:
		return func(f *frame) error {
			a := f.i64(0)
			for _, i := range f.rows() {
				setTime(f, int(i), a.At(int(i)))
			}
			return nil
		}
	case from.IsTemporal():
		return func(f *frame) error {
			if from.ID == mysqltype.Timestamp && to.ID == mysqltype.Timestamp {
				a := f.i64(0)
				for _, i := range f.rows() {
					f.out.I64[i] = roundTo(a.At(int(i)), to.Scale)
				}
				return nil
			}
			at := momentReader(f, 0, from, env)
			for _, i := range f.rows() {
				setMoment(f, int(i), at(int(i)))
			}
			return nil
		}
	case from.IsString() && from.ID != mysqltype.JSON:
		return func(f *frame) error {
			a := f.text(0)
			for _, i := range f.rows() {
				if to.ID == mysqltype.Time {
					us, ok, whole := parseTime(a.at(int(i)))
					if !ok {
						bad(f, int(i))
						continue
					}
					if !whole {
						f.warn(truncated(name))
					}
					setTime(f, int(i), us)
					continue
				}
				us, ok, whole := parseMoment(a.at(int(i)), loc)
				if !ok {
					bad(f, int(i))
					continue
				}
				if !whole {
					f.warn(truncated(name))
				}
				setMoment(f, int(i), us)
			}
			return nil
		}
	case fromExact(from) || isFloat(from):
		return func(f *frame) error {
			at := exact(f, from, env)
			if at == nil {
				at = floatNumber(f, 6)
			}
			for _, i := range f.rows() {
				v := at(int(i))
				if to.ID == mysqltype.Time {
					us, ok := numberTime(v)
					if !ok {
						bad(f, int(i))
						continue
					}
					setTime(f, int(i), us)
					continue
				}
				us, ok := numberMoment(v)
				if !ok {
					bad(f, int(i))
					continue
				}
				setMoment(f, int(i), us)
			}
			return nil
		}
	}
	return nil
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
