package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// written notes every piece that goes out.
type written struct {
	net.Conn
	pieces []string
	err    error
}

func (w *written) Write(p []byte) (int, error) {
	if w.err != nil {
		return min(len(p), 3), w.err
	}
	w.pieces = append(w.pieces, string(p))
	return len(p), nil
}

func TestConnPutsAnAnswerTogether(t *testing.T) {
	for _, test := range []struct {
		name   string
		size   int
		pieces []string
		want   []string
	}{
		{"nothing announced", 0, []string{"head", "body"}, []string{"head", "body"}},
		{"one piece", 4, []string{"headbody"}, []string{"headbody"}},
		{"two pieces", 5, []string{"head", "body"}, []string{"headbody"}},
		{"three pieces", 9, []string{"head", "bo", "dy."}, []string{"headbody."}},
		{"what follows is another answer", 5, []string{"head", "body", "100"}, []string{"headbody", "100"}},
		{"too much to hold", maxHeld + 1, []string{"head", "body"}, []string{"head", "body"}},
	} {
		under := &written{}
		c := &conn{Conn: under}
		r := httptest.NewRequest(http.MethodPost, "/verify", nil)
		whole(r.WithContext(withConn(context.Background(), c)), test.size)
		for _, piece := range test.pieces {
			if n, err := c.Write([]byte(piece)); n != len(piece) || err != nil {
				t.Errorf("%s: wrote %d: %v", test.name, n, err)
			}
		}
		if diff := cmp.Diff(test.want, under.pieces); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestConnReportsWhatWasNotWritten(t *testing.T) {
	gone := errors.New("gone")
	c := &conn{Conn: &written{err: gone}, left: 5}
	if n, err := c.Write([]byte("head")); n != 4 || err != nil {
		t.Fatalf("a piece that is held: %d, %v", n, err)
	}
	if n, err := c.Write([]byte("body")); n != 0 || !errors.Is(err, gone) {
		t.Errorf("wrote %d: %v", n, err)
	}
}

func TestConnOfAnotherKind(t *testing.T) {
	under := &conn{Conn: &written{}}
	for _, test := range []struct {
		name  string
		ctx   context.Context
		major int
		want  int
	}{
		{"plain", withConn(context.Background(), under), 1, 7},
		{"below TLS", withConn(context.Background(), tls.Server(under, &tls.Config{})), 1, 7},
		{"HTTP/2, where answers mix", withConn(context.Background(), under), 2, 0},
		{"no connection", context.Background(), 1, 0},
	} {
		under.left = 0
		r := httptest.NewRequest(http.MethodPost, "/verify", nil).WithContext(test.ctx)
		r.ProtoMajor = test.major
		whole(r, 7)
		if under.left != test.want {
			t.Errorf("%s: %d bytes are expected", test.name, under.left)
		}
	}
}

// A report is larger than the buffers of net/http and goes out in one piece.
func TestReportIsOnePiece(t *testing.T) {
	counted := make(chan int, 1)
	under := &written{}
	server := &http.Server{ConnContext: withConn, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := strings.Repeat("x", 6000)
		w.Header().Set("Content-Length", "6000")
		whole(r, len(body))
		_, _ = io.WriteString(w, body)
		counted <- len(under.pieces)
	})}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener{noting{inner, under}}) //nolint:errcheck // ends with Close
	defer server.Close()                            //nolint:errcheck // the test is over
	response, err := http.Post("http://"+inner.Addr().String(), "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // was only read
	body, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Equal(body, bytes.Repeat([]byte("x"), 6000)) {
		t.Errorf("the body has %d bytes: %v", len(body), err)
	}
	if pieces := <-counted; pieces != 0 {
		t.Errorf("%d pieces went out before the answer was complete", pieces)
	}
}

// noting gives connections whose writes are noted.
type noting struct {
	net.Listener
	noted *written
}

func (n noting) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &both{c, n.noted}, nil
}

// both writes to a connection and notes it.
type both struct {
	net.Conn
	noted *written
}

func (b *both) Write(p []byte) (int, error) {
	_, _ = b.noted.Write(p)
	return b.Conn.Write(p)
}
