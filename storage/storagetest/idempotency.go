package storagetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"laurel/storage"
)

// testReplay repeats every write that takes an idempotency key.
func testReplay(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	c := w.issue(north)
	for _, test := range []struct {
		name string
		do   func(act storage.Act) error
	}{
		{"create", func(act storage.Act) error {
			_, err := w.CreateAchievement(w.ctx(), act, achievementRecord(north, w.id()))
			return err
		}},
		{"update", func(act storage.Act) error {
			_, err := w.UpdateAchievement(w.ctx(), act, north, achievementOf(north), func(a *storage.Achievement) error {
				a.Document = []byte(`{}`)
				return nil
			})
			return err
		}},
		{"key", func(act storage.Act) error { return w.CreateKey(w.ctx(), act, keyRecord(north, w.id())) }},
		{"rename", func(act storage.Act) error {
			_, err := w.UpdateTenant(w.ctx(), act, north, func(*storage.Tenant) error { return nil })
			return err
		}},
		{"visibility", func(act storage.Act) error {
			return w.SetVisibility(w.ctx(), act, north, c.ID, storage.VisibilityOff)
		}},
		{"revoke", func(act storage.Act) error {
			change := w.change(north, c.ID, storage.StateRevoked)
			change.Act = act
			_, err := w.SetStatus(w.ctx(), change)
			return err
		}},
		{"erase", func(act storage.Act) error { _, err := w.EraseSubject(w.ctx(), act, north, c.Subject); return err }},
	} {
		act := func(body string) storage.Act {
			act := w.act()
			act.Idempotency = claim(test.name, body, act.Time)
			act.Idempotency.Status, act.Idempotency.Answer = 200, []byte("answer of "+test.name)
			return act
		}
		w.must(test.do(act("body")))
		audited := len(w.checkChain(north))
		w.reopen()
		var replay *storage.ReplayError
		if err := test.do(act("body")); !errors.As(err, &replay) {
			t.Errorf("%s again: error %v, want a replay", test.name, err)
		} else if replay.Record.Status != 200 || string(replay.Record.Answer) != "answer of "+test.name {
			t.Errorf("%s again: %+v", test.name, replay.Record)
		}
		wantError(t, test.name+" with another body", test.do(act("other")), storage.ErrMismatch)
		wantEqual(t, test.name+": audit entries of repeats", len(w.checkChain(north))-audited, 0)
		tomorrow := act("other")
		tomorrow.Time = tomorrow.Time.Add(25 * time.Hour)
		if err := test.do(tomorrow); err != nil {
			t.Errorf("%s under an expired key: %v", test.name, err)
		}
	}
}

// testLeftBehind reserves and does not commit, in each way there is.
func testLeftBehind(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	for i, test := range []struct {
		name string
		// between is what happens before the request is repeated, and how much
		// time that takes.
		between func(id string) time.Duration
		want    error
	}{
		{"still at it", func(string) time.Duration { return time.Second }, storage.ErrInFlight},
		{"restart", func(string) time.Duration { w.reopen(); return time.Second }, nil},
		{"lease over", func(string) time.Duration { return time.Minute }, nil},
		{"abandoned", func(id string) time.Duration {
			w.must(w.AbandonCredential(w.ctx(), w.act(), north, id))
			return time.Second
		}, nil},
		{"revoked meanwhile", func(id string) time.Duration {
			_, err := w.SetStatus(w.ctx(), w.change(north, id, storage.StateRevoked))
			w.must(err)
			return time.Hour
		}, storage.ErrConflict},
		{"erased meanwhile", func(id string) time.Duration {
			_, err := w.EraseSubject(w.ctx(), w.act(), north, "subject-"+id)
			w.must(err)
			return time.Hour
		}, storage.ErrErased},
	} {
		key := fmt.Sprint("left ", i)
		first := w.reservation(north)
		first.Act.Idempotency = claim(key, "body", first.Act.Time)
		original, err := w.ReserveCredential(w.ctx(), first)
		w.must(err)
		later := first.Act.Time.Add(test.between(first.ID))

		again := w.reservation(north)
		again.Act.Time = later
		again.Act.Idempotency = claim(key, "other body", later)
		_, err = w.ReserveCredential(w.ctx(), again)
		wantError(t, test.name+": other body", err, storage.ErrMismatch)
		again.Act.Idempotency = claim(key, "body", later)
		resumed, err := w.ReserveCredential(w.ctx(), again)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
		if err != nil {
			continue
		}
		original.Resumed = true
		wantEqual(t, test.name, resumed, original)
		_, err = w.ReserveCredential(w.ctx(), again)
		wantError(t, test.name+": a third request", err, storage.ErrInFlight)
		_, err = w.Credential(w.ctx(), north, again.ID)
		wantError(t, test.name+": the second request's id", err, storage.ErrNotFound)
		i := w.issuance(north, resumed.Credential.ID)
		_, err = w.CommitCredential(w.ctx(), i)
		w.must(err)
		var replay *storage.ReplayError
		if _, err = w.ReserveCredential(w.ctx(), again); !errors.As(err, &replay) || string(replay.Record.Answer) != string(i.Answer) {
			t.Errorf("%s: after completion: %v", test.name, err)
		}
	}
}

