package wire

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
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

const (
	capabilityLocalFiles = 0x80
	capabilitySSL        = 0x800
)

var errGuard = errors.New("connection refused by the guard")

// guardedListener admits connections up to a cap and wraps each so that nothing
// a stranger sends before login can hold memory or a place for long.
type guardedListener struct {
	net.Listener
	requireTLS bool

	mu     sync.Mutex
	open   map[*outerConn]struct{}
	byHost map[string]int
}

func newGuardedListener(l net.Listener, requireTLS bool) *guardedListener {
	return &guardedListener{Listener: l, requireTLS: requireTLS, open: make(map[*outerConn]struct{}), byHost: make(map[string]int)}
}

// Accept returns the next admitted connection; those above a cap are closed.
// A passing failure such as a lack of file descriptors does not end the loop.
func (l *guardedListener) Accept() (net.Conn, error) {
	pause := time.Millisecond
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil, err
			}
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		}
		host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
		if err != nil {
			host = conn.RemoteAddr().String()
		}
		if c, ok := l.admit(conn, host); ok {
			return c, nil
		}
		conn.Close() //nolint:errcheck // refused
	}
}

func (l *guardedListener) admit(conn net.Conn, host string) (*outerConn, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= maxConnections || l.byHost[host] >= maxPerAddress {
		return nil, false
	}
	if err := conn.SetReadDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return nil, false
	}
	c := &outerConn{Conn: conn, listener: l, host: host}
	l.open[c] = struct{}{}
	l.byHost[host]++
	return c, true
}

// closeAll closes every open connection.
func (l *guardedListener) closeAll() {
	l.mu.Lock()
	conns := make([]*outerConn, 0, len(l.open))
	for c := range l.open {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		c.Close() //nolint:errcheck // shutting down
	}
}

func (l *guardedListener) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// outerConn is the socket, below TLS. Until login it counts what comes in,
// refuses a first packet that is too large or, where TLS is required, does not
// ask for TLS; and it takes CLIENT_LOCAL_FILES out of the server's greeting.
type outerConn struct {
	net.Conn
	listener *guardedListener
	host     string
	login    atomic.Bool // true once logged in

	// Before login, used by the connection's goroutine only.
	in       int
	head     []byte // header and capabilities of the first packet
	greeted  bool
	closing  sync.Once
	closeErr error
}

func (c *outerConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 || c.login.Load() {
		return n, err
	}
	if c.in += n; c.in > preAuthBytes {
		return 0, errGuard
	}
	const want = 4 + 4 // packet header, capability flags
	if len(c.head) < want {
		c.head = append(c.head, p[:min(n, want-len(c.head))]...)
		if len(c.head) >= 3 && int(c.head[0])|int(c.head[1])<<8|int(c.head[2])<<16 > preAuthBytes {
			return 0, errGuard
		}
		if len(c.head) == want && c.listener.requireTLS && binary.LittleEndian.Uint32(c.head[4:])&capabilitySSL == 0 {
			return 0, errGuard
		}
	}
	return n, err
}

func (c *outerConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	if !c.greeted {
		c.greeted = true
		p = withoutLocalFiles(p)
	}
	return c.Conn.Write(p)
}

// withoutLocalFiles returns the greeting packet with CLIENT_LOCAL_FILES off.
func withoutLocalFiles(greeting []byte) []byte {
	// header, protocol version, server version, NUL, connection id, 8 bytes of
	// salt, filler, then the lower capability bytes
	if len(greeting) < 6 {
		return greeting
	}
	end := strings.IndexByte(string(greeting[5:]), 0)
	at := 5 + end + 1 + 4 + 8 + 1
	if end < 0 || at >= len(greeting) {
		return greeting
	}
	out := append([]byte(nil), greeting...)
	out[at] &^= capabilityLocalFiles
	return out
}

// loggedIn lifts the limits that hold before login.
func (c *outerConn) loggedIn() error {
	c.login.Store(true)
	return c.SetReadDeadline(time.Time{})
}

