package wire

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// FuzzLogin sends bytes in place of a login, and as commands after one. Whatever
// they are, the server neither falls nor lets anyone in, and the next client is
// served. stage 0 is before login, 1 within TLS, 2 after login.
func FuzzLogin(f *testing.F) {
	login := make([]byte, 36)
	binary.LittleEndian.PutUint32(login, 32|1<<24)
	binary.LittleEndian.PutUint32(login[4:], clientProtocol41|clientSecure|clientPluginAuth)
	for stage := range byte(3) {
		f.Add(stage, login)
		f.Add(stage, append(bytes.Clone(login), "ana\x00\x14aaaaaaaaaaaaaaaaaaaamysql_native_password\x00"...))
		f.Add(stage, []byte{1, 0, 0, 0, comPing, 9, 0, 0, 0, comPrepare, 'S', 'E', 'L', 'E', 'C', 'T', ' ', '?'})
		f.Add(stage, []byte{10, 0, 0, 0, comExecute, 1, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, comSendLongData, 1, 0, 0, 0, 0, 0})
		f.Add(stage, []byte{5, 0, 0, 0, comStmtReset, 1, 0, 0, 0, 3, 0, 0, 0, comSetOption, 1, 0, 3, 0, 0, 0, comFieldList, 't', 0})
		f.Add(stage, []byte{0, 0, 0, 0})
		f.Add(stage, []byte{0xff, 0xff, 0xff, 0, 0})
		f.Add(stage, []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))
	}
	s := serve(f, 16, func(cfg *Config) { cfg.limits.connections, cfg.limits.perAddress = 64, 64 })
	f.Fuzz(func(t *testing.T, stage byte, data []byte) {
		s.clock.advance(time.Hour) // guesses are not the subject
		var c *rawClient
		switch stage % 3 {
		case 0:
			c = s.dial(t)
		case 1:
			c = s.dial(t)
			c.startTLS()
		case 2:
			c = s.login(t, "ana")
		}
		if _, err := c.conn.Write(data); err == nil {
			if w, ok := c.conn.(interface{ CloseWrite() error }); ok {
				w.CloseWrite() // may be gone
			}
		}
		answer, _ := io.ReadAll(io.LimitReader(c.conn, 1<<20))
		if stage%3 != 2 {
			for p := answer; len(p) > 4; {
				n := min(payload([4]byte(p)), len(p)-4)
				if n > 0 && p[4] == 0 {
					t.Fatalf("let in by %q", data)
				}
				p = p[4+n:]
			}
		}
		c.conn.Close() // done
		eventually(t, "no connection", func() bool { return s.connections() == 0 && s.running() == 0 })
	})
}
