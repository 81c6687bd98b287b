package wire

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCommands sends every command, empty and with arguments that mean nothing;
// whatever is answered, the connection is in order after it.
func TestCommands(t *testing.T) {
	f := serve(t, 16, nil)
	silent := []byte{comQuit, comSendLongData, comStmtClose}
	known := []byte{comInitDB, comQuery, comFieldList, comPing, comPrepare, comExecute, comStmtReset, comSetOption, comResetConnection}
	for _, args := range [][]byte{nil, {0}, {1, 0, 0, 0}, bytes.Repeat([]byte{0xff}, 40), []byte("owen\x00\x00\x00"), make([]byte, 200)} {
		c := f.login(t, "ana")
		for cmd := range 256 {
			if slices.Contains(silent, byte(cmd)) {
				if cmd != comQuit {
					c.command(append([]byte{byte(cmd)}, args...)...)
					c.ping()
				}
				continue
			}
			c.command(append([]byte{byte(cmd)}, args...)...)
			p := c.mustRead()
			if slices.Contains(known, byte(cmd)) {
				if p[0] != 0xff && p[0] != 0 && p[0] != 0xfe {
					t.Errorf("command %#x: %q", cmd, p)
				}
			} else if errorOf(p) != 1047 {
				t.Errorf("command %#x is answered with %q", cmd, p)
			}
			if cmd == comPrepare && p[0] == 0 {
				t.Errorf("prepared %q", args)
			}
			c.ping()
		}
		c.conn.Close() // done
	}
}

func TestMalformedCommands(t *testing.T) {
	f := serve(t, 16, nil)
	for name, bytes := range map[string][]byte{
		"an empty packet":          {0, 0, 0, 0},
		"a sequence that jumps":    {1, 0, 0, 7, comPing},
		"endless packets":          append([]byte{0xff, 0xff, 0xff, 0}, make([]byte, maxPayload)...),
		"a sequence that repeats":  append(append([]byte{0xff, 0xff, 0xff, 0, comQuery}, make([]byte, maxPayload-1)...), 1, 0, 0, 0, 'x'),
		"a header and no more":     {1, 0, 0, 0},
		"half a header":            {1, 0},
		"a promise of much memory": {0xfe, 0xff, 0xff, 0, comExecute, 1},
	} {
		c := f.login(t, "ana")
		go func() {
			for range 6 {
				if _, err := c.conn.Write(bytes); err != nil || !strings.HasPrefix(name, "endless") {
					break
				}
				bytes = slices.Clone(bytes)
				bytes[3]++
			}
			if cw, ok := c.conn.(interface{ CloseWrite() error }); ok {
				cw.CloseWrite() // the point
			}
		}()
		if p, err := c.read(); err == nil {
			t.Errorf("%s: %q", name, p)
		}
	}
	eventually(t, "no connection", func() bool { return f.connections() == 0 })
}

func TestLongCommands(t *testing.T) {
	f := serve(t, 16, nil)
	c := f.login(t, "ana")
	for _, n := range []int{maxText, maxPayload - 1, maxPayload, maxPayload + 5, 3*maxPayload + 1} {
		body := append([]byte{comQuery}, bytes.Repeat([]byte(" "), n)...)
		c.seq = 0
		for rest := body; ; rest = rest[maxPayload:] {
			c.write(rest[:min(len(rest), maxPayload)])
			if len(rest) < maxPayload {
				break
			}
		}
		want := c.seq
		if p := c.mustRead(); errorOf(p) != 1153 || c.seq-1 != want {
			t.Errorf("a query of %d bytes: %.80q with sequence %d, want %d", n, p, c.seq-1, want)
		}
		c.ping()
	}
	// As an argument so much is taken.
	db := f.open(t, "ana", overTLS)
	for _, n := range []int{100, 1 << 20, 15 << 20} {
		var got int
		if err := db.QueryRow("SELECT LENGTH(?)", strings.Repeat("x", n)).Scan(&got); err != nil || got != n {
			t.Errorf("an argument of %d bytes: %d, %v", n, got, err)
		}
	}
	if err := db.QueryRow("SELECT LENGTH(?)", strings.Repeat("x", 17<<20)).Scan(new(int)); err == nil {
		t.Error("an argument of 17 MiB is taken")
	}
}

