package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// receiver is a system that gets events, as somebody would write it who has
// only read how deliveries are signed.
type receiver struct {
	mu       sync.Mutex
	address  string
	status   int
	server   *http.Server
	requests []received
}

type received struct{ event, delivery, signature, body string }

// ServeHTTP keeps the request and answers as it is told.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	h := request.Header
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, received{h.Get("Laurel-Event"), h.Get("Laurel-Delivery"), h.Get("Laurel-Signature"), string(body)})
	w.WriteHeader(r.status)
}

// listen opens the port that it had before, if it had one.
func (r *receiver) listen() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		return err
	}
	r.address = listener.Addr().String()
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Second}
	go r.server.Serve(listener) //nolint:errcheck // it ends when it is closed
	return nil
}

// signed reports whether a request is signed with a secret.
func (r received) signed(secret string) bool {
	t, v1, _ := strings.Cut(r.signature, ",v1=")
	t = strings.TrimPrefix(t, "t=")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "." + r.delivery + "." + r.body))
	seconds, err := strconv.ParseInt(t, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() < 5*time.Minute && hex.EncodeToString(mac.Sum(nil)) == v1
}

// receivers are those of the running scripts, by working directory and name.
var receivers sync.Map

// receive starts a receiver, or changes what it answers: receive NAME STATUS, or
// receive NAME down. NAME_PORT becomes its port.
func receive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: receive NAME STATUS|down")
	}
	value, known := receivers.LoadOrStore(ts.Getenv("WORK")+args[0], &receiver{address: "127.0.0.1:0"})
	r := value.(*receiver)
	if !known {
		ts.Defer(func() { _ = r.server.Close() })
	}
	if args[1] == "down" {
		if !known {
			ts.Check(r.listen()) // for its port
		}
		ts.Check(r.server.Close())
	} else {
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		r.mu.Lock()
		r.status = status
		r.mu.Unlock()
		if connection, err := net.Dial("tcp", r.address); known && err == nil {
			ts.Check(connection.Close())
		} else {
			ts.Check(r.listen())
		}
	}
	_, port, err := net.SplitHostPort(r.address)
	ts.Check(err)
	ts.Setenv(args[0]+"_PORT", port)
}

// arrived waits until a receiver has got an event about an object, signed with
// a secret, at least N times under one id: arrived NAME EVENT OBJECT SECRET N.
// Everything that it got is written to the file NAME.
func arrived(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: arrived NAME EVENT OBJECT SECRET N")
	}
	want, err := strconv.Atoi(args[4])
	ts.Check(err)
	value, known := receivers.Load(ts.Getenv("WORK") + args[0])
	if !known {
		ts.Fatalf("no receiver %s", args[0])
	}
	r := value.(*receiver)
	var all strings.Builder
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		requests := r.requests
		r.mu.Unlock()
		all.Reset()
		seen := make(map[string]int)
		for _, got := range requests {
			fmt.Fprintf(&all, "%s %s\n", got.event, got.body)
			if got.event != args[1] || !strings.Contains(got.body, `"id":"`+args[2]+`"`) {
				continue
			}
			if !got.signed(args[3]) {
				ts.Fatalf("a request is not signed with the secret")
			}
			seen[got.delivery]++
		}
		if len(seen) == 1 && want <= seen[firstKey(seen)] {
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(all.String()), 0o600))
			return
		}
	}
	ts.Fatalf("it did not arrive; what did:\n%s", all.String())
}

func firstKey(m map[string]int) string {
	for k := range m {
		return k
	}
	return ""
}
