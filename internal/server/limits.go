package server

import (
	"container/list"
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// clients is a bounded table of who asked how often. When it is full, whoever
// has been quiet the longest is forgotten.
type clients struct {
	rate  rate.Limit
	burst int
	size  int

	mu     sync.Mutex // guards what follows
	byAddr map[netip.Prefix]*list.Element
	recent *list.List // of *client, the most recent first
}

type client struct {
	network netip.Prefix
	limiter *rate.Limiter
}

func newClients(perSecond float64, burst, size int) *clients {
	limit := rate.Limit(perSecond)
	if perSecond < 0 {
		limit = rate.Inf
	}
	return &clients{rate: limit, burst: burst, size: size, byAddr: make(map[netip.Prefix]*list.Element), recent: list.New()}
}

// allow counts a request of a client at a time. Addresses that cannot be read
// share one account.
func (t *clients) allow(address string, now time.Time) bool {
	network := networkOf(address)
	t.mu.Lock()
	defer t.mu.Unlock()
	element, ok := t.byAddr[network]
	if !ok {
		if t.recent.Len() >= t.size {
			last := t.recent.Back()
			delete(t.byAddr, last.Value.(*client).network)
			t.recent.Remove(last)
		}
		element = t.recent.PushFront(&client{network, rate.NewLimiter(t.rate, t.burst)})
		t.byAddr[network] = element
	}
	t.recent.MoveToFront(element)
	return element.Value.(*client).limiter.AllowN(now, 1)
}

// networkOf is what counts as one client: an IPv4 address, or a /64 of IPv6,
// of which anybody has as many addresses as they like.
func networkOf(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits)
	return network
}

// gate lets a number of checks run and another number wait.
type gate struct {
	running chan struct{}
	queue   int64
	waiting atomic.Int64
}

func newGate(parallel, queue int) *gate {
	return &gate{running: make(chan struct{}, parallel), queue: int64(queue)}
}

// enter waits for a turn. After nil, leave must be called. The error is a
// refusal when too many wait already, or the context's.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.running <- struct{}{}:
		return nil
	default:
	}
	if g.waiting.Add(1) > g.queue {
		g.waiting.Add(-1)
		return refuse(problemBusy)
	}
	defer g.waiting.Add(-1)
	select {
	case g.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.running }