// prepare prepares over the raw protocol and returns the statement's id.
func (c *rawClient) prepare(query string) (uint32, int) {
	c.t.Helper()
	c.command(append([]byte{comPrepare}, query...)...)
	p := c.mustRead()
	if p[0] != 0 {
		c.t.Fatalf("prepare %s: %q", query, p)
	}
	columns, params := int(binary.LittleEndian.Uint16(p[5:])), int(binary.LittleEndian.Uint16(p[7:]))
	for range columns + params {
		c.mustRead()
	}
	return binary.LittleEndian.Uint32(p[1:]), params
}

// execute returns the first value of the first row, a short text, or the ERR.
func (c *rawClient) execute(id uint32, cursor byte, rest ...byte) []byte {
	c.t.Helper()
	c.command(append(append(binary.LittleEndian.AppendUint32([]byte{comExecute}, id), cursor, 1, 0, 0, 0), rest...)...)
	p := c.mustRead()
	if p[0] == 0xff {
		return p
	}
	for range p[0] {
		c.mustRead()
	}
	row := c.mustRead()
	if end := c.mustRead(); end[0] != 0xfe {
		c.t.Fatalf("after one row: %q", end)
	}
	if row[1]&4 != 0 {
		return nil
	}
	return row[3:] // after 0, the NULLs and the length
}

func TestPreparedRaw(t *testing.T) {
	f := serve(t, 16, nil)
	c := f.login(t, "ana")
	id, params := c.prepare("SELECT CONCAT(?, '|', ?)")
	if params != 2 {
		t.Fatalf("%d parameters", params)
	}
	two := []byte{0, 1, 0xfd, 0, 0xfd, 0, 1, 'a', 1, 'b'}
	check := func(what string, got []byte, want string) {
		t.Helper()
		if string(got) != want && !(len(got) > 2 && got[0] == 0xff && fmt.Sprint(errorOf(got)) == want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		c.ping()
	}
	check("no types yet", c.execute(id, 0, 0, 0, 1, 'a', 1, 'b'), "1835")
	check("values", c.execute(id, 0, two...), "a|b")
	check("types of before", c.execute(id, 0, 0, 0, 1, 'c', 1, 'd'), "c|d")
	check("NULL", c.execute(id, 0, 2, 0, 1, 'c'), "")
	check("a read-only cursor is not opened", c.execute(id, 1, two...), "a|b")
	for n := range two {
		if got := c.execute(id, 0, two[:n]...); errorOf(got) != 1835 {
			t.Errorf("%d bytes of arguments: %q", n, got)
		}
	}
	check("after those", c.execute(id, 0, two...), "a|b")
	for code := range 256 {
		got := c.execute(id, 0, 0, 1, byte(code), 0, 0xfd, 0, 0xff, 0xff)
		if errorOf(got) == 0 {
			t.Errorf("type %#x reads beyond the packet: %q", code, got)
		}
	}
	long := func(stmt uint32, param uint16, data string) {
		c.command(append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32([]byte{comSendLongData}, stmt), param), data...)...)
	}
	long(id, 1, "lo")
	long(id, 1, "ng")
	check("long data", c.execute(id, 0, 0, 1, 0xfd, 0, 0xfd, 0, 1, 'a'), "a|long")
	check("long data is used once", c.execute(id, 0, two...), "a|b")
	long(id, 1, "gone")
	c.command(append([]byte{comStmtReset}, byte(id), 0, 0, 0)...)
	if p := c.mustRead(); p[0] != 0 {
		t.Errorf("reset: %q", p)
	}
	check("after a reset", c.execute(id, 0, two...), "a|b")
	long(id, 9, "x")
	check("long data for no parameter", c.execute(id, 0, two...), "1210")
	long(99, 0, "x")
	check("long data for no statement", c.execute(id, 0, two...), "a|b")
	check("no such statement", c.execute(id+1, 0, two...), "1243")
	c.command(comStmtReset, 99, 0, 0, 0)
	check("reset of no statement", c.mustRead(), "1243")
	c.command(append([]byte{comStmtClose}, byte(id), 0, 0, 0)...)
	check("a closed statement", c.execute(id, 0, two...), "1243")
	id, _ = c.prepare("SELECT CONCAT(?, ?)")
	c.command(comResetConnection)
	if p := c.mustRead(); p[0] != 0 {
		t.Errorf("reset connection: %q", p)
	}
	check("a statement of before the reset", c.execute(id, 0, two...), "1243")
}

