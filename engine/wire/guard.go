package wire

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dolthub/vitess/go/mysql"

	"github.com/meshql/meshql/engine"
)

// limits bound what a connection may hold and how long it may take. Only tests
// choose others than defaultLimits.
type limits struct {
	handshake   time.Duration // from the first byte to the login's end
	read        time.Duration // for a command once it has begun
	write       time.Duration // for one write; a client that never reads ends here
	drain       time.Duration // for running statements when the server shuts down
	connections int
	perAddress  int
}

var defaultLimits = limits{handshake: 10 * time.Second, read: 30 * time.Second, write: 60 * time.Second, drain: 30 * time.Second,
	connections: 512, perAddress: 256}

// preAuthBytes is all that a client may send before it is logged in.
const preAuthBytes = 64 << 10

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
	limits     limits

	served sync.WaitGroup // connections that the protocol library has in hand
	mu     sync.Mutex
	open   map[*conn]struct{}
	byHost map[string]int
}

func newGuardedListener(l net.Listener, config *tls.Config, requireTLS bool, lim limits) *guardedListener {
	return &guardedListener{Listener: l, tls: config, requireTLS: requireTLS, limits: lim, open: make(map[*conn]struct{}), byHost: make(map[string]int)}
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
		pause = time.Millisecond
		if c, ok := l.admit(socket, host(socket.RemoteAddr())); ok {
			return c, nil
		}
		socket.Close() // refused
	}
}

func (l *guardedListener) admit(socket net.Conn, host string) (*conn, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.limits.connections || l.byHost[host] >= l.limits.perAddress {
		return nil, false
	}
	if err := socket.SetDeadline(time.Now().Add(l.limits.handshake)); err != nil {
		return nil, false
	}
	c := &conn{Conn: socket, socket: socket, listener: l, host: host, statements: make(map[uint32]*statement)}
	l.open[c] = struct{}{}
	l.byHost[host]++
	l.served.Add(1)
	return c, true
}

// closeAll hangs up every open connection and waits until the protocol library
// is done with them.
func (l *guardedListener) closeAll() {
	l.mu.Lock()
	conns := make([]*conn, 0, len(l.open))
	for c := range l.open {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		c.hangUp()
	}
	l.served.Wait()
}

// conn is a client's connection as the protocol library reads and writes it:
// whole packets in clear text, TLS below.
//
// It answers the client's request for TLS itself, so that it stands above TLS
// from the first packet to the last. The library, which does not see that
// request, counts packets one lower until the first command.
//
// Before login it caps what comes in. After login it translates commands
// (commands.go), ends a result that fails in mid-stream with an error packet,
// and while a statement runs notices a client that goes away. It is used by the
// connection's goroutine, hangUp by any.
type conn struct {
	net.Conn // the socket, or TLS over it
	listener *guardedListener
	host     string
	socket   net.Conn
	tls      *tls.Conn // nil: clear text

	session  *engine.Session // nil before login
	received int             // bytes before login
	greeted  bool
	proved   bool // the client knows the password
	shift    byte // how much lower the library counts packets

	in         []byte // packets that the library has not read yet
	commands          // what the commands say
	statements map[uint32]*statement

	out      packetTracker
	broken   bool            // a write failed
	failure  *mysql.SQLError // what to end the result at hand with
	held     []byte          // the rest of that result
	answered func()          // what to do when the answer is out

	ahead     []byte // read while watching
	stopWatch func()

	closing sync.Once
	served  sync.Once
}

func (c *conn) Read(p []byte) (int, error) {
	for len(c.in) == 0 {
		if err := c.endAnswer(); err != nil {
			return 0, err
		}
		next := c.nextCommand
		if c.session == nil {
			next = c.nextLoginPacket
		}
		if err := next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
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

func payload(head [4]byte) int { return int(head[0]) | int(head[1])<<8 | int(head[2])<<16 }

func (c *conn) readFull(p []byte) error {
	_, err := io.ReadFull(clientInput{c}, p)
	return err
}

func (c *conn) Write(p []byte) (int, error) {
	if c.failure != nil {
		c.held = append(c.held, p...)
		return len(p), nil
	}
	return c.send(p)
}

func (c *conn) send(p []byte) (int, error) {
	if c.session != nil {
		if err := c.SetWriteDeadline(time.Now().Add(c.listener.limits.write)); err != nil {
			return 0, err
		}
	}
	out := p
	if !c.greeted && c.out.left == len(p) { // after the header of the first packet
		c.greeted = true
		out = c.greeting(p)
	}
	if c.shift != 0 {
		out = bytes.Clone(out)
	}
	c.out.track(out, c.shift)
	n, err := c.Conn.Write(out)
	c.broken = c.broken || err != nil
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
	return c.SetDeadline(time.Time{})
}

// endAnswer comes after all that the library has to say to a command. It ends a
// result that failed in mid-stream with an error packet in place of the library's
// last, which tells of success.
func (c *conn) endAnswer() error {
	if c.answered != nil {
		defer c.answered()
		c.answered = nil
	}
	if c.failure == nil {
		return nil
	}
	end, sequence := c.out.last(c.held)
	rest := append(c.held[:end:end], errorPacket(c.failure, sequence)...)
	c.failure, c.held = nil, nil
	_, err := c.send(rest)
	return err
}

// Close ends the connection when the library is done with it.
func (c *conn) Close() error {
	err := c.endAnswer()
	if c.tls != nil && !c.broken {
		err = errors.Join(err, c.tls.CloseWrite()) // so that the client knows that nothing was cut off
	}
	c.hangUp()
	c.served.Do(c.listener.served.Done)
	return err
}

// hangUp closes the socket and gives up the connection's place.
func (c *conn) hangUp() {
	c.closing.Do(func() {
		c.socket.Close() // nothing is left to save
		c.listener.mu.Lock()
		defer c.listener.mu.Unlock()
		delete(c.listener.open, c)
		if c.listener.byHost[c.host]--; c.listener.byHost[c.host] <= 0 {
			delete(c.listener.byHost, c.host)
		}
	})
}

// maxAhead is how much a client may send while its statement runs before the
// watch no longer notices that it goes away.
const maxAhead = 16 << 10

// startWatch calls gone if the client closes the connection before the watch is
// stopped. What it reads meanwhile is given to the next command.
func (c *conn) startWatch(gone func()) {
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		gone()
		return
	}
	done := make(chan struct{})
	var stopping atomic.Bool
	go func() {
		defer close(done)
		var b [1 << 10]byte
		for len(c.ahead) < maxAhead {
			n, err := c.Conn.Read(b[:])
			c.ahead = append(c.ahead, b[:n]...)
			if err != nil {
				if !stopping.Load() {
					gone()
				}
				return
			}
		}
	}()
	c.stopWatch = func() {
		stopping.Store(true)
		c.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // a closed connection reads no more either
		<-done
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

// last returns where the last packet of p begins and its sequence number, where p
// comes after what was tracked. Without one that is p's end and the next number.
func (t packetTracker) last(p []byte) (int, byte) {
	end := len(p)
	for at := 0; at < len(p); {
		if t.left == 0 && t.have == 0 {
			end = at
		}
		n := t.left
		if n == 0 {
			n = len(t.head) - t.have
		}
		n = min(n, len(p)-at)
		t.track(bytes.Clone(p[at:at+n]), 0)
		at += n
	}
	if end == len(p) {
		return end, t.sequence + 1
	}
	return end, t.sequence
}
