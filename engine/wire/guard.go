package wire

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// Limits of a connection.
const (
	handshakeTimeout  = 10 * time.Second
	preAuthBytes      = 64 << 10 // all that a client may send before it is logged in
	maxPacket         = 16<<20 - 1
	writeTimeout      = 60 * time.Second
	maxConnections    = 512
	maxPerAddress     = 256
	maxPreparedParams = 65535
)

// Capability flags of the handshake.
const (
	capabilityLocalFiles = 0x80
	capabilitySSL        = 0x800
)

var errGuard = errors.New("connection refused by the guard")

// guardedListener admits connections up to a cap and wraps each so that nothing
// a stranger sends before login can hold memory or a place for long.
type guardedListener struct {
	net.Listener
	tls        *tls.Config
	requireTLS bool

	mu     sync.Mutex
	open   map[*conn]struct{}
	byHost map[string]int
}

func newGuardedListener(l net.Listener, config *tls.Config, requireTLS bool) *guardedListener {
	return &guardedListener{Listener: l, tls: config, requireTLS: requireTLS, open: make(map[*conn]struct{}), byHost: make(map[string]int)}
}

// Accept returns the next admitted connection; those above a cap are closed.
// A passing failure such as a lack of file descriptors does not end the loop.
func (l *guardedListener) Accept() (net.Conn, error) {
	pause := time.Millisecond
	for {
		socket, err := l.Listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil, err
			}
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		}
		if c, ok := l.admit(socket, host(socket.RemoteAddr())); ok {
			return c, nil
		}
		socket.Close() //nolint:errcheck // refused
	}
}

func (l *guardedListener) admit(socket net.Conn, host string) (*conn, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= maxConnections || l.byHost[host] >= maxPerAddress {
		return nil, false
	}
	if err := socket.SetReadDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return nil, false
	}
	c := &conn{Conn: socket, listener: l, host: host}
	l.open[c] = struct{}{}
	l.byHost[host]++
	return c, true
}

// closeAll closes every open connection.
func (l *guardedListener) closeAll() {
	l.mu.Lock()
	conns := make([]*conn, 0, len(l.open))
	for c := range l.open {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		c.Close() //nolint:errcheck // shutting down
	}
}

// conn is a client's connection as the protocol library reads and writes it:
// whole packets in clear text, TLS below.
//
// It answers the client's request for TLS itself, so that it stands above TLS
// from the first packet to the last. The library, which does not see that
// request, counts packets one lower until the first command.
//
// Before login it caps what comes in. After login it replaces the text of
// COM_STMT_PREPARE by a stand-in with as many markers, can end a result with an
// error packet in mid-stream, and while a statement runs notices a client that
// goes away. It is used by the connection's goroutine, Close by any.
type conn struct {
	net.Conn // the socket, or TLS over it
	listener *guardedListener
	host     string
	tls      *tls.Conn // nil: clear text

	session  *engine.Session // nil before login
	received int             // bytes before login
	greeted  bool
	shift    byte // how much lower the library counts packets

	in   []byte // checked bytes that the library has not read yet
	left int    // bytes of the packet passing through still to come

	// prepared is the true text of the last COM_STMT_PREPARE, preparedErr what
	// is wrong with it.
	prepared    string
	preparedErr error

	out     packetTracker
	failure func(sequence byte) []byte // the error packet to end with

	ahead     []byte // read while watching
	stopWatch func()

	closing  sync.Once
	closeErr error
}

const (
	comPrepare = 0x16
	standIn    = "SELECT 1"
)

