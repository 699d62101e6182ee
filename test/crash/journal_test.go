package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// What can be asked for.
const (
	award  = "award"
	revoke = "revoke"
)

// What happens to a request or a badge.
const (
	sent  = "sent"  // the request is about to go out
	acked = "acked" // its answer came and said that it was done
	seen  = "seen"  // the badge was fetched
)

// entry is a line of the journal.
type entry struct {
	Event string `json:"event"`
	Op    string `json:"op,omitempty"`
	Key   string `json:"key,omitempty"` // idempotency key, the name of the request
	// Body and ID are the request: of an award its body, of a revocation the
	// credential's id. The ID of an award comes with its answer.
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
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

// request is what became of a request.
type request struct {
	entry
	acked bool
}

// badge is what is known of an acknowledged award.
type badge struct {
	id, url, digest string
	// revoked: it was acknowledged. doubtful: it was asked for.
	revoked, doubtful bool
}

// record is what a journal says.
type record struct {
	requests []*request // in the order in which they were sent
	badges   []*badge   // in the order in which they were acknowledged
	faults   []string   // what cannot be
}

// read reads the journal from the disk.
func (j *journal) read(t *testing.T) record {
	t.Helper()
	data, err := os.ReadFile(j.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	var r record
	requests, badges := make(map[string]*request), make(map[string]*badge)
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		switch e.Event {
		case sent:
			requests[e.Key] = &request{entry: e}
			r.requests = append(r.requests, requests[e.Key])
			if e.Op == revoke {
				badges[e.ID].doubtful = true
			}
		case acked:
			requests[e.Key].acked = true
			switch {
			case e.Op == revoke:
				badges[e.ID].revoked = true
			case badges[e.ID] != nil:
				r.faults = append(r.faults, fmt.Sprintf("two awards were answered with the id %s", e.ID))
			default:
				badges[e.ID] = &badge{id: e.ID, url: e.URL}
				r.badges = append(r.badges, badges[e.ID])
			}
		case seen:
			b := badges[e.ID]
			if b.digest != "" && b.digest != e.Digest {
				r.faults = append(r.faults, fmt.Sprintf("badge %s is not what it was", e.ID))
			}
			b.digest = e.Digest
		}
	}
	return r
}
