package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// listener is a listener whose connections can send an answer in one piece.
type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// conn is a connection that puts the pieces of an answer together. net/http
// writes what exceeds its buffer of 4 KB in pieces, each of which is a call to
// the system and wakes the client.
type conn struct {
	net.Conn
	// left is how many bytes are still to come at least. While there are any,
	// what is written is held.
	left int
	held *bytes.Buffer
}

// maxHeld is the size beyond which an answer goes out in pieces.
const maxHeld = 32 << 10

// whole tells the connection of a request that an answer with a body of size
// bytes begins, no part of which is written yet. The request must be one whose
// answer does have that body.
func whole(r *http.Request, size int) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok && r.ProtoMajor == 1 && size <= maxHeld {
		c.left = size
	}
}

// Write holds what is only a part of an answer. The rest is sure to come: less
// than the body alone was written.
func (c *conn) Write(p []byte) (int, error) {
	last := c.left <= len(p)
	c.left = max(0, c.left-len(p))
	if last && c.held == nil {
		return c.Conn.Write(p)
	}
	if c.held == nil {
		c.held = buffers.Get().(*bytes.Buffer)
	}
	c.held.Write(p)
	if !last {
		return len(p), nil
	}
	held := c.held
	c.held = nil
	defer putBuffer(held)
	n, err := c.Conn.Write(held.Bytes())
	return max(0, n-(held.Len()-len(p))), err
}

type connKey struct{}

// withConn lets a request find its connection, below TLS if there is any.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}
