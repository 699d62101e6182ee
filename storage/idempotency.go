package storage

import "time"

// IdempotencyClaim is what a caller brings to a write that is to happen once,
// however often its request is repeated.
//
// The same key with the same body, once carried out, gives *[ReplayError] with
// the first answer; with another body [ErrMismatch]; while the first request is
// being worked on, [ErrInFlight]. A reservation that was never completed,
// because the process died, because its lease ran out or because it was
// abandoned, is handed out again to the same key and body, to be completed.
type IdempotencyClaim struct {
	// APIKey is the id of the API key, or another name of the caller's own
	// space of keys. Required.
	APIKey string
	// Key is the Idempotency-Key, 1 to 128 printable ASCII characters.
	Key string
	// Body is the SHA-256 of everything that makes the request what it is:
	// method, path and body.
	Body [32]byte
	// Expires is when the key may be forgotten, 24 hours from now by contract.
	Expires time.Time
	// Lease is until when a reservation counts as being worked on. It ends
	// early when the reservation is committed or abandoned, or the process
	// ends. Not used by writes that are one transaction.
	Lease time.Time
	// Status and Answer are the answer to replay, for a write that is one
	// transaction. A reservation has its answer given when it is committed.
	// The answer is stored as it is: it must not hold a person's data.
	Status int
	Answer []byte
}

// Idempotency is the stored record of an idempotency key.
type Idempotency struct {
	Tenant string   `json:"-"`
	APIKey string   `json:"-"`
	Key    string   `json:"-"`
	Body   [32]byte `json:"-"`
	// Object is kind and id of what the request made, as in an audit entry.
	Object string `json:"object"`
	// Done is false while the request is in flight or left behind.
	Done    bool      `json:"done,omitempty"`
	Status  int       `json:"status,omitempty"`
	Answer  []byte    `json:"answer,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	// Lease is until when a request in flight is being worked on.
	Lease time.Time `json:"lease,omitzero"`
	// Run names the opening of the store under which the lease was given: a
	// lease of an earlier run is void.
	Run string `json:"run,omitempty"`
}
