package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// What can be asked for.
const (
	award     = "award"
	revoke    = "revoke"
	suspend   = "suspend"
	reinstate = "reinstate"
	rotate    = "rotate"
)

// stateAfter is the state of a badge after a request, as answers say it.
var stateAfter = map[string]string{award: issued, revoke: revoked, suspend: suspended, reinstate: issued, rotate: "active"}

// The states of a badge.
const (
	issued    = "issued"
	revoked   = "revoked"
	suspended = "suspended"
)

// What happens to a request or a badge.
const (
	sent  = "sent"  // the request is about to go out
	acked = "acked" // its answer came and said that it was done
	seen  = "seen"  // the badge was fetched
)

// entry is a line of the journal.
type entry struct {
	// Time is when the entry was written.
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
	Op    string    `json:"op,omitempty"`
	Key   string    `json:"key,omitempty"` // idempotency key, the name of the request
	// Body and ID are the request: of an award its body, of a change of status
	// the credential's id. The ID of an award, or of a new key, comes with its
	// answer.
	Body   string `json:"body,omitempty"`
	ID     string `json:"id,omitempty"`
	URL    string `json:"url,omitempty"`
	Digest string `json:"digest,omitempty"` // SHA-256 of the badge, in hex
}

// journal is what the clients of the server know, on a disk of their own.
type journal struct{ file *os.File }

func newJournal(t *testing.T, path string) *journal {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &journal{file}
}

// write returns when the entry is durable. It may be called by many at once: a
// line is one write.
func (j *journal) write(e entry) error {
	e.Time = time.Now()
	if err := j.append(e); err != nil {
		return err
	}
	return j.file.Sync()
}

// append adds an entry that has a time already.
func (j *journal) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(line, '\n'))
	return err
}

// request is what became of a request.
type request struct {
	entry
	acked bool
}

// badge is what is known of an acknowledged award.
type badge struct {
	id, url, digest string
	// state is the last that was acknowledged, asked what was asked for since
	// then and not answered.
	state, asked string
	// since is when the last answer came, by the clock of this machine.
	since time.Time
}

// may reports whether a badge may be in a state.
func (b *badge) may(state string) bool { return state == b.state || b.asked != "" && state == b.asked }

// record is what a journal says.
type record struct {
	requests []*request // in the order in which they were sent
	badges   []*badge   // in the order in which they were acknowledged
	keys     []string   // names of keys that were made
	until    time.Time  // of the last entry
	faults   []string   // what cannot be
}

// read reads the journal from the disk.
func (j *journal) read(t *testing.T) record {
	t.Helper()
	r := reading{requests: make(map[string]*request), badges: make(map[string]*badge)}
	for _, e := range j.entries(t) {
		r.add(e)
	}
	return r.record
}

// entries reads the journal line by line.
func (j *journal) entries(t *testing.T) (entries []entry) {
	t.Helper()
	data, err := os.ReadFile(j.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// reading is a record in the making.
type reading struct {
	record
	requests map[string]*request // by idempotency key
	badges   map[string]*badge   // by id
}

// copy is a record that stays as it is when more is read.
func (r *reading) copy() record {
	made := r.record
	made.badges = make([]*badge, len(r.record.badges))
	for i, b := range r.record.badges {
		now := *b
		made.badges[i] = &now
	}
	made.keys, made.requests = slices.Clone(made.keys), nil
	return made
}

func (r *reading) add(e entry) {
	r.until = e.Time
	b := r.badges[e.ID]
	switch {
	case e.Event == sent:
		r.requests[e.Key] = &request{entry: e}
		r.record.requests = append(r.record.requests, r.requests[e.Key])
		if b != nil {
			b.asked = stateAfter[e.Op]
		}
	case e.Event == seen:
		if b.digest != "" && b.digest != e.Digest {
			r.faults = append(r.faults, fmt.Sprintf("badge %s is not what it was", e.ID))
		}
		b.digest = e.Digest
	case e.Op == rotate:
		r.requests[e.Key].acked = true
		r.keys = append(r.keys, e.ID)
	case e.Op == award && b != nil:
		r.faults = append(r.faults, fmt.Sprintf("two awards were answered with the id %s", e.ID))
	case e.Op == award:
		r.requests[e.Key].acked = true
		b = &badge{id: e.ID, url: e.URL, state: issued, since: e.Time}
		r.badges[e.ID] = b
		r.record.badges = append(r.record.badges, b)
	default:
		r.requests[e.Key].acked = true
		b.state, b.asked, b.since = stateAfter[e.Op], "", e.Time
	}
}
