package wire

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"github.com/meshql/meshql/planner/mysqlerr"
)

// Commands of the protocol that a client may send.
const (
	comQuit            = 0x01
	comInitDB          = 0x02
	comQuery           = 0x03
	comFieldList       = 0x04
	comPing            = 0x0e
	comPrepare         = 0x16
	comExecute         = 0x17
	comSendLongData    = 0x18
	comStmtClose       = 0x19
	comStmtReset       = 0x1a
	comSetOption       = 0x1b
	comResetConnection = 0x1f
)

// Limits of commands.
const (
	maxText     = 1 << 20   // a statement, which the planner caps lower
	maxCommand  = 16 << 20  // arguments of a prepared statement
	maxDrained  = 64 << 20  // what is read of a command too long, to answer it
	maxPayload  = 1<<24 - 1 // of a packet; a command as long goes on in the next
	maxPrepared = 1024      // prepared statements a connection keeps
)

// standIn is what the library prepares in place of every statement, so that it
// neither parses a client's text nor a client's arguments.
const standIn = "SELECT 1"

// commands is what the guard reads out of commands for the handler.
type commands struct {
	refused   error  // why the command at hand is not carried out
	preparing string // the text of COM_STMT_PREPARE
	args      []any  // of COM_STMT_EXECUTE
}

// statement is a prepared statement of the connection.
type statement struct {
	text   string
	params int
	types  []paramType
	long   map[int][]byte // from COM_STMT_SEND_LONG_DATA
	size   int            // of long
	err    error          // of COM_STMT_SEND_LONG_DATA, which has no answer
}

// nextCommand takes in the next command and gives the library one that it can
// carry out: the same, a stand-in, or a query that the handler refuses.
func (c *conn) nextCommand() error {
	c.refused = nil
	body, err := c.readCommand()
	if err != nil || c.refused != nil {
		return err
	}
	switch body[0] {
	case comQuit, comPing, comQuery, comInitDB:
		c.forward(body)
	case comFieldList:
		if bytes.IndexByte(body[1:], 0) < 0 {
			c.refuse(mysqlerr.MalformedPacket())
			return nil
		}
		c.forward(body)
	case comSetOption:
		if len(body) != 3 || binary.LittleEndian.Uint16(body[1:]) > 1 {
			c.refuse(mysqlerr.UnknownCommand())
			return nil
		}
		c.forward(body)
	case comResetConnection:
		clear(c.statements)
		c.forward(body)
	case comPrepare:
		c.preparing = string(body[1:])
		c.forward(append([]byte{comPrepare}, standIn...))
	case comExecute:
		if c.args, err = c.arguments(body[1:]); err != nil {
			c.refuse(err)
			return nil
		}
		nulls := (c.statements[statementID(body[1:])].params + 7) / 8
		c.forward(append(append(append([]byte{comExecute}, body[1:5]...), 0, 1, 0, 0, 0), make([]byte, nulls)...))
	case comSendLongData:
		c.longData(body[1:])
	case comStmtClose:
		delete(c.statements, statementID(body[1:]))
		c.forward(body)
	case comStmtReset:
		st, ok := c.statements[statementID(body[1:])]
		if !ok {
			c.refuse(mysqlerr.UnknownStatement("mysqld_stmt_reset"))
			return nil
		}
		st.forget()
		c.forward(body)
	default:
		c.refuse(mysqlerr.UnknownCommand())
	}
	return nil
}

// readCommand reads the packets of one command. One too long is read to its end
// and refused.
func (c *conn) readCommand() ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.session.IdleTimeout())); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	total, limit := 0, 1
	for packets := byte(0); ; packets++ {
		var head [4]byte
		if err := c.readFull(head[:]); err != nil {
			return nil, err
		}
		if err := c.SetReadDeadline(time.Now().Add(c.listener.limits.read)); err != nil {
			return nil, err
		}
		size := payload(head)
		if total += size; head[3] != packets || total == 0 || total > maxDrained {
			return nil, errGuard
		}
		if packets == 0 {
			if err := c.copyTo(&body, 1); err != nil {
				return nil, err
			}
			size--
			limit = maxText
			if b := body.Bytes()[0]; b == comExecute || b == comSendLongData {
				limit = maxCommand
			}
		}
		keep := min(size, limit-body.Len())
		if err := c.copyTo(&body, keep); err != nil {
			return nil, err
		}
		if err := c.copyTo(io.Discard, size-keep); err != nil {
			return nil, err
		}
		if payload(head) < maxPayload {
			c.shift = packets // the library sees one packet
			break
		}
	}
	if total > limit {
		c.refuse(mysqlerr.PacketTooLarge())
		return nil, nil
	}
	return body.Bytes(), nil
}

// copyTo copies n bytes that the client sent. Memory grows with what arrives,
// not with what a header promises.
func (c *conn) copyTo(w io.Writer, n int) error {
	_, err := io.CopyN(w, clientInput{c}, int64(n))
	return err
}

// clientInput reads what the client sent, what was read ahead first.
type clientInput struct{ c *conn }

func (r clientInput) Read(p []byte) (int, error) {
	if len(r.c.ahead) > 0 {
		n := copy(p, r.c.ahead)
		r.c.ahead = r.c.ahead[n:]
		return n, nil
	}
	return r.c.Conn.Read(p)
}

// forward gives the library a command to read.
func (c *conn) forward(body []byte) {
	n := len(body)
	c.in = append(append(c.in[:0], byte(n), byte(n>>8), byte(n>>16), 0), body...)
}

// refuse gives the library a query, which the handler answers with err.
func (c *conn) refuse(err error) {
	c.refused = err
	c.forward([]byte{comQuery})
}

// statementID is the first field of the commands about a prepared statement.
// What is too short names none, as ids begin with 1.
func statementID(body []byte) uint32 {
	if len(body) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(body)
}

// longData keeps a piece of an argument. The command has no answer, so that what
// is wrong with it is told by the next COM_STMT_EXECUTE.
func (c *conn) longData(body []byte) {
	st, ok := c.statements[statementID(body)]
	if !ok || len(body) < 6 {
		return
	}
	i, piece := int(binary.LittleEndian.Uint16(body[4:])), body[6:]
	switch {
	case i >= st.params:
		st.err = mysqlerr.ExecuteArguments()
	case st.size+len(piece) > maxCommand:
		st.err = mysqlerr.PacketTooLarge()
	default:
		st.long[i] = append(st.long[i], piece...)
		st.size += len(piece)
	}
}

// forget drops the arguments sent ahead.
func (s *statement) forget() { s.long, s.size, s.err = make(map[int][]byte), 0, nil }
