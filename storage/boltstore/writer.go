package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// batchLimit bounds the writes of one commit, and with it how long a write
// waits for those beside it.
const batchLimit = 256

// writer is the one goroutine that writes. It commits whatever is waiting as
// soon as the commit before is on disk, without waiting for more.
type writer struct {
	db     *bolt.DB
	memory memory
	wake   chan struct{} // holds one signal that queue or closed changed
	done   chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex // guards what follows
	queue  []*job
	closed bool
	failed error // set once, when a commit's fate is not known

	ballast *ballast // nil for none; belongs to the goroutine
}

// job is one write. Its fields belong to the writer until finished is closed.
type job struct {
	ctx      context.Context
	fn       func(*txn) error
	vital    bool // must be possible when the disk is full
	err      error
	panicked any
	finished chan struct{}
}

func startWriter(db *bolt.DB, kept *ballast) *writer {
	w := &writer{db: db, ballast: kept, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// do has fn run in a transaction and returns when that is on disk. A context
// that ends while fn waits cancels it; from then on the outcome is awaited,
// since nobody could say what it was.
func (w *writer) do(ctx context.Context, vital bool, fn func(*txn) error) error {
	j := &job{ctx: ctx, vital: vital, fn: fn, finished: make(chan struct{})}
	if err := w.enqueue(j); err != nil {
		return err
	}
	<-j.finished
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

func (w *writer) enqueue(j *job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return storage.ErrClosed
	}
	if w.failed != nil {
		return w.failed
	}
	w.queue = append(w.queue, j)
	w.signal()
	return nil
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writer) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// stop ends the goroutine once the queue is empty. It reports false when that
// was done before.
func (w *writer) stop() bool {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	w.signal()
	<-w.done
	return first
}

func (w *writer) run() {
	defer close(w.done)
	last := 0
	for {
		// Callers of the batch before are about to write again. Letting them
		// run first keeps one early bird from getting a commit of its own.
		for range min(last, 8) {
			runtime.Gosched()
		}
		batch, closed := w.take()
		last = len(batch)
		switch {
		case len(batch) > 0:
			w.commit(batch)
		case closed:
			return
		default:
			<-w.wake
		}
	}
}

func (w *writer) take() (batch []*job, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), batchLimit)
	batch = w.queue[:n:n]
	w.queue = w.queue[n:]
	return batch, w.closed
}

// commit carries out a batch. A write that fails after it has changed
// something takes the whole transaction with it: the others are run again
// without it, and it once more on its own, as its failure may have been due to
// one beside it.
func (w *writer) commit(batch []*job) {
	batch = w.ballast.admit(batch)
	var alone []*job
	for len(batch) > 0 {
		spoiler := w.attempt(batch)
		if spoiler < 0 || len(batch) == 1 {
			break
		}
		alone = append(alone, batch[spoiler])
		rest := make([]*job, 0, len(batch)-1)
		batch = append(append(rest, batch[:spoiler]...), batch[spoiler+1:]...)
	}
	w.rescue(batch)
	finish(batch)
	for _, j := range alone {
		w.attempt([]*job{j})
		w.rescue([]*job{j})
		finish([]*job{j})
	}
}

func finish(jobs []*job) {
	for _, j := range jobs {
		close(j.finished)
	}
}

// attempt runs the jobs in one transaction and commits it, leaving its result
// in each. If one fails after writing, nothing is kept and its index returned;
// otherwise -1.
func (w *writer) attempt(batch []*job) (spoiler int) {
	if err := w.err(); err != nil {
		failAll(batch, err)
		return -1
	}
	tx, err := w.db.Begin(true)
	if err != nil {
		failAll(batch, w.fail(err))
		return -1
	}
	t := &txn{tx: tx, memory: &w.memory}
	written := false
	for i, j := range batch {
		t.dirty, t.err = false, nil
		j.run(t)
		if (j.err != nil || j.panicked != nil) && t.dirty {
			w.rollback(tx)
			return i
		}
		written = written || t.dirty
	}
	if !written {
		w.rollback(tx)
		return -1
	}
	if err := guard(tx.Commit); err != nil {
		_ = guard(tx.Rollback) // in case it panicked and still holds the lock
		failAll(batch, w.commitFailed(err))
	}
	return -1
}

// run runs the job's function and catches its panic. What a function had done
// before it panicked is never kept.
func (j *job) run(t *txn) {
	j.err, j.panicked = nil, nil
	if j.err = j.ctx.Err(); j.err != nil {
		return
	}
	defer func() {
		if j.panicked = recover(); j.panicked != nil {
			t.dirty = true
		}
	}()
	if j.err = j.fn(t); t.err != nil {
		j.err = t.err // what fn made of a damaged row counts for nothing
	}
}

func failAll(batch []*job, err error) {
	for _, j := range batch {
		j.err, j.panicked = err, nil
	}
}

func (w *writer) rollback(tx *bolt.Tx) {
	if err := guard(tx.Rollback); err != nil {
		w.fail(err)
	}
}

// commitFailed decides whether the store can go on. A full disk refuses data
// pages before anything points to them: nothing happened. After any other
// fault, above all one of fsync, what is on disk is unknown, and a retry that
// succeeded would prove nothing.
func (w *writer) commitFailed(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && (path.Op == "write" || path.Op == "truncate") &&
		(errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)) {
		return fmt.Errorf("%w: %w", storage.ErrFull, err)
	}
	return w.fail(err)
}

func (w *writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = fmt.Errorf("%w: %w", storage.ErrFailed, err)
	}
	return w.failed
}
