package crash

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"laurel/credential/statuslist"
	"laurel/test/program"
)

// clients is how many are at work at the same time.
const clients = 8

// visibleWithin is how soon everybody has to see a revocation.
const visibleWithin = time.Second

// registry is what the clients and the checker of one institution share.
type registry struct {
	institution program.Institution
	achievement string
	journal     *journal

	mu      sync.Mutex // guards what follows
	known   []badge    // acknowledged awards that are not revoked, nor about to be changed
	made    int        // requests so far
	rotated int        // new keys that were asked for
	good    int        // requests that were answered as they have to be
	faults  []string
	slowest time.Duration // until a revocation was seen
}

// newRegistry sets up an institution with an achievement.
func newRegistry(t *testing.T) (*registry, *program.Server) {
	t.Helper()
	r := &registry{institution: program.Init(t, "https://badges.example.ac.uk", "--suspension"), journal: newJournal(t, t.TempDir()+"/journal")}
	server := r.serve(t)
	document := []byte(`{"name": "Survivor", "description": "Was awarded while the power failed.", "criteria": {"narrative": "Be there."}}`)
	answer, err := server.Operate(t.Context(), http.MethodPost, "/api/v1/achievements", "", document)
	var made struct{ ID string }
	if err != nil || answer.Status != http.StatusCreated || json.Unmarshal(answer.Body, &made) != nil {
		t.Fatalf("creating achievement: %d %s %v", answer.Status, answer.Body, err)
	}
	r.achievement = made.ID
	return r, server
}

// serve starts the server. Requests name a client address each, as behind a
// proxy, so that the limit for one address does not slow down the checker.
func (r *registry) serve(t *testing.T) *program.Server {
	t.Helper()
	return program.Serve(t, r.institution, proxy...)
}

// proxy has the server believe what clients say about their address.
var proxy = []string{"--trusted-proxy", "127.0.0.1/32"}

// fault notes something that must not be.
func (r *registry) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// answers is how many requests were answered as they have to be.
func (r *registry) answers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.good
}

// nextKey names a request.
func (r *registry) nextKey(op string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	return fmt.Sprintf("%s-%d", op, r.made)
}

// work lets the clients award, change the status of what was awarded, and now
// and then make a new key, until the server is gone or ctx ends.
func (r *registry) work(ctx context.Context, server *program.Server, seed uint64) {
	var group sync.WaitGroup
	for i := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		group.Go(func() {
			for ctx.Err() == nil && r.act(ctx, server, random) {
			}
		})
	}
	group.Wait()
}

// rotateOneIn is how many acts there are for one new key, rotateMost how many new
// keys there are: an issuer has 120 in its life.
const (
	rotateOneIn = 200
	rotateMost  = 60
)

// act makes one request. It reports whether the server still answers.
func (r *registry) act(ctx context.Context, server *program.Server, random *rand.Rand) bool {
	switch {
	case random.IntN(rotateOneIn) == 0 && r.mayRotate():
		_, ok := r.send(ctx, server, entry{Op: rotate, Key: r.nextKey(rotate)})
		return ok
	case random.IntN(3) == 0:
		if b, ok := r.take(random); ok {
			return r.change(ctx, server, b, random)
		}
	}
	b, ok := r.send(ctx, server, r.awardEntry())
	if !ok || b.id == "" {
		return ok
	}
	if random.IntN(3) > 0 {
		if _, ok = r.fetch(ctx, server, &b); !ok {
			return false
		}
	}
	r.putBack(b)
	return true
}

// mayRotate reports whether one key more can be made, and counts it.
func (r *registry) mayRotate() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rotated++
	return r.rotated <= rotateMost
}

// take picks a badge that is to be changed.
func (r *registry) take(random *rand.Rand) (badge, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) == 0 {
		return badge{}, false
	}
	i, last := random.IntN(len(r.known)), len(r.known)-1
	b := r.known[i]
	r.known[i] = r.known[last]
	r.known = r.known[:last]
	return b, true
}

// putBack lets a badge be changed again.
func (r *registry) putBack(b badge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = append(r.known, b)
}

// awardEntry is a request for a new award.
func (r *registry) awardEntry() entry {
	key := r.nextKey(award)
	return entry{Op: award, Key: key, Body: fmt.Sprintf(`{"achievement": %q, "recipient": {"email": "%s@example.org"}}`, r.achievement, key)}
}

// send makes a request and writes down that it goes out and that its answer
// came. ok is false when no answer came; the badge is empty when it was another
// one than has to come.
func (r *registry) send(ctx context.Context, server *program.Server, e entry) (b badge, ok bool) {
	e.Event = sent
	if err := r.journal.write(e); err != nil {
		r.fault("writing journal: %v", err)
		return b, false
	}
	b, _, ok = r.ask(ctx, server, e)
	return b, ok
}

// request sends a request and returns the answer with the status that it has to
// have.
func (r *registry) request(ctx context.Context, server *program.Server, e entry) (answer program.Answer, want int, err error) {
	path, key, body, want := "/api/v1/credentials", e.Key, []byte(e.Body), http.StatusCreated
	switch e.Op {
	case rotate:
		path, key, body, want = "/api/v1/keys/rotate", "", nil, http.StatusOK
	case revoke, suspend, reinstate:
		path, body, want = path+"/"+e.ID+"/status", fmt.Appendf(nil, `{"action": %q, "reason": "test"}`, e.Op), http.StatusOK
	}
	answer, err = server.Operate(ctx, http.MethodPost, path, key, body)
	return answer, want, err
}

