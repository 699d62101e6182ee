package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"laurel/credential/statuslist"
	"laurel/did"
	"laurel/test/program"
	"laurel/verifier"
)

// sample is how many badges of earlier lives are looked at again after each
// kill. All are at the end.
const sample = 30

// checker compares what the journal says with what a server says after it came
// back. What it finds wrong are faults of the registry.
type checker struct {
	*registry
	server *program.Server
	record record
	places map[string][]statuslist.Entry // of badges that were looked at, by id

	checked map[string]bool // ids of badges that were looked at in an earlier life
	// unfinished are awards that were pending after a kill. Of the requests
	// without an answer, settled had been done and resumed had not.
	unfinished, settled, resumed int
}

func newChecker(r *registry) *checker {
	return &checker{registry: r, checked: make(map[string]bool)}
}

// check looks at what the journal says was acknowledged, has the requests
// without an answer answered, and looks at what came of them. With all it looks
// at every badge there is, and at the operators' list.
func (c *checker) check(t *testing.T, server *program.Server, random *rand.Rand, all bool) {
	t.Helper()
	ctx := t.Context()
	c.server, c.places = server, make(map[string][]statuslist.Entry)
	c.record = c.journal.read(t)

	chosen := c.choose(random, all)
	c.compareKeys(ctx)
	c.look(ctx, chosen)
	c.compareLists(ctx, chosen)
	pending, err := c.list(ctx, "pending")
	if err != nil {
		c.fault("listing what is pending: %v", err)
	}
	c.unfinished += len(pending)
	c.retry(ctx)

	c.record = c.journal.read(t)
	for _, fault := range c.record.faults {
		c.fault("%s", fault)
	}
	again := c.record.badges
	if !all {
		again = slices.DeleteFunc(slices.Clone(again), func(b *badge) bool { return c.checked[b.id] })
	}
	c.look(ctx, again)
	c.compareLists(ctx, again)
	for _, b := range again {
		c.checked[b.id] = b.asked == ""
	}
	if all {
		c.compareIndexes()
		c.compareList(ctx)
	}
}

// choose picks the badges that were not looked at yet and some of the others.
func (c *checker) choose(random *rand.Rand, all bool) []*badge {
	var chosen, old []*badge
	for _, b := range c.record.badges {
		if c.checked[b.id] && !all {
			old = append(old, b)
		} else {
			chosen = append(chosen, b)
		}
	}
	random.Shuffle(len(old), func(i, j int) { old[i], old[j] = old[j], old[i] })
	return append(chosen, old[:min(sample, len(old))]...)
}

// look fetches badges and has them verified, several at a time.
func (c *checker) look(ctx context.Context, badges []*badge) {
	queue := make(chan *badge)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for b := range queue {
				c.lookAt(ctx, b)
			}
		})
	}
	for _, b := range badges {
		queue <- b
	}
	close(queue)
	group.Wait()
}

func (c *checker) lookAt(ctx context.Context, b *badge) {
	data, ok := c.fetch(ctx, c.server, b)
	if !ok {
		c.fault("badge %s is lost: the server does not answer", b.id)
	}
	if data == nil {
		return
	}
	places, err := placesOf(data)
	if err != nil {
		c.fault("badge %s: %v", b.id, err)
		return
	}
	c.mu.Lock()
	c.places[b.id] = places
	c.mu.Unlock()
	report, err := c.verify(ctx, data)
	if err != nil {
		c.fault("verifying badge %s: %v", b.id, err)
		return
	}
	decisive, _ := report.Decisive()
	said := string(decisive.Code)
	switch {
	case report.Verdict == verifier.VerdictValid:
		said = issued
	case report.Verdict == verifier.VerdictInvalid && decisive.Code == verifier.CodeRevoked:
		said = revoked
	case report.Verdict == verifier.VerdictInvalid && decisive.Code == verifier.CodeSuspended:
		said = suspended
	}
	if !b.may(said) {
		c.fault("badge %s: that it is %s is lost: it is %s (%s)", b.id, b.state, report.Verdict, decisive.Code)
	}
}

// verify has a badge checked by the server. The limit of checks is one for an
// address, of which there are many.
func (c *checker) verify(ctx context.Context, data []byte) (*verifier.Report, error) {
	header := http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"},
		"X-Forwarded-For": {fmt.Sprintf("2001:db8:%x:%x::1", rand.N(0x10000), rand.N(0x10000))},
	}
	answer, err := c.server.Do(ctx, http.MethodPost, "/verify", header, data)
	if err != nil {
		return nil, err
	}
	var report verifier.Report
	if err := json.Unmarshal(answer.Body, &report); err != nil || answer.Status != http.StatusOK {
		return nil, fmt.Errorf("answered with %d %s", answer.Status, answer.Body)
	}
	return &report, nil
}

