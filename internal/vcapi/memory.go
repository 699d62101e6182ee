package vcapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"sync"
	"time"

	"laurel/credential/statuslist"
	"laurel/storage"
)

// maxIssued is how many credentials are remembered; the oldest is forgotten for
// one more.
const maxIssued = 10_000

// memory is the Ledger of an instance that comes and goes with its process. It
// has status lists of its own.
type memory struct {
	url   string           // of the instance
	lists map[string]*list // by purpose

	mu      sync.Mutex // guards what follows
	records map[string]record
	order   []string // of the identifiers, the oldest first
}

// record is one credential that was issued.
type record struct {
	secured []byte
	// indexes are its places in the status lists, by purpose.
	indexes map[string]int
	deleted bool
}

func newMemory(url string, purposes []string) (*memory, error) {
	m := &memory{url: url, lists: make(map[string]*list), records: make(map[string]record)}
	for _, purpose := range purposes {
		made, err := newList(purpose, m.listURL(purpose))
		if err != nil {
			return nil, err
		}
		m.lists[purpose] = made
	}
	return m, nil
}

func (m *memory) listURL(purpose string) string { return m.url + "/status-lists/" + purpose }

// reservation is what memory hands out as the name of a record: all that there
// is to say of it until it is committed.
type reservation struct {
	ID      string
	Indexes map[string]int
}

// Reserve implements Ledger. An id that is taken is taken over.
func (m *memory) Reserve(_ context.Context, _, id string, purposes []string) (string, []json.RawMessage, error) {
	r := reservation{ID: id, Indexes: make(map[string]int, len(purposes))}
	var status []json.RawMessage
	for _, purpose := range purposes {
		l := m.lists[purpose]
		index, err := l.take()
		if err != nil {
			return "", nil, err
		}
		r.Indexes[purpose] = index
		entry, err := json.Marshal(struct {
			ID         string `json:"id"`
			Type       string `json:"type"`
			Purpose    string `json:"statusPurpose"`
			Index      string `json:"statusListIndex"`
			Credential string `json:"statusListCredential"`
		}{l.url + "#" + strconv.Itoa(index), "BitstringStatusListEntry", purpose, strconv.Itoa(index), l.url})
		if err != nil {
			return "", nil, fmt.Errorf("writing status entry: %w", err)
		}
		status = append(status, entry)
	}
	name, err := json.Marshal(r)
	return string(name), status, err
}

// Commit implements Ledger.
func (m *memory) Commit(_ context.Context, _, name, _ string, secured []byte) error {
	var r reservation
	if err := json.Unmarshal([]byte(name), &r); err != nil {
		return fmt.Errorf("reading reservation: %w", err)
	}
	if r.ID == "" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.records[r.ID]; !known {
		m.order = append(m.order, r.ID)
	}
	m.records[r.ID] = record{secured: secured, indexes: r.Indexes}
	if len(m.order) > maxIssued {
		delete(m.records, m.order[0])
		m.order = m.order[1:]
	}
	return nil
}

// Credential implements Ledger.
func (m *memory) Credential(_ context.Context, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[id]
	switch {
	case !ok:
		return nil, storage.ErrNotFound
	case r.deleted:
		return nil, storage.ErrErased
	}
	return r.secured, nil
}

// Delete implements Ledger.
func (m *memory) Delete(ctx context.Context, _, id string) error {
	if _, err := m.Credential(ctx, id); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.records[id]
	r.secured, r.deleted = nil, true
	m.records[id] = r
	return nil
}

// SetStatus implements Ledger.
func (m *memory) SetStatus(_ context.Context, _, id, purpose string, set bool) error {
	m.mu.Lock()
	r, ok := m.records[id]
	m.mu.Unlock()
	if !ok {
		return storage.ErrNotFound
	}
	index, ok := r.indexes[purpose]
	switch {
	case !ok:
		return storage.ErrInvalid
	case !set && purpose == statuslist.Revocation:
		return storage.ErrConflict
	}
	l := m.lists[purpose]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signed = nil
	return l.bits.Set(index, set)
}

// listLife is how long a status list credential lasts; it is made anew at half
// of it.
const listLife = 24 * time.Hour

// list is a status list of an instance.
type list struct {
	purpose, url string

	mu     sync.Mutex
	bits   *statuslist.List
	taken  map[int]bool
	signed []byte
	made   time.Time
}

func newList(purpose, url string) (*list, error) {
	bits, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		return nil, err
	}
	return &list{purpose: purpose, url: url, bits: bits, taken: make(map[int]bool)}, nil
}

// take reserves an index that says nothing about when it was taken.
func (l *list) take() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.taken) >= l.bits.Len()/2 {
		return 0, invalid(Problem{Type: rangeError, Title: "The status list is full."})
	}
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(l.bits.Len())))
		if err != nil {
			return 0, err
		}
		if index := int(n.Int64()); !l.taken[index] {
			l.taken[index] = true
			return index, nil
		}
	}
}

// StatusList returns the status list credential of a purpose, signed. The error
// unwraps to ErrNotFound for a purpose without one.
func (i *Instance) StatusList(ctx context.Context, purpose string) ([]byte, error) {
	l, ok := i.memory.lists[purpose]
	if !ok {
		return nil, &Error{ErrNotFound, []Problem{{Type: "about:blank", Title: "There is no status list of this name."}}}
	}
	now := i.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.signed != nil && now.Sub(l.made) < listLife/2 && !now.Before(l.made) {
		return l.signed, nil
	}
	from := now.Truncate(time.Second).Add(-time.Minute)
	unsigned, err := statuslist.Credential(l.bits, statuslist.Options{
		URL: l.url, Issuer: json.RawMessage(quoted(i.config.Issuer)), Purposes: []string{purpose},
		ValidFrom: from, ValidUntil: from.Add(listLife), TTL: time.Minute,
	})
	if err != nil {
		return nil, err
	}
	proof, err := i.config.Proofs[0].present(ctx)
	if err != nil {
		return nil, err
	}
	if l.signed, err = i.suites.Sign(ctx, unsigned, proof.Signer, proof.options(now)); err != nil {
		l.signed = nil
		return nil, fmt.Errorf("signing status list: %w", err)
	}
	l.made = now
	return l.signed, nil
}