// TestPreparedLimits: statements that cannot be, too many, and many parameters.
func TestPreparedLimits(t *testing.T) {
	f := serve(t, 16, nil)
	c := f.login(t, "ana")
	for query, want := range map[string]uint16{"SELECT": 1064, "SELECT 1; SELECT 2": 1235, "SELECT x FROM nosuch.t": 1049, "": 1065,
		"SELECT " + strings.Repeat("1+", 300_000) + "1": 0} {
		c.command(append([]byte{comPrepare}, query...)...)
		if got := errorOf(c.mustRead()); got == 0 || want != 0 && got != want {
			t.Errorf("prepare %.40q: error %d, want %d", query, got, want)
		}
		c.ping()
	}
	for _, n := range []int{1, 7, 8, 9, 250} {
		id, params := c.prepare("SELECT CONCAT('', ?" + strings.Repeat(",?", n-1) + ")")
		if params != n {
			t.Errorf("%d parameters, want %d", params, n)
		}
		args := append(make([]byte, (n+7)/8), 1)
		args = append(args, bytes.Repeat([]byte{0xfd, 0}, n)...)
		args = append(args, bytes.Repeat([]byte{1, 'x'}, n)...)
		if got := c.execute(id, 0, args...); !bytes.HasSuffix(got, bytes.Repeat([]byte{'x'}, n)) {
			t.Errorf("%d parameters: %.80q", n, got)
		}
	}
	for {
		c.command(append([]byte{comPrepare}, "SELECT 1"...)...)
		p := c.mustRead()
		if p[0] == 0xff {
			break
		}
		c.mustRead()
		if binary.LittleEndian.Uint32(p[1:]) > 2*maxPrepared {
			t.Fatal("no end of prepared statements")
		}
	}
	c.ping()
}

