package eval

import (
	"strings"
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var microDecimal = mysqltype.Type{ID: mysqltype.Decimal, Precision: 26, Scale: 6}

// compileMake compiles functions that make dates and times of numbers, and back.
func (c *compiler) compileMake(e *plan.Call) (node, error) {
	switch e.Func {
	case "from_days":
		return c.integers(e, 1, mysqltype.Date, func(f *frame, i int, n ...int64) bool {
			if n[0] < 366 || n[0] > int64(maxDay-minDay) {
				return false
			}
			f.out.I32[i] = minDay + int32(n[0])
			return true
		})
	case "makedate":
		return c.integers(e, 2, mysqltype.Date, func(f *frame, i int, n ...int64) bool {
			y, day := n[0], n[1]
			if y < 0 || y > 9999 || day < 1 || day > 4000000 {
				return false
			}
			if y < 100 {
				y = int64(twoDigitYear(int(y)))
			}
			d := int64(dayOf(int(y), 1, 1)) + day - 1
			f.out.I32[i] = int32(d)
			return d <= int64(maxDay)
		})
	case "period_add":
		return c.integers(e, 2, mysqltype.BigInt, func(f *frame, i int, n ...int64) bool {
			months, ok := periodMonths(n[0])
			f.out.I64[i] = (months+n[1])/12*100 + (months+n[1])%12 + 1
			return ok && n[1] < 1e12 && n[1] > -1e12
		})
	case "period_diff":
		return c.integers(e, 2, mysqltype.BigInt, func(f *frame, i int, n ...int64) bool {
			a, ok1 := periodMonths(n[0])
			b, ok2 := periodMonths(n[1])
			f.out.I64[i] = a - b
			return ok1 && ok2
		})
	case "maketime":
		return c.makeTime(e)
	case "sec_to_time":
		return c.secToTime(e)
	case "from_unixtime":
		return c.fromUnixTime(e)
	}
	return c.unixTimestamp(e)
}

// periodMonths reads YYMM or YYYYMM as months.
func periodMonths(p int64) (int64, bool) {
	if p < 1 || p > 999912 || p%100 < 1 || p%100 > 12 {
		return 0, false
	}
	y := p / 100
	if y < 100 {
		y = int64(twoDigitYear(int(y)))
	}
	return y*12 + p%100 - 1, true
}

// integers compiles a function of n integers; what set refuses is NULL.
func (c *compiler) integers(e *plan.Call, n int, result mysqltype.ID, set func(f *frame, i int, n ...int64) bool) (node, error) {
	if err := arity(e, n, n); err != nil {
		return nil, err
	}
	if e.T.ID != result {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	args, err := c.allAs(e.Args, bigint)
	if err != nil {
		return nil, err
	}
	x := make([]int64, n)
	return call(e.T, func(f *frame) error {
		for _, row := range f.rows() {
			i := int(row)
			for k := range x {
				x[k] = f.i64(k).At(i)
			}
			if !set(f, i, x...) {
				f.null(i)
			}
		}
		return nil
	}, args...), nil
}

func (c *compiler) makeTime(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	if e.T.ID != mysqltype.Time {
		return nil, internal("maketime giving %s", e.T)
	}
	args, err := c.allAs(e.Args[:2], bigint)
	if err != nil {
		return nil, err
	}
	sec, err := c.as(e.Args[2], microDecimal)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		hour, minute, sec := f.i64(0), f.i64(1), f.decimal(2)
		for _, row := range f.rows() {
			i := int(row)
			h, m := hour.At(i), minute.At(i)
			us, ok := sec.at(i).Int64()
			if !ok || m < 0 || m > 59 || us < 0 || us >= usMinute {
				f.null(i)
				continue
			}
			neg := h < 0
			h = min(max(h, -h), 1000)
			us = roundTo(h*usHour+m*usMinute+us, e.T.Scale)
			if us > maxTime {
				us = maxTime
				f.warn(truncated("time"))
			}
			if neg {
				us = -us
			}
			f.out.I64[i] = us
		}
		return nil
	}, append(args, sec)...), nil
}

