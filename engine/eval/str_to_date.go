package eval

import (
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// strToDate is STR_TO_DATE(text, format): the result's type follows from a
// constant format.
func (c *compiler) strToDate(e *plan.Call) (node, error) {
	args, err := c.texts(e, 2, 2)
	if err != nil {
		return nil, err
	}
	if !e.T.IsTemporal() || e.T.ID == mysqltype.Timestamp {
		return nil, internal("str_to_date giving %s", e.T)
	}
	return call(e.T, func(f *frame) error {
		s, p := f.text(0), f.text(1)
		for _, row := range f.rows() {
			i := int(row)
			us, ok := parseFormat(s.at(i), p.at(i), e.T.ID != mysqltype.Time)
			if !ok {
				f.null(i)
				f.warn(warnWrongValue)
				continue
			}
			if e.T.ID == mysqltype.Date {
				f.out.I32[i], _ = splitDay(us)
			} else {
				f.out.I64[i] = us
			}
		}
		return nil
	}, args...), nil
}

var warnWrongValue = warning{1411, "Incorrect datetime value for function str_to_date"}

// parseFormat reads a moment (or, without day, a time) by STR_TO_DATE's
// specifiers.
func parseFormat(s, format []byte, day bool) (int64, bool) {
	p := momentParser{s: s}
	for i := 0; i < len(format); i++ {
		ch := format[i]
		p.s = skipSpace(p.s)
		switch {
		case isSpace(ch):
		case ch != '%' || i+1 == len(format):
			if !p.literal(ch) {
				return 0, false
			}
		default:
			if i++; !p.specifier(format[i]) {
				return 0, false
			}
		}
	}
	return p.moment(day)
}

// momentParser holds what is left of the text and what was read of it.
type momentParser struct {
	s                    []byte
	year, month, d, yday int
	hour, minute, second int
	micros               int64
	pm                   bool
	twelve               bool // the hour is one of twelve
}

// specifier reads what one specifier of a format stands for.
func (p *momentParser) specifier(c byte) (ok bool) {
	switch c {
	case 'Y':
		before := len(p.s)
		if p.year, ok = p.number(4); ok && before-len(p.s) <= 2 {
			p.year = twoDigitYear(p.year)
		}
	case 'y':
		p.year, ok = p.number(2)
		p.year = twoDigitYear(p.year)
	case 'm', 'c':
		p.month, ok = p.number(2)
	case 'M', 'b':
		p.month, ok = p.name(monthNames[:], c == 'b')
		p.month++
	case 'd', 'e':
		p.d, ok = p.number(2)
	case 'D':
		if p.d, ok = p.number(2); ok && len(p.s) >= 2 {
			p.s = p.s[2:]
		}
	case 'j':
		p.yday, ok = p.number(3)
	case 'H', 'k':
		p.hour, ok = p.number(2)
	case 'h', 'I', 'l':
		p.twelve = true
		p.hour, ok = p.number(2)
		ok = ok && p.hour >= 1 && p.hour <= 12
	case 'i':
		p.minute, ok = p.number(2)
	case 's', 'S':
		p.second, ok = p.number(2)
	case 'f':
		p.micros, p.s = parseFraction(append([]byte{'.'}, p.s...))
		ok = true
	case 'p':
		ok = p.half()
	case 'T':
		ok = p.clock()
	case 'r':
		if ok = p.clock(); ok {
			p.s = skipSpace(p.s)
			ok = p.half()
		}
	case 'W', 'a':
		_, ok = p.name(dayNames[:], c == 'a')
	case '%':
		ok = p.literal('%')
	}
	return ok
}

// number reads at most width digits.
func (p *momentParser) number(width int) (int, bool) {
	n := 0
	for n < len(p.s) && n < width && isDigit(p.s[n]) {
		n++
	}
	x := digits(p.s[:n])
	p.s = p.s[n:]
	return x, n > 0
}

// name reads one of names, or of their first three letters, and returns which.
func (p *momentParser) name(names []string, short bool) (int, bool) {
	for k, full := range names {
		if short {
			full = full[:3]
		}
		if len(p.s) >= len(full) && strings.EqualFold(string(p.s[:len(full)]), full) {
			p.s = p.s[len(full):]
			return k, true
		}
	}
	return 0, false
}

func (p *momentParser) literal(c byte) bool {
	if len(p.s) == 0 || p.s[0] != c {
		return false
	}
	p.s = p.s[1:]
	return true
}

// clock reads hh:mm:ss.
func (p *momentParser) clock() (ok bool) {
	if p.hour, ok = p.number(2); !ok || !p.literal(':') {
		return false
	}
	if p.minute, ok = p.number(2); !ok || !p.literal(':') {
		return false
	}
	p.second, ok = p.number(2)
	return ok
}

// half reads AM or PM.
func (p *momentParser) half() bool {
	p.twelve = true
	k, ok := p.name([]string{"AM", "PM"}, false)
	p.pm = k == 1
	return ok
}

// moment puts together what was read.
func (p *momentParser) moment(day bool) (int64, bool) {
	hour := p.hour
	if p.twelve {
		if hour > 12 {
			return 0, false
		}
		if hour %= 12; p.pm {
			hour += 12
		}
	}
	if hour > 23 || p.minute > 59 || p.second > 59 {
		return 0, false
	}
	clock := int64(hour)*usHour + int64(p.minute)*usMinute + int64(p.second)*usSecond + p.micros
	switch {
	case !day:
		return clock, true
	case p.yday > 0: // day 366 of a shorter year is the first of the next
		us := joinDay(dayOf(p.year, 1, 1)+int32(p.yday)-1, clock)
		return us, p.yday <= 366 && validMoment(us)
	case !validDate(p.year, p.month, p.d):
		return 0, false
	}
	return joinDay(dayOf(p.year, p.month, p.d), clock), true
}
