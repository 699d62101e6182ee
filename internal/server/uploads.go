package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// uploadsAtOnce is how many files are read at a time: each is held in memory
	// as a whole.
	uploadsAtOnce = 4
	// uploadRate is the slowest that a file may come in, in bytes a second, and
	// uploadTimeout the longest that it may take.
	uploadRate    = 32 << 10
	uploadTimeout = 5 * time.Minute
)

// uploads are the files of people that are being read: one of a tenant, so that
// no tenant takes the places of all, and a few together. Drafts are made of them
// one at a time, which waits for no client.
type uploads struct {
	drafting chan struct{} // holds a token while a draft is made

	mu      sync.Mutex // guards what follows
	reading map[string]bool
	ended   chan struct{} // closed when one of them ends
}

func newUploads() *uploads {
	return &uploads{drafting: make(chan struct{}, 1), reading: make(map[string]bool), ended: make(chan struct{})}
}

// enter waits for a place for a tenant's upload. After nil, leave must be called.
func (u *uploads) enter(ctx context.Context, tenant string, wait time.Duration) error {
	limit, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		ended := u.take(tenant)
		if ended == nil {
			return nil
		}
		select {
		case <-ended:
		case <-limit.Done():
			return waited(ctx)
		}
	}
}

// take takes a place if there is one, and otherwise gives what to wait for.
func (u *uploads) take(tenant string) (ended <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reading[tenant] || len(u.reading) >= uploadsAtOnce {
		return u.ended
	}
	u.reading[tenant] = true
	return nil
}

func (u *uploads) leave(tenant string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.reading, tenant)
	close(u.ended)
	u.ended = make(chan struct{})
}

// draft waits for its turn to make a draft. After nil, drafted must be called.
func (u *uploads) draft(ctx context.Context, wait time.Duration) error {
	limit, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	select {
	case u.drafting <- struct{}{}:
		return nil
	case <-limit.Done():
		return waited(ctx)
	}
}

func (u *uploads) drafted() { <-u.drafting }

// waited is the error of who has waited in vain.
func waited(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return &refusal{problemUnavailable, "Other files are being uploaded."}
}

// pacedBody is the body of an upload, which has to keep coming in.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	idle    time.Duration
	read    int64
	failed  error // what reading ended with, other than the end
}

// pace makes the body of a request one that has to keep coming in.
func (s *Server) pace(c *gin.Context) *pacedBody {
	return &pacedBody{
		ReadCloser: http.MaxBytesReader(c.Writer, c.Request.Body, maxUpload), control: http.NewResponseController(c.Writer),
		began: time.Now(), idle: s.limits.UploadIdle,
	}
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	until := time.Now().Add(b.idle)
	for _, limit := range []time.Time{
		b.began.Add(b.idle + time.Duration(b.read)*time.Second/uploadRate),
		b.began.Add(uploadTimeout),
	} {
		if limit.Before(until) {
			until = limit
		}
	}
	_ = b.control.SetReadDeadline(until) // not every connection has one
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// done ends the watch over the body, all of which has come in. The connection
// would otherwise seem lost at the deadline.
func (b *pacedBody) done() {
	_, _ = io.Copy(io.Discard, b) // what follows the last part
	_ = b.control.SetReadDeadline(time.Time{})
}
