// Package issuer is what an institution does with badges: it is set up, it
// describes achievements, awards them, revokes them, and publishes what others
// need to check them. It knows no HTTP; package server puts it on the network.
//
// # One award
//
// A request is built into a credential and judged (data model, and that every
// word of it is covered by a proof) before anything is stored. Then its id and
// its place in the status list are reserved in one transaction, it is signed
// outside any transaction, the signed bytes are verified as a stranger would
// verify them, and a second transaction stores them, sealed under the key of
// their subject. A crash in between leaves a pending record and an index that
// nothing else will have; never a signature that nobody knows of.
//
// # Who may do what
//
// Every call that changes something names a [Caller], whose tenant is the only
// one it can reach: an id of another tenant is answered like one that does not
// exist. Public reads take a public id alone.
package issuer

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/internal/envelope"
	"laurel/internal/keys"
	"laurel/storage"
	"laurel/verifier"
)

// DefaultStatusLife is how long a signed status list is valid. It is signed
// again when a quarter of that is left, and whenever a status changes.
const DefaultStatusLife = 24 * time.Hour

// Config is what a Service needs. Fields without a default are required.
type Config struct {
	Store    Store
	Ring     *keys.Ring
	Contexts *contexts.Set
	// PublicURL is where the installation is reached, without a path, such as
	// "https://badges.example.ac.uk". It is https, except that http is allowed
	// for a loopback host.
	PublicURL string
	// InstallationKey is the 256-bit key under which the keys of subjects are
	// wrapped. It is kept with the signing keys, not in the store.
	InstallationKey []byte
	// Suspension gives new credentials an entry in a suspension list besides
	// the one for revocation.
	Suspension bool
	// StatusLife is DefaultStatusLife when zero, at least a minute.
	StatusLife time.Duration
	// Clock is time.Now and Rand crypto/rand.Reader when nil. Both are used
	// from many goroutines.
	Clock func() time.Time
	Rand  io.Reader
}

// Caller is who asks for a change.
type Caller struct {
	// Tenant is the slug of the tenant that the caller acts for.
	Tenant string
	// Actor is a pseudonymous id for the audit record, such as "apikey:3f9a"
	// or "cli".
	Actor string
	// Idempotency is nil where the caller gave no idempotency key.
	Idempotency *Idempotency
}

// Idempotency makes a change happen once, however often it is asked for.
type Idempotency struct {
	// Space is the id of the API key, or another word of A-Z, a-z, 0-9, "-"
	// and "_": every caller has a space of keys.
	Space string
	// Key is the Idempotency-Key, 1 to 128 printable ASCII characters.
	Key string
	// Body is the SHA-256 of what makes the request what it is: method, path
	// and body.
	Body [32]byte
	// Replayed is set by the call when nothing was done, because the request
	// was answered before.
	Replayed bool
}

const (
	idempotencyLife  = 24 * time.Hour
	idempotencyLease = time.Minute
)

// act makes the record of who does something now. answer is what a repetition
// is answered with.
func (s *Service) act(caller Caller, answer []byte) storage.Act {
	act := storage.Act{Actor: caller.Actor, Time: s.clock().UTC()}
	if i := caller.Idempotency; i != nil {
		act.Idempotency = &storage.IdempotencyClaim{
			APIKey: i.Space, Key: i.Key, Body: i.Body, Answer: answer,
			Expires: act.Time.Add(idempotencyLife), Lease: act.Time.Add(idempotencyLease),
		}
	}
	return act
}

// Service is the issuing side of an installation. It is safe for concurrent
// use, and starts nothing by itself.
type Service struct {
	store      Store
	ring       *keys.Ring
	processor  *jsonld.Processor
	suites     *dataintegrity.Suites
	verifier   *verifier.Verifier // of own output; never uses the network
	envelope   *envelope.Envelope
	tokenKey   []byte
	signing    turns         // of status lists, by id
	confirmed  chan struct{} // holds one signal that there is a status job to run
	base       address
	suspension bool
	statusLife time.Duration
	clock      func() time.Time
	rand       io.Reader
	// didDocuments are those that were made, by DID.
	didDocuments sync.Map
	// authenticating is set by LetKeysAuthenticate.
	authenticating bool
	patterns       patterns
}

// New makes a Service. The error names the field of Config that is at fault.
func New(config Config) (*Service, error) {
	base, err := parseAddress(config.PublicURL)
	switch {
	case err != nil:
		return nil, err
	case config.Store == nil || config.Ring == nil || config.Contexts == nil:
		return nil, errors.New("configuring issuer: Store, Ring and Contexts are required")
	case config.StatusLife != 0 && config.StatusLife < time.Minute:
		return nil, fmt.Errorf("configuring issuer: StatusLife of %s is less than a minute", config.StatusLife)
	}
	processor := jsonld.New(config.Contexts, jsonld.Options{})
	s := &Service{
		store: config.Store, ring: config.Ring, processor: processor, suites: dataintegrity.New(processor),
		base: base, suspension: config.Suspension, statusLife: config.StatusLife, confirmed: make(chan struct{}, 1),
		clock: config.Clock, rand: config.Rand,
	}
	if s.envelope, err = envelope.New(config.InstallationKey, config.Rand); err != nil {
		return nil, fmt.Errorf("configuring issuer: InstallationKey: %w", err)
	}
	if s.tokenKey, err = hkdf.Key(sha256.New, config.InstallationKey, nil, "laurel API key hash 1", sha256.Size); err != nil {
		return nil, fmt.Errorf("configuring issuer: %w", err)
	}
	if s.statusLife == 0 {
		s.statusLife = DefaultStatusLife
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	s.verifier = verifier.New(verifier.Config{
		Contexts: config.Contexts, JSONLD: processor, Suites: s.suites,
		Resolver: s.Resolver(nil), Documents: s.Documents(nil), Clock: s.clock, StrictProofs: true,
	})
	return s, nil
}

// PublicURL returns the installation's address without a slash at its end.
func (s *Service) PublicURL() string { return s.base.url }

// Check reports whether the stored default issuer is the one of PublicURL, and
// whether every tenant has a key that signs. It is for start-up and readiness.
// Errors: storage.ErrNotFound before SetUp, ErrAddress when the installation
// was set up under another address, keys.ErrNoSigningKey or the key ring's.
func (s *Service) Check(ctx context.Context) error {
	tenants, err := s.store.ListTenants(ctx)
	if err != nil {
		return err
	}
	if len(tenants) == 0 {
		return fmt.Errorf("checking issuer: %w: nobody is set up", storage.ErrNotFound)
	}
	for _, tenant := range tenants {
		if tenant.DID != s.base.did && tenant.DID != s.base.didOf(tenant.Slug) {
			return fmt.Errorf("checking issuer %s: %w", tenant.Slug, ErrAddress)
		}
		if _, err := s.ring.Signing(ctx, tenant.Slug); err != nil {
			return fmt.Errorf("checking issuer %s: %w", tenant.Slug, err)
		}
	}
	return nil
}