func (c *conn) Read(p []byte) (int, error) {
	for len(c.in) == 0 && c.left == 0 {
		next := c.nextCommand
		if c.session == nil {
			next = c.nextLoginPacket
		}
		if err := next(); err != nil {
			return 0, err
		}
	}
	if len(c.in) > 0 {
		n := copy(p, c.in)
		c.in = c.in[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// nextLoginPacket takes in one packet before login, or the request for TLS.
func (c *conn) nextLoginPacket() error {
	var head [4]byte
	if err := c.readFull(head[:]); err != nil {
		return err
	}
	size := payload(head)
	if c.received += len(head) + size; c.received > preAuthBytes {
		return errGuard
	}
	body := make([]byte, size)
	if err := c.readFull(body); err != nil {
		return err
	}
	if c.tls == nil && head[3] == 1 {
		wants := size >= 4 && binary.LittleEndian.Uint32(body)&capabilitySSL != 0
		if wants && c.listener.tls != nil {
			return c.startTLS()
		}
		if c.listener.requireTLS {
			return errGuard
		}
	}
	head[3] -= c.shift
	c.in = append(append(c.in[:0], head[:]...), body...)
	return nil
}

// startTLS goes over to TLS under the deadline of the login.
func (c *conn) startTLS() error {
	t := tls.Server(c.Conn, c.listener.tls)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.Conn, c.tls, c.shift = t, t, 1
	return nil
}

// nextCommand reads a command's header, and all of it if it prepares a
// statement.
func (c *conn) nextCommand() error {
	var head [5]byte
	if err := c.readFull(head[:4]); err != nil {
		return err
	}
	c.shift = 0
	size := payload([4]byte(head[:4]))
	if size >= maxPacket {
		return errGuard
	}
	if size == 0 {
		c.in = append(c.in[:0], head[:4]...)
		return nil
	}
	if err := c.readFull(head[4:]); err != nil {
		return err
	}
	c.in = append(c.in[:0], head[:]...)
	c.left = size - 1
	if head[3] != 0 || head[4] != comPrepare {
		return nil
	}
	text := make([]byte, c.left)
	if err := c.readFull(text); err != nil {
		return err
	}
	c.left = 0
	c.prepared = string(text)
	stand := c.standIn()
	n := len(stand) + 1
	c.in = append(c.in[:0], byte(n), byte(n>>8), byte(n>>16), 0, comPrepare)
	c.in = append(c.in, stand...)
	return nil
}

// standIn returns a statement that the library can parse in no time and that has
// as many ? as the true one.
func (c *conn) standIn() string {
	n, err := c.session.CountParams(c.prepared)
	if err == nil && n > maxPreparedParams {
		err = mysqlerr.TooComplex("it has more than 65535 parameters")
	}
	c.preparedErr = err
	if err != nil || n == 0 {
		return standIn
	}
	return "SELECT ?" + strings.Repeat(",?", n-1)
}

func payload(head [4]byte) int { return int(head[0]) | int(head[1])<<8 | int(head[2])<<16 }

// readFull fills p, from what was read ahead first.
func (c *conn) readFull(p []byte) error {
	n := copy(p, c.ahead)
	c.ahead = c.ahead[n:]
	_, err := io.ReadFull(c.Conn, p[n:])
	return err
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	out := p
	if !c.greeted && c.out.left == len(p) { // after the header of the first packet
		c.greeted = true
		out = c.greeting(p)
	}
	if c.shift != 0 {
		out = append([]byte(nil), out...)
	}
	c.out.track(out, c.shift)
	n, err := c.Conn.Write(out)
	if err == nil && c.failure != nil && c.out.between() {
		packet := c.failure(c.out.sequence + 1)
		c.failure = nil
		_, err = c.Conn.Write(packet)
	}
	return n, err
}

// greeting returns the payload of the server's first packet with
// CLIENT_LOCAL_FILES off and, if there is a certificate, CLIENT_SSL on.
func (c *conn) greeting(p []byte) []byte {
	// protocol version, server version, NUL, connection id, 8 bytes of salt,
	// filler, then the lower capability bytes
	end := bytes.IndexByte(p, 0)
	at := end + 1 + 4 + 8 + 1
	if end < 0 || at+2 > len(p) {
		return p
	}
	out := append([]byte(nil), p...)
	flags := binary.LittleEndian.Uint16(out[at:]) &^ capabilityLocalFiles
	if c.listener.tls != nil {
		flags |= capabilitySSL
	}
	binary.LittleEndian.PutUint16(out[at:], flags)
	return out
}

// loggedIn lifts the limits that hold before login.
func (c *conn) loggedIn(s *engine.Session) error {
	c.session = s
	return c.SetReadDeadline(time.Time{})
}

// Close closes the socket and gives up the connection's place.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.closeErr = c.Conn.Close()
		c.listener.mu.Lock()
		defer c.listener.mu.Unlock()
		delete(c.listener.open, c)
		if c.listener.byHost[c.host]--; c.listener.byHost[c.host] <= 0 {
			delete(c.listener.byHost, c.host)
		}
	})
	return c.closeErr
}

// startWatch calls gone if the client closes the connection before the watch is
// stopped. It reads one byte ahead, which is given to the next packet.
func (c *conn) startWatch(gone func()) {
	if len(c.in) > 0 || c.left > 0 || len(c.ahead) > 0 {
		return
	}
	done := make(chan struct{})
	var stopping atomic.Bool
	go func() {
		defer close(done)
		var b [1]byte
		n, err := c.Conn.Read(b[:])
		c.ahead = append(c.ahead, b[:n]...)
		if err != nil && !stopping.Load() {
			gone()
		}
	}()
	c.stopWatch = func() {
		stopping.Store(true)
		c.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // a closed connection reads no more either
		<-done
		c.SetReadDeadline(time.Time{}) //nolint:errcheck // the next read says so
	}
}

// endWatch ends the read-ahead before the connection is read again.
func (c *conn) endWatch() {
	if c.stopWatch != nil {
		c.stopWatch()
		c.stopWatch = nil
	}
}

// packetTracker follows the packets of a byte stream.
type packetTracker struct {
	head     [4]byte
	have     int // bytes of head
	left     int // bytes of the payload still to come
	sequence byte
}

// track follows p, adding shift to the sequence number of every packet that
// begins in it.
func (t *packetTracker) track(p []byte, shift byte) {
	for len(p) > 0 {
		if t.left > 0 {
			n := min(t.left, len(p))
			t.left -= n
			p = p[n:]
			continue
		}
		n := copy(t.head[t.have:], p)
		if t.have += n; t.have == len(t.head) {
			p[n-1] += shift
			t.left = payload(t.head)
			t.sequence = t.head[3] + shift
			t.have = 0
		}
		p = p[n:]
	}
}

func (t *packetTracker) between() bool { return t.left == 0 && t.have == 0 }