func (c *compiler) secToTime(e *plan.Call) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	if e.T.ID != mysqltype.Time {
		return nil, internal("sec_to_time giving %s", e.T)
	}
	arg, err := c.as(e.Args[0], microDecimal)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a := f.decimal(0)
		for _, row := range f.rows() {
			i := int(row)
			x := a.at(i)
			us, ok := x.Int64()
			if !ok || us > maxTime || us < -maxTime {
				us = maxTime
				if x.IsNeg() {
					us = -us
				}
				f.warn(truncated("time"))
			}
			f.out.I64[i] = roundTo(us, e.T.Scale)
		}
		return nil
	}, arg), nil
}

// maxUnix is the last second that FROM_UNIXTIME takes.
const maxUnix = 32536771199

// fromUnixTime is FROM_UNIXTIME(seconds[, format]).
func (c *compiler) fromUnixTime(e *plan.Call) (node, error) {
	if err := arity(e, 1, 2); err != nil {
		return nil, err
	}
	if len(e.Args) == 2 {
		inner := &plan.Call{Func: e.Func, Args: e.Args[:1], T: datetime}
		return c.compileDateFormat(&plan.Call{Func: "date_format", Args: []plan.Expr{inner, e.Args[1]}, T: e.T})
	}
	if e.T.ID != mysqltype.DateTime {
		return nil, internal("from_unixtime giving %s", e.T)
	}
	arg, err := c.as(e.Args[0], microDecimal)
	if err != nil {
		return nil, err
	}
	loc := c.env.location()
	return call(e.T, func(f *frame) error {
		a := f.decimal(0)
		for _, row := range f.rows() {
			i := int(row)
			us, ok := a.at(i).Int64()
			if !ok || us < 0 || us > maxUnix*usSecond {
				f.null(i)
				continue
			}
			f.out.I64[i] = local(roundTo(us, e.T.Scale), loc)
		}
		return nil
	}, arg), nil
}

// unixTimestamp is UNIX_TIMESTAMP(x): seconds, 0 for what is before 1970.
func (c *compiler) unixTimestamp(e *plan.Call) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	arg, t, err := c.moment(e.Args[0])
	if err != nil {
		return nil, err
	}
	whole := e.T.IsInteger() && e.T.Kind() == vec.I64
	if !whole && e.T.ID != mysqltype.Decimal {
		return nil, internal("unix_timestamp giving %s", e.T)
	}
	loc := c.env.location()
	return call(e.T, func(f *frame) error {
		at := momentReader(f, 0, t, c.env)
		if t.ID == mysqltype.Timestamp {
			at = f.i64(0).At
		}
		for _, row := range f.rows() {
			i := int(row)
			us := at(i)
			if t.ID != mysqltype.Timestamp {
				us = utc(us, loc)
			}
			if us < 0 || us > maxUnix*usSecond {
				us = 0
			}
			if whole {
				f.out.I64[i] = us / usSecond
			} else {
				x, _ := vec.Int128From(us).Rescale(6, int(e.T.Scale))
				f.setDecimal(i, x)
			}
		}
		return nil
	}, arg), nil
}