// compareLists looks at the places of badges in the signed status lists.
func (c *checker) compareLists(ctx context.Context, badges []*badge) {
	signed, err := newLists(ctx, c.server)
	if err != nil {
		c.fault("reading DID document: %v", err)
		return
	}
	for _, b := range badges {
		for _, place := range c.places[b.id] {
			set, err := signed.set(ctx, place)
			if err != nil {
				c.fault("status list of badge %s: %v", b.id, err)
				continue
			}
			purpose := place.StatusPurpose
			if set != bit(b.state, purpose) && (b.asked == "" || set != bit(b.asked, purpose)) {
				c.fault("badge %s: that it is %s is lost: it is %v in the signed list for %s", b.id, b.state, set, purpose)
			}
		}
	}
}

// compareKeys looks for every key that was acknowledged in the issuer's document.
func (c *checker) compareKeys(ctx context.Context) {
	answer, err := c.server.Get(ctx, "/.well-known/did.json", "")
	if err != nil {
		c.fault("reading DID document: %v", err)
		return
	}
	document, err := did.ParseDocument(answer.Body)
	if err != nil {
		c.fault("reading DID document: %v", err)
		return
	}
	for _, key := range c.record.keys {
		if _, err := document.Method(document.ID+"#"+key, did.AssertionMethod); err != nil {
			c.fault("key %s is lost: %v", key, err)
		}
	}
}

// retry sends every request without an answer again, twice.
func (c *checker) retry(ctx context.Context) {
	for _, r := range c.record.requests {
		if r.acked || r.Op == rotate { // a new key is not asked for again: it may be there
			continue
		}
		first, replayed, ok := c.ask(ctx, c.server, r.entry)
		if !ok {
			c.fault("%s %s: no answer to the request when it is repeated", r.Op, r.Key)
			continue
		}
		if replayed {
			c.settled++
		} else {
			c.resumed++
		}
		c.repeat(ctx, r.entry, first)
	}
}

// repeat sends a request a last time: the answer must be that of before.
func (c *checker) repeat(ctx context.Context, e entry, first badge) {
	if e.Op != award {
		return // its answer is how things stand, and revoking twice is revoking once
	}
	answer, err := c.server.Operate(ctx, http.MethodPost, "/api/v1/credentials", e.Key, []byte(e.Body))
	var said struct{ ID string }
	if err == nil {
		err = json.Unmarshal(answer.Body, &said)
	}
	if err != nil || said.ID != first.id || answer.Header.Get("Idempotency-Replayed") != "true" {
		c.fault("award %s: answered with %s, then with %d %s %v", e.Key, first.id, answer.Status, answer.Body, err)
	}
}

// compareIndexes looks for two badges in one place of a list.
func (c *checker) compareIndexes() {
	taken := make(map[string]string)
	for _, id := range slices.Sorted(maps.Keys(c.places)) {
		for _, place := range c.places[id] {
			name := fmt.Sprintf("%s#%d", place.StatusListCredential, place.StatusListIndex)
			if other, ok := taken[name]; ok {
				c.fault("badges %s and %s share the index %s", id, other, name)
			}
			taken[name] = id
		}
	}
}

// listed is a badge in the operators' list.
type listed struct{ ID, State string }

// compareList compares the operators' list with what is known: nothing is
// missing, nothing is there twice, nothing is pending.
func (c *checker) compareList(ctx context.Context) {
	items, err := c.list(ctx, "")
	if err != nil {
		c.fault("listing: %v", err)
		return
	}
	states := make(map[string]string)
	for _, item := range items {
		if _, twice := states[item.ID]; twice {
			c.fault("badge %s is listed twice", item.ID)
		}
		states[item.ID] = item.State
	}
	for _, b := range c.record.badges {
		if state, ok := states[b.id]; !ok {
			c.fault("badge %s is lost: it is not listed", b.id)
		} else if !b.may(state) {
			c.fault("badge %s is listed as %s, and is %s", b.id, state, b.state)
		}
		delete(states, b.id)
	}
	for id, state := range states {
		c.fault("badge %s (%s) is listed, which no answer ever named", id, state)
	}
}

// list reads all pages of the badges in a state, "" for all.
func (c *checker) list(ctx context.Context, state string) (items []listed, err error) {
	for next := ""; ; {
		query := url.Values{"limit": {"100"}}
		if state != "" {
			query.Set("state", state)
		}
		if next != "" {
			query.Set("cursor", next)
		}
		answer, err := c.server.Operate(ctx, http.MethodGet, "/api/v1/credentials?"+query.Encode(), "", nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Items []listed
			Next  string
		}
		if err := json.Unmarshal(answer.Body, &page); err != nil || answer.Status != http.StatusOK {
			return nil, fmt.Errorf("answered with %d %s", answer.Status, answer.Body)
		}
		items = append(items, page.Items...)
		if next = page.Next; next == "" {
			return items, nil
		}
	}
}