// ask makes a request that is in the journal already, and writes down its
// answer. replayed says that the answer is that of an earlier request.
func (r *registry) ask(ctx context.Context, server *program.Server, e entry) (b badge, replayed, ok bool) {
	answer, want, err := r.request(ctx, server, e)
	if err != nil {
		return b, false, false
	}
	b, err = r.judge(e, answer, want)
	if err != nil {
		r.fault("%v", err)
	}
	return b, answer.Header.Get("Idempotency-Replayed") == "true", true
}

// judge writes down an answer, unless it is another one than has to come.
func (r *registry) judge(e entry, answer program.Answer, want int) (badge, error) {
	var said struct{ ID, URL, State string }
	if err := json.Unmarshal(answer.Body, &said); err != nil || answer.Status != want || said.State != stateAfter[e.Op] {
		return badge{}, fmt.Errorf("%s %s was answered with %d %s", e.Op, e.Key, answer.Status, answer.Body)
	}
	if e.ID != "" && e.ID != said.ID {
		r.fault("%s %s of %s was answered with the id %s", e.Op, e.Key, e.ID, said.ID)
	}
	r.mu.Lock()
	r.good++
	r.mu.Unlock()
	e.Event, e.Body, e.ID, e.URL = acked, "", said.ID, said.URL
	if err := r.journal.write(e); err != nil {
		r.fault("writing journal: %v", err)
	}
	return badge{id: said.ID, url: said.URL, state: said.State}, nil
}

// attempt makes a request that may fail, and that is in the journal already. It
// returns the status of the answer, 0 when there was none. A failure is a fault
// unless its status says that it is the server's.
func (r *registry) attempt(ctx context.Context, server *program.Server, e entry) (b badge, status int) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	answer, want, err := r.request(ctx, server, e)
	if err != nil {
		return b, 0
	}
	b, err = r.judge(e, answer, want)
	if err != nil && answer.Status < http.StatusInternalServerError && answer.Status != http.StatusConflict {
		r.fault("%v", err)
	}
	return b, answer.Status
}

// fetch gets a badge by its public address and writes down what came.
func (r *registry) fetch(ctx context.Context, server *program.Server, b *badge) (data []byte, ok bool) {
	answer, err := server.Get(ctx, b.url, "application/vc")
	if err != nil {
		return nil, false
	}
	if answer.Status != http.StatusOK {
		r.fault("badge %s is lost: GET %s is answered with %d %s", b.id, b.url, answer.Status, answer.Body)
		return nil, true
	}
	sum := sha256.Sum256(answer.Body)
	digest := hex.EncodeToString(sum[:])
	if b.digest != "" && b.digest != digest {
		r.fault("badge %s is not what it was: %s", b.id, answer.Body)
	}
	if b.digest == "" {
		b.digest = digest
		if err := r.journal.write(entry{Event: seen, ID: b.id, Digest: digest}); err != nil {
			r.fault("writing journal: %v", err)
		}
	}
	return answer.Body, true
}

// change revokes, suspends or reinstates a badge and, now and then, waits until
// the list shows it.
func (r *registry) change(ctx context.Context, server *program.Server, b badge, random *rand.Rand) bool {
	op := revoke
	switch {
	case b.state == suspended && random.IntN(2) == 0:
		op = reinstate
	case b.state == issued && random.IntN(3) == 0:
		op = suspend
	}
	done, ok := r.send(ctx, server, entry{Op: op, Key: r.nextKey(op), ID: b.id})
	if !ok || done.id == "" {
		return ok
	}
	b.state = stateAfter[op]
	if random.IntN(3) == 0 {
		if ok := r.awaitChange(ctx, server, &b); !ok {
			return false
		}
	}
	if op != revoke {
		r.putBack(b)
	}
	return true
}

// awaitChange waits until a change that was just acknowledged is seen.
func (r *registry) awaitChange(ctx context.Context, server *program.Server, b *badge) bool {
	data, ok := r.fetch(ctx, server, b)
	if !ok || data == nil {
		return ok
	}
	places, err := placesOf(data)
	if err != nil {
		r.fault("badge %s: %v", b.id, err)
		return true
	}
	for _, place := range places {
		if place.StatusPurpose == statuslist.Revocation && b.state != revoked {
			continue
		}
		if ok := r.awaitBit(ctx, server, b, place); !ok {
			return false
		}
	}
	return true
}

func (r *registry) awaitBit(ctx context.Context, server *program.Server, b *badge, place statuslist.Entry) bool {
	for start := time.Now(); ; {
		answer, err := server.Get(ctx, place.StatusListCredential, "application/vc")
		if err != nil {
			return false
		}
		set, err := isSet(answer, place)
		took := time.Since(start)
		switch {
		case err != nil:
			r.fault("status list of badge %s: %v", b.id, err)
			return true
		case set == bit(b.state, place.StatusPurpose):
			r.mu.Lock()
			defer r.mu.Unlock()
			r.slowest = max(r.slowest, took)
			return true
		case took > visibleWithin:
			r.fault("badge %s: that it is %s is lost: it is not seen in the status list after %v", b.id, b.state, took)
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
}
