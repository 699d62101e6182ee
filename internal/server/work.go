package server

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"laurel/verifier"
)

// Work is counted in questions whether a check may go on, which everything that
// can take long asks after so many statements, nodes or steps: some 30 µs each,
// on any machine, and none for waiting for another host.
const (
	// ordinaryWork is more than the check of a badge of usual size takes, which
	// asks about ten times.
	ordinaryWork = 32
	// bytesOfWork is how much is read with the work of one question.
	bytesOfWork = 16 << 10
	// heavyBody is the size of a body that is heavy whoever sends it.
	heavyBody = 256 << 10
)

const (
	// spell is how much a check that is more than ordinary works before it
	// pauses, and pause for how long: who runs on the same processor, and the
	// network, would otherwise be kept waiting for the 10 ms after which the
	// runtime interrupts.
	spell = 8
	pause = 100 * time.Microsecond
	// penalty is how long a refusal takes, so that asking again at once, as an
	// attacker does, costs the server little.
	penalty = 50 * time.Millisecond
)

// work is the context of one check. It counts the work of the check and makes
// it pause.
type work struct {
	context.Context
	asked atomic.Int32
}

// Err implements context.Context.
func (w *work) Err() error {
	if asked := w.asked.Add(1); asked > ordinaryWork && asked%spell == 0 {
		time.Sleep(pause)
	}
	return w.Context.Err()
}

// lane is the gate for a check: that of heavy ones for networks whose checks
// have been heavy, and for large bodies. What is in one lane does not wait for
// what is in the other, and the heavy one never takes all processors if there
// are several.
func (s *Server) lane(network netip.Prefix, size int64) *gate {
	if size > heavyBody || s.clients.isHeavy(network) {
		return s.heavy
	}
	return s.gate
}

// admit refuses a request of a network before its body is read when there is no
// room for its check.
func (s *Server) admit(ctx context.Context, network netip.Prefix, size int64) error {
	if !s.clients.allow(network, s.clock()) {
		return refuseLate(ctx, refuse(problemRate))
	}
	return refuseLate(ctx, s.lane(network, size).room(network))
}

// refuseLate passes on a refusal after the penalty.
func refuseLate(ctx context.Context, refusal error) error {
	if refusal == nil {
		return nil
	}
	timer := time.NewTimer(penalty)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return refusal
}

// check checks when it is the network's turn. The body was read before, so that
// a slow client keeps nobody waiting.
func (s *Server) check(ctx context.Context, network netip.Prefix, sent submission) (report *verifier.Report, err error) {
	err = s.turn(ctx, network, len(sent.data), func(ctx context.Context) error {
		report, err = s.verifier.Verify(ctx, sent.data, sent.expect)
		return err
	})
	return report, err
}

// turn waits for the network's turn, and then does a check of so many bytes.
func (s *Server) turn(ctx context.Context, network netip.Prefix, size int, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.limits.VerifyTime)
	defer cancel()
	lane := s.lane(network, int64(size))
	if err := lane.enter(ctx, network); err != nil {
		return err
	}
	if now := s.lane(network, int64(size)); now != lane && now == s.heavy {
		// So its network turned out while it waited.
		lane.leave(network)
		if err := now.enter(ctx, network); err != nil {
			return err
		}
		lane = now
	}
	defer lane.leave(network)
	w := &work{Context: ctx}
	defer func() { s.clients.worked(network, int(w.asked.Load())+size/bytesOfWork) }()
	return do(w)
}
