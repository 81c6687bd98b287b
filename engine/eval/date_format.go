package eval

import (
	"strconv"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// compileDateFormat is DATE_FORMAT, TIME_FORMAT, DAYNAME and MONTHNAME.
func (c *compiler) compileDateFormat(e *plan.Call) (node, error) {
	format := map[string]string{"dayname": "%W", "monthname": "%M"}[e.Func]
	want := 2
	if format != "" {
		want = 1
	}
	if err := arity(e, want, want); err != nil {
		return nil, err
	}
	var pattern node = newConst(vec.Bytes, format)
	if want == 2 {
		var err error
		if pattern, err = c.as(e.Args[1], textType); err != nil {
			return nil, err
		}
	}
	if e.Func == "time_format" {
		arg, t, err := c.clock(e.Args[0])
		if err != nil {
			return nil, err
		}
		return call(e.T, func(f *frame) error {
			at := momentReader(f, 0, t, c.env)
			if t.ID == mysqltype.Time {
				at = f.i64(0).At
			}
			p := f.text(1)
			for _, row := range f.rows() {
				i := int(row)
				us := at(i)
				if t.ID != mysqltype.Time {
					_, us = splitDay(us)
				}
				dst, ok := appendTimeFormat(f.str.begin(i), us, p.at(i))
				if !ok {
					f.null(i)
					continue
				}
				if err := f.str.end(dst); err != nil {
					return err
				}
			}
			return nil
		}, arg, pattern), textResult(e)
	}
	arg, t, err := c.moment(e.Args[0])
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		at, p := momentReader(f, 0, t, c.env), f.text(1)
		for _, row := range f.rows() {
			i := int(row)
			if err := f.str.end(appendFormat(f.str.begin(i), at(i), p.at(i))); err != nil {
				return err
			}
		}
		return nil
	}, arg, pattern), textResult(e)
}

// appendTimeFormat formats a TIME, whose hours may be beyond a day; specifiers
// of a date give zeros or NULL.
func appendTimeFormat(dst []byte, us int64, format []byte) ([]byte, bool) {
	if us < 0 {
		dst, us = append(dst, '-'), -us
	}
	hours := us / usHour
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			dst = append(dst, format[i])
			continue
		}
		i++
		switch s := format[i]; s {
		case 'H':
			dst = appendPadded(dst, int(hours), 2)
		case 'k':
			dst = strconv.AppendInt(dst, hours, 10)
		case 'M', 'W', 'D', 'a', 'b', 'j', 'w', 'U', 'u', 'V', 'v', 'X', 'x':
			return nil, false
		case 'Y':
			dst = append(dst, "0000"...)
		case 'y', 'm', 'd':
			dst = append(dst, "00"...)
		case 'c', 'e':
			dst = append(dst, '0')
		default:
			dst = appendFormat(dst, us%usDay, []byte{'%', s})
		}
	}
	return dst, true
}

// appendFormat formats a moment by DATE_FORMAT's specifiers.
func appendFormat(dst []byte, us int64, format []byte) []byte {
	day, rest := splitDay(us)
	y, m, d := civil(day)
	hour, minute, second := int(rest/usHour), int(rest/usMinute%60), int(rest/usSecond%60)
	hour12 := (hour+11)%12 + 1
	week := func(mode int64) int { w, _ := newWeekMode(mode).week(day); return w }
	weekYear := func(mode int64) int { _, y := newWeekMode(mode).week(day); return y }
	ampm := func() string {
		if hour < 12 {
			return "AM"
		}
		return "PM"
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			dst = append(dst, format[i])
			continue
		}
		i++
		switch format[i] {
		case 'a':
			dst = append(dst, dayNames[weekday(day)][:3]...)
		case 'b':
			dst = append(dst, monthNames[m-1][:3]...)
		case 'c':
			dst = strconv.AppendInt(dst, int64(m), 10)
		case 'D':
			dst = append(strconv.AppendInt(dst, int64(d), 10), ordinal(d)...)
		case 'd':
			dst = appendPadded(dst, d, 2)
		case 'e':
			dst = strconv.AppendInt(dst, int64(d), 10)
		case 'f':
			dst = appendPadded(dst, int(rest%usSecond), 6)
		case 'H':
			dst = appendPadded(dst, hour, 2)
		case 'h', 'I':
			dst = appendPadded(dst, hour12, 2)
		case 'i':
			dst = appendPadded(dst, minute, 2)
		case 'j':
			dst = appendPadded(dst, dayOfYear(day), 3)
		case 'k':
			dst = strconv.AppendInt(dst, int64(hour), 10)
		case 'l':
			dst = strconv.AppendInt(dst, int64(hour12), 10)
		case 'M':
			dst = append(dst, monthNames[m-1]...)
		case 'm':
			dst = appendPadded(dst, m, 2)
		case 'p':
			dst = append(dst, ampm()...)
		case 'r':
			dst = appendFormat(dst, us, []byte("%h:%i:%s %p"))
		case 'S', 's':
			dst = appendPadded(dst, second, 2)
		case 'T':
			dst = appendFormat(dst, us, []byte("%H:%i:%s"))
		case 'U':
			dst = appendPadded(dst, week(0), 2)
		case 'u':
			dst = appendPadded(dst, week(1), 2)
		case 'V':
			dst = appendPadded(dst, week(2), 2)
		case 'v':
			dst = appendPadded(dst, week(3), 2)
		case 'W':
			dst = append(dst, dayNames[weekday(day)]...)
		case 'w':
			dst = strconv.AppendInt(dst, int64((weekday(day)+1)%7), 10)
		case 'X':
			dst = appendPadded(dst, weekYear(2), 4)
		case 'x':
			dst = appendPadded(dst, weekYear(3), 4)
		case 'Y':
			dst = appendPadded(dst, y, 4)
		case 'y':
			dst = appendPadded(dst, y%100, 2)
		default:
			dst = append(dst, format[i])
		}
	}
	return dst
}

func ordinal(d int) string {
	if d/10%10 != 1 {
		switch d % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}
