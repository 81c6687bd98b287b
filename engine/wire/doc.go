// Package wire is the MySQL server: it accepts connections, authenticates them,
// hands their statements to engine sessions and writes batches as packets.
//
// The protocol comes from go-mysql-server's vitess fork; everything that decides
// is ours. A connection passes, from outside in: the listener guard (connection
// caps, a handshake deadline, a byte budget before login), TLS, the command
// guard (packet caps; what prepares statements never reaches the protocol
// library's own parser), authentication, and the handler. No statement reaches
// any executor but engine.Session.
package wire