// testConcurrentSameRequest sends one request from many sides at once.
func testConcurrentSameRequest(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	var reserved, inFlight, replayed atomic.Int64
	parallel(400, 64, func(i int) {
		r := w.reservation(north)
		r.Act.Idempotency = claim(fmt.Sprint("request ", i%10), "body", r.Act.Time)
		got, err := w.ReserveCredential(w.ctx(), r)
		var replay *storage.ReplayError
		switch {
		case err == nil && !got.Resumed:
			reserved.Add(1)
			if _, err := w.CommitCredential(w.ctx(), w.issuance(north, got.Credential.ID)); err != nil {
				t.Error(err)
			}
		case errors.Is(err, storage.ErrInFlight):
			inFlight.Add(1)
		case errors.As(err, &replay):
			replayed.Add(1)
		default:
			t.Errorf("reserved %+v, %v", got, err)
		}
	})
	wantEqual(t, "reserved", reserved.Load(), int64(10))
	wantEqual(t, "all", reserved.Load()+inFlight.Load()+replayed.Load(), int64(400))
	wantEqual(t, "credentials", len(w.credentials(north, storage.CredentialFilter{State: storage.StateIssued}, 100)), 10)
}

// testIdempotencyInterleavings compares random courses of requests, completions,
// crashes and time with a model: one effect per key and body, whatever happens.
func testIdempotencyInterleavings(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	courses := 0
	rapid.Check(t, func(rt *rapid.T) {
		courses++
		m := &model{w: w, course: courses, keys: map[string]*modelKey{}, now: w.act().Time.Add(time.Duration(courses) * 1000 * time.Hour)}
		rt.Repeat(map[string]func(*rapid.T){
			"request": m.request,
			"commit":  m.commit,
			"abandon": m.abandon,
			"wait": func(rt *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.SampledFrom([]int{1, 59, 61, 3600, 86400}).Draw(rt, "seconds")) * time.Second)
			},
			"restart": m.restart,
			"":        m.check,
		})
	})
	w.checkSlots(north)
}

// model is what the store should know of a course.
type model struct {
	w       *world
	course  int
	now     time.Time
	keys    map[string]*modelKey
	issued  int
	pending []string // ids of credentials that somebody may still commit
}

type modelKey struct {
	body    string
	id      string
	done    bool
	lease   time.Time
	expires time.Time
}

func (m *model) name(rt *rapid.T) string {
	return fmt.Sprintf("course %d key %d", m.course, rapid.IntRange(1, 2).Draw(rt, "key"))
}

func (m *model) request(rt *rapid.T) {
	name, body := m.name(rt), rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "body")
	r := m.w.reservation(north)
	r.Act.Time, r.Act.Idempotency = m.now, claim(name, body, m.now)
	got, err := m.w.ReserveCredential(m.w.ctx(), r)
	k := m.keys[name]
	if k != nil && !m.now.Before(k.expires) {
		k = nil
	}
	var replay *storage.ReplayError
	switch {
	case k == nil:
		if err != nil || got.Resumed || got.Credential.ID != r.ID {
			rt.Fatalf("new request: %+v, %v", got, err)
		}
		m.keys[name] = &modelKey{body: body, id: r.ID, lease: r.Act.Idempotency.Lease, expires: r.Act.Idempotency.Expires}
		m.pending = append(m.pending, r.ID)
	case k.body != body:
		if !errors.Is(err, storage.ErrMismatch) {
			rt.Fatalf("other body: %v", err)
		}
	case k.done:
		if !errors.As(err, &replay) || string(replay.Record.Answer) != `{"id":"`+k.id+`"}` || replay.Record.Body != sha256.Sum256([]byte(body)) {
			rt.Fatalf("request done before: %v", err)
		}
	case m.now.Before(k.lease):
		if !errors.Is(err, storage.ErrInFlight) {
			rt.Fatalf("request in flight: %v", err)
		}
	default:
		if err != nil || !got.Resumed || got.Credential.ID != k.id {
			rt.Fatalf("request left behind: %+v, %v", got, err)
		}
		k.lease = r.Act.Idempotency.Lease
	}
}

