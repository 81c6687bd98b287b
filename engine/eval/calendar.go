package eval

// The proleptic Gregorian calendar over days since 1970-01-01 and µs.

const (
	usSecond = int64(1_000_000)
	usMinute = 60 * usSecond
	usHour   = 60 * usMinute
	usDay    = 24 * usHour

	minDay = int32(-719528) // 0000-01-01
	maxDay = int32(2932896) // 9999-12-31
	// maxTime is MySQL's greatest TIME, 838:59:59.
	maxTime = 838*usHour + 59*usMinute + 59*usSecond
)

// civil returns the date of a day, by Neri and Schneider's Euclidean affine
// functions: multiplications instead of divisions.
func civil(day int32) (year, month, d int) {
	n := 4*uint32(day+719468+146097) + 3 // since March of the year -400
	century, dayOfCentury := n/146097, n%146097/4
	p := 2939745 * uint64(4*dayOfCentury+3)
	yearOfCentury, dayOfYear := uint32(p>>32), uint32(p)/2939745/4
	m := 2141*dayOfYear + 197913
	year, month, d = int(100*century+yearOfCentury)-400, int(m>>16), int(m&0xFFFF/2141)+1
	if dayOfYear >= 306 { // January and February
		year, month = year+1, month-12
	}
	return year, month, d
}

// dayOf returns the day of a date, which need not be valid in its month.
func dayOf(year, month, d int) int32 {
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	mp := int64(month+9) % 12
	doy := (153*mp+2)/5 + int64(d) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int32(era*146097 + doe - 719468)
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysInMonth(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func dayOfYear(day int32) int {
	y, _, _ := civil(day)
	return int(day-dayOf(y, 1, 1)) + 1
}

// weekday returns 0 for Monday to 6 for Sunday.
func weekday(day int32) int {
	w := (int64(day) + 3) % 7
	if w < 0 {
		w += 7
	}
	return int(w)
}

// splitDay returns the day and the µs within it of a moment.
func splitDay(us int64) (day int32, rest int64) {
	d := us / usDay
	if rest = us - d*usDay; rest < 0 {
		d--
		rest += usDay
	}
	return int32(d), rest
}

func joinDay(day int32, rest int64) int64 { return int64(day)*usDay + rest }

// validMoment reports whether a DATETIME is within the years 0 to 9999.
func validMoment(us int64) bool {
	return us >= int64(minDay)*usDay && us < (int64(maxDay)+1)*usDay
}

// roundTo rounds µs to a number of fractional digits, half away from zero.
func roundTo(us int64, scale uint8) int64 {
	unit := fraction(scale)
	if unit == 1 {
		return us
	}
	neg := us < 0
	if neg {
		us = -us
	}
	us = (us + unit/2) / unit * unit
	if neg {
		return -us
	}
	return us
}

// fraction returns the µs of one unit of the last of scale digits.
func fraction(scale uint8) int64 {
	unit := int64(1)
	for ; scale < 6; scale++ {
		unit *= 10
	}
	return unit
}

// weekMode is the mode argument of WEEK: its bits, and what they mean.
type weekMode struct{ monday, year, firstWeekday bool }

func newWeekMode(mode int64) weekMode {
	m := weekMode{mode&1 != 0, mode&2 != 0, mode&4 != 0}
	if !m.monday {
		m.firstWeekday = !m.firstWeekday
	}
	return m
}

// week returns the week of a day, and the year that the week belongs to.
func (m weekMode) week(day int32) (week, year int) {
	y, month, d := civil(day)
	first := dayOf(y, 1, 1)
	start := weekday(first)
	if !m.monday {
		start = (start + 1) % 7
	}
	wantYear := m.year
	if month == 1 && d <= 7-start {
		if !wantYear && (m.firstWeekday && start != 0 || !m.firstWeekday && start >= 4) {
			return 0, y
		}
		wantYear = true
		y--
		days := 365
		if leap(y) {
			days = 366
		}
		first -= int32(days)
		start = (start + 53*7 - days) % 7
	}
	var days int32
	if m.firstWeekday && start != 0 || !m.firstWeekday && start >= 4 {
		days = day - (first + int32(7-start))
	} else {
		days = day - (first - int32(start))
	}
	if wantYear && days >= 52*7 {
		length := 365
		if leap(y) {
			length = 366
		}
		start = (start + length) % 7
		if !m.firstWeekday && start < 4 || m.firstWeekday && start == 0 {
			return 1, y + 1
		}
	}
	return int(days/7) + 1, y
}