func (c *outerConn) Close() error {
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

// outer finds the socket below TLS and timeouts.
func outer(c net.Conn) *outerConn {
	for {
		switch x := c.(type) {
		case *outerConn:
			return x
		case interface{ NetConn() net.Conn }:
			c = x.NetConn()
		case *commandConn:
			c = x.Conn
		default:
			return nil
		}
	}
}

const (
	comPrepare = 0x16
	standIn    = "SELECT 1"
)

// commandConn stands above TLS after login and sees the commands themselves. It
// caps packets, replaces the text of COM_STMT_PREPARE by a stand-in with as many
// markers, and can end a result with an error packet in mid-stream. While a
// statement runs it notices a client that goes away.
type commandConn struct {
	net.Conn
	countParams func(sql string) (int, error)

	in      []byte // checked bytes that the protocol library has not read yet
	started bool   // a packet is passing through
	left    int    // bytes of it still to come

	// prepared is the true text of the last COM_STMT_PREPARE and what was wrong
	// with it.
	prepared    string
	preparedErr error

	out     packetTracker
	failure func(sequence byte) []byte // the error packet to end with

	watch watcher
}

func (c *commandConn) Read(p []byte) (int, error) {
	if len(c.in) > 0 {
		n := copy(p, c.in)
		c.in = c.in[n:]
		return n, nil
	}
	if c.left == 0 {
		if err := c.nextPacket(); err != nil {
			return 0, err
		}
		return c.Read(p)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// nextPacket reads a packet's header, and all of it if it prepares a statement.
func (c *commandConn) nextPacket() error {
	var head [5]byte
	if err := c.readFull(head[:4]); err != nil {
		return err
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
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

// standIn returns a statement that the protocol library can parse in no time and
// that has as many ? as the true one.
func (c *commandConn) standIn() string {
	n, err := c.countParams(c.prepared)
	c.preparedErr = err
	if err != nil || n == 0 {
		return standIn
	}
	return "SELECT ?" + strings.Repeat(",?", n-1)
}

func (c *commandConn) readFull(p []byte) error {
	n := c.watch.take(p)
	_, err := io.ReadFull(c.Conn, p[n:])
	return err
}

func (c *commandConn) Write(p []byte) (int, error) {
	c.out.track(p)
	n, err := c.Conn.Write(p)
	if err == nil && c.failure != nil && c.out.between() {
		packet := c.failure(c.out.sequence + 1)
		c.failure = nil
		_, err = c.Conn.Write(packet)
	}
	return n, err
}

// packetTracker follows the packets of a byte stream.
type packetTracker struct {
	head     [4]byte
	have     int // bytes of head
	left     int // bytes of the payload still to come
	sequence byte
}

func (t *packetTracker) track(p []byte) {
	for len(p) > 0 {
		if t.left > 0 {
			n := min(t.left, len(p))
			t.left -= n
			p = p[n:]
			continue
		}
		n := copy(t.head[t.have:], p)
		t.have += n
		p = p[n:]
		if t.have == len(t.head) {
			t.left = int(t.head[0]) | int(t.head[1])<<8 | int(t.head[2])<<16
			t.sequence = t.head[3]
			t.have = 0
		}
	}
}

func (t *packetTracker) between() bool { return t.left == 0 && t.have == 0 }

// watcher reads ahead while a statement runs, to notice that the client has
// gone. What it reads is given to the next packet.
type watcher struct {
	got  []byte
	stop func()
}

// take moves read-ahead bytes into p and returns how many.
func (w *watcher) take(p []byte) int {
	n := copy(p, w.got)
	w.got = w.got[n:]
	return n
}

// startWatch calls gone if the client closes the connection before stopWatch.
func (c *commandConn) startWatch(gone func()) {
	if len(c.in) > 0 || c.left > 0 || len(c.watch.got) > 0 {
		return
	}
	done := make(chan struct{})
	var stopping atomic.Bool
	go func() {
		defer close(done)
		var b [1]byte
		n, err := c.Conn.Read(b[:])
		c.watch.got = append(c.watch.got, b[:n]...)
		if err != nil && !stopping.Load() {
			gone()
		}
	}()
	c.watch.stop = func() {
		stopping.Store(true)
		c.Conn.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // a closed connection reads no more either
		<-done
		c.Conn.SetReadDeadline(time.Time{}) //nolint:errcheck // the next read says so
	}
}

// stopWatch ends the read-ahead before the connection is read again.
func (c *commandConn) stopWatch() {
	if c.watch.stop != nil {
		c.watch.stop()
		c.watch.stop = nil
	}
}