func (m *model) commit(rt *rapid.T) {
	if len(m.pending) == 0 {
		rt.Skip("nothing pending")
	}
	i := rapid.IntRange(0, len(m.pending)-1).Draw(rt, "pending")
	id := m.pending[i]
	m.pending = append(m.pending[:i:i], m.pending[i+1:]...)
	issuance := m.w.issuance(north, id)
	issuance.Act.Time = m.now
	if _, err := m.w.CommitCredential(m.w.ctx(), issuance); err != nil {
		rt.Fatal(err)
	}
	m.issued++
	for _, k := range m.keys {
		if k.id == id {
			k.done = true
		}
	}
	if _, err := m.w.CommitCredential(m.w.ctx(), issuance); !errors.Is(err, storage.ErrConflict) {
		rt.Fatalf("committing twice: %v", err)
	}
}

func (m *model) abandon(rt *rapid.T) {
	k := m.keys[m.name(rt)]
	if k == nil || k.done {
		rt.Skip("not in flight")
	}
	act := m.w.act()
	act.Time = m.now
	if err := m.w.AbandonCredential(m.w.ctx(), act, north, k.id); err != nil {
		rt.Fatal(err)
	}
	k.lease = time.Time{}
}

func (m *model) restart(rt *rapid.T) {
	if rapid.IntRange(0, 3).Draw(rt, "restart") > 0 {
		rt.Skip("not this time")
	}
	m.w.reopen()
	for _, k := range m.keys {
		k.lease = time.Time{}
	}
}

// check compares the keys with their records.
func (m *model) check(rt *rapid.T) {
	for name, k := range m.keys {
		row, err := m.w.Idempotency(m.w.ctx(), north, "api-key", name)
		if err != nil {
			rt.Fatal(err)
		}
		if row.Object != "credential/"+k.id || row.Done != k.done {
			rt.Fatalf("record %+v, want %+v", row, *k)
		}
		c, err := m.w.Credential(m.w.ctx(), north, k.id)
		if err != nil || (c.State == storage.StateIssued) != k.done {
			rt.Fatalf("credential %+v, %v", c, err)
		}
	}
}

func testExpiry(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	request := func(tenant, key string, now time.Time) {
		r := w.reservation(tenant)
		r.Act.Time, r.Act.Idempotency = now, claim(key, "body", now)
		_, err := w.ReserveCredential(w.ctx(), r)
		w.must(err)
	}
	for i := range 5 {
		request(north, fmt.Sprint("old ", i), start)
		request(south, fmt.Sprint("old ", i), start)
		request(north, fmt.Sprint("new ", i), start.Add(time.Hour))
	}
	request(north, "old 0", start.Add(24*time.Hour)) // the same key, given anew
	now := start.Add(24*time.Hour + time.Minute)
	var forgotten []int
	for {
		n, err := w.ExpireIdempotency(w.ctx(), now, 4)
		w.must(err)
		if forgotten = append(forgotten, n); n == 0 {
			break
		}
	}
	wantEqual(t, "forgotten", forgotten, []int{4, 4, 1, 0})
	w.reopen()
	for _, test := range []struct {
		tenant, key string
		want        error
	}{
		{north, "old 0", nil}, {south, "old 0", storage.ErrNotFound}, {north, "old 1", storage.ErrNotFound}, {north, "new 1", nil},
	} {
		if _, err := w.Idempotency(w.ctx(), test.tenant, "api-key", test.key); !errors.Is(err, test.want) {
			t.Errorf("%s of %s: error %v, want %v", test.key, test.tenant, err, test.want)
		}
	}
	wantEqual(t, "credentials", len(w.credentials(north, storage.CredentialFilter{}, 100)), 11)
}