// compileTimeArithmetic is ADDTIME, SUBTIME and TIMEDIFF.
func (c *compiler) compileTimeArithmetic(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	sign := int64(1)
	if e.Func != "addtime" {
		sign = -1
	}
	first, t := e.Args[0], e.Args[0].Type()
	second := timeType
	if e.Func == "timediff" {
		// Two moments, or two times; a mix is NULL.
		u := e.Args[1].Type()
		day := func(t mysqltype.Type) bool { return t.IsTemporal() && t.ID != mysqltype.Time }
		if (day(t) && u.ID == mysqltype.Time) || (day(u) && t.ID == mysqltype.Time) {
			return newConst(e.T.Kind(), nil), nil
		}
		if day(t) || day(u) {
			t, second = datetime, datetime
		}
	}
	if t.IsString() && e.T.IsString() { // a time or a moment in text: told by its length
		return c.shiftText(e, sign)
	}
	if !t.IsTemporal() {
		t = timeType
	}
	if t.ID == mysqltype.Timestamp || t.ID == mysqltype.Date {
		t = datetime
	}
	if want := e.T.ID; want != mysqltype.Time && want != mysqltype.DateTime {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	a, err := c.as(first, mysqltype.Type{ID: t.ID, Scale: 6})
	if err != nil {
		return nil, err
	}
	b, err := c.as(e.Args[1], second)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		x, y := f.i64(0), f.i64(1)
		for _, row := range f.rows() {
			i := int(row)
			us := x.At(i) + sign*y.At(i)
			if e.T.ID == mysqltype.Time {
				if us > maxTime || us < -maxTime {
					us = max(-maxTime, min(us, maxTime))
					f.warn(truncated("time"))
				}
			} else if !validMoment(us) {
				f.null(i)
				f.warn(warnDatetimeOverflow)
				continue
			}
			f.out.I64[i] = us
		}
		return nil
	}, a, b), nil
}

// shiftText is ADDTIME and SUBTIME of text, giving text.
func (c *compiler) shiftText(e *plan.Call, sign int64) (node, error) {
	a, err := c.compile(e.Args[0])
	if err != nil {
		return nil, err
	}
	b, err := c.as(e.Args[1], timeType)
	if err != nil {
		return nil, err
	}
	loc := c.env.location()
	return call(e.T, func(f *frame) error {
		x, y := f.text(0), f.i64(1)
		for _, row := range f.rows() {
			i := int(row)
			s := x.at(i)
			us, ok, _ := parseMoment(s, loc)
			moment := ok && len(s) >= 12
			if !moment {
				us, ok, _ = parseTime(s)
			}
			us += sign * y.At(i)
			if !ok || moment && !validMoment(us) {
				f.null(i)
				f.warn(truncated("time"))
				continue
			}
			digits := 0
			if us%usSecond != 0 {
				digits = 6
			}
			dst := f.str.begin(i)
			if moment {
				dst = mysqltype.AppendDateTime(dst, us, digits)
			} else {
				dst = mysqltype.AppendTime(dst, max(-maxTime, min(us, maxTime)), digits)
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, a, b), nil
}

// convertZone is CONVERT_TZ(moment, from, to); an unknown zone gives NULL.
func (c *compiler) convertZone(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	if e.T.ID != mysqltype.DateTime {
		return nil, internal("convert_tz giving %s", e.T)
	}
	arg, err := c.as(e.Args[0], datetime)
	if err != nil {
		return nil, err
	}
	zones, err := c.allAs(e.Args[1:], textType)
	if err != nil {
		return nil, err
	}
	known := make(map[string]*time.Location)
	zone := func(name []byte) *time.Location {
		loc, ok := known[string(name)]
		if !ok {
			loc = loadZone(string(name), c.env)
			if len(known) < 64 {
				known[string(name)] = loc
			}
		}
		return loc
	}
	return call(e.T, func(f *frame) error {
		a, from, to := f.i64(0), f.text(1), f.text(2)
		for _, row := range f.rows() {
			i := int(row)
			src, dst := zone(from.at(i)), zone(to.at(i))
			if src == nil || dst == nil {
				f.null(i)
				continue
			}
			us := local(utc(a.At(i), src), dst)
			if !validMoment(us) {
				f.null(i)
				continue
			}
			f.out.I64[i] = us
		}
		return nil
	}, append([]node{arg}, zones...)...), nil
}

// loadZone returns a zone by its name or offset, nil if there is none. Names
// come from the zone database only: no path and no "Local".
func loadZone(name string, env *Env) *time.Location {
	if us, ok := parseOffset([]byte(name)); ok {
		return time.FixedZone(name, int(us/usSecond))
	}
	switch {
	case strings.EqualFold(name, "SYSTEM"):
		return env.location()
	case strings.EqualFold(name, "UTC"):
		return time.UTC
	case name == "" || strings.EqualFold(name, "Local") || len(name) > 64 || strings.ContainsAny(name, ".\\"):
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return loc
}