// TestArguments sends values of every Go type; each comes back as it was.
func TestArguments(t *testing.T) {
	f := serve(t, 16, nil)
	db := f.open(t, "ana", overTLS+"&parseTime=true")
	for _, c := range []struct {
		query string
		arg   any
		want  string
	}{
		{"SELECT ?", int64(-1 << 63), "-9223372036854775808"},
		{"SELECT ?", uint64(1<<64 - 1), "18446744073709551615"},
		{"SELECT ?", 1.5e300, "1.5e300"},
		{"SELECT ?", true, "1"},
		{"SELECT ?", "Ω☃", "Ω☃"},
		{"SELECT HEX(?)", []byte{0, 1, 0xff}, "0001FF"},
		{"SELECT ? IS NULL", nil, "1"},
		{"SELECT CAST(? AS DATETIME(6))", time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), "2026-01-02 03:04:05.000006"},
		{"SELECT CAST(? AS DATETIME(6))", time.Date(2026, 1, 2, 3, 4, 5, 50_000_000, time.UTC), "2026-01-02 03:04:05.050000"},
		{"SELECT CAST(? AS DATE)", time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), "2026-11-02"},
		{"SELECT COUNT(*) FROM checkout.orders WHERE total > ?", "0.005", "4"},
		{"SELECT COUNT(*) FROM checkout.orders WHERE order_id < ?", int64(9), "3"},
		{"SELECT COUNT(*) FROM checkout.orders WHERE ordered_on = ?", time.Date(2022, 1, 12, 0, 0, 0, 0, time.UTC), "1"},
	} {
		var got sql.RawBytes
		rows, err := db.Query(c.query, c.arg)
		if err != nil {
			t.Errorf("%s with %v: %v", c.query, c.arg, err)
			continue
		}
		if !rows.Next() {
			t.Errorf("%s with %v: no row, %v", c.query, c.arg, rows.Err())
		} else if err := rows.Scan(&got); err != nil || !sameTime(string(got), c.want) {
			t.Errorf("%s with %v: %s, %v, want %s", c.query, c.arg, got, err, c.want)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

// sameTime compares as text, times as the driver writes them too.
func sameTime(got, want string) bool {
	if at, err := time.Parse(time.RFC3339Nano, got); err == nil {
		return strings.HasPrefix(at.Format("2006-01-02 15:04:05.000000"), want)
	}
	return got == want || strings.ReplaceAll(got, "e+", "e") == want
}

// TestRawArguments are the forms that drivers of other languages send.
func TestRawArguments(t *testing.T) {
	f := serve(t, 16, nil)
	c := f.login(t, "ana")
	for _, x := range []struct {
		query string
		code  byte
		flags byte
		value []byte
		want  string
	}{
		{"SELECT CONCAT(?)", typeTiny, 0, []byte{0xff}, "-1"},
		{"SELECT CONCAT(?)", typeTiny, 0x80, []byte{0xff}, "255"},
		{"SELECT CONCAT(?)", typeShort, 0, []byte{0xff, 0xff}, "-1"},
		{"SELECT CONCAT(?)", typeShort, 0x80, []byte{0xff, 0xff}, "65535"},
		{"SELECT CONCAT(?)", typeYear, 0x80, []byte{0xea, 7}, "2026"},
		{"SELECT CONCAT(?)", typeLong, 0, []byte{0, 0, 0, 0x80}, "-2147483648"},
		{"SELECT CONCAT(?)", typeInt24, 0x80, []byte{1, 0, 0, 0x80}, "2147483649"},
		{"SELECT CONCAT(?)", typeFloat, 0, []byte{0, 0, 0xc0, 0x3f}, "1.5"},
		{"SELECT CONCAT(?)", typeNewDecimal, 0, []byte("\x0612.340"), "12.340"},
		{"SELECT CONCAT(? * 2)", typeNewDecimal, 0, []byte("\x0612.340"), "24.680"},
		{"SELECT CONCAT(?)", typeDecimal, 0, []byte("\x28-1234567890123456789012345678.0123456789"), "-1234567890123456789012345678.0123456789"},
		{"SELECT CONCAT(?)", typeDate, 0, []byte{4, 0xea, 7, 1, 2}, "2026-01-02"},
		{"SELECT CONCAT(?)", typeDateTime, 0, []byte{4, 0xea, 7, 1, 2}, "2026-01-02 00:00:00"},
		{"SELECT CONCAT(?)", typeDateTime, 0, []byte{7, 0xea, 7, 1, 2, 3, 4, 5}, "2026-01-02 03:04:05"},
		{"SELECT CONCAT(?)", typeTimestamp, 0, []byte{11, 0xea, 7, 1, 2, 3, 4, 5, 0x88, 0x13, 0, 0}, "2026-01-02 03:04:05.005000"},
		{"SELECT CONCAT(?)", typeTime, 0, []byte{0}, "00:00:00"},
		{"SELECT CONCAT(?)", typeTime, 0, []byte{8, 1, 1, 0, 0, 0, 2, 3, 4}, "-26:03:04"},
		{"SELECT CONCAT(?)", typeTime, 0, []byte{12, 0, 34, 0, 0, 0, 22, 59, 59, 1, 0, 0, 0}, "838:59:59.000001"},
		{"SELECT CONCAT(?)", typeVarChar, 0, []byte("\xfc\x03\x00abc"), "abc"},
		{"SELECT CONCAT(?)", typeVarChar, 0, []byte("\xfd\x03\x00\x00abc"), "abc"},
		{"SELECT CONCAT(?)", typeVarChar, 0, []byte("\xfe\x03\x00\x00\x00\x00\x00\x00\x00abc"), "abc"},
		{"SELECT CONCAT(?)", typeJSON, 0, []byte("\x02{}"), "{}"},
		{"SELECT CONCAT(?)", 0xfc, 0, []byte("\x03abc"), "abc"},
		{"SELECT CONCAT('x', COALESCE(?, 'null'))", typeNull, 0, nil, "xnull"},
		{"SELECT CONCAT(?)", typeDateTime, 0, []byte{5, 0, 0, 0, 0, 0}, "1835"},
		{"SELECT CONCAT(?)", typeTime, 0, []byte{9, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "1835"},
		{"SELECT CONCAT(?)", typeVarChar, 0, []byte{0xfb}, "1835"},
		{"SELECT CONCAT(?)", typeVarChar, 0, []byte("\xfe\xff\xff\xff\xff\xff\xff\xff\xffabc"), "1835"},
		{"SELECT CONCAT(?)", typeDouble, 0, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x7f}, "1835"},
		{"SELECT CONCAT(?)", typeGeometry, 0, []byte{0}, "1835"},
	} {
		id, _ := c.prepare(x.query)
		got := c.execute(id, 0, append([]byte{0, 1, x.code, x.flags}, x.value...)...)
		if errorOf(got) != 0 {
			got = []byte(fmt.Sprint(errorOf(got)))
		}
		if string(got) != x.want {
			t.Errorf("type %#x %q: %q, want %q", x.code, x.value, got, x.want)
		}
	}
}
