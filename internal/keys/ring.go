// Package keys is the ring of an installation's signing keys: which there are,
// which one signs, and since when one does not any more.
//
// What is public about a key is a record in the store (storage.Key). The
// private part never leaves its [Backend], which hands out a crypto.Signer. A
// key is named by the fragment of its DID URL, "key-1", "key-2" and so on; a
// name is never used for another key, and a key that has signed stays on the
// ring for good, because what it signed goes on being checked.
package keys

import (
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"laurel/credential/bbs"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/storage"
)

var (
	// ErrNoSigningKey means that the tenant has no key that may sign: none was
	// made, or all are retired or compromised.
	ErrNoSigningKey = errors.New("no signing key")
	// ErrAlgorithm means that no key can be made of the algorithm asked for, or
	// not by the backend asked for.
	ErrAlgorithm = errors.New("unsupported key algorithm")
	// ErrBackend means that a key is, or was to be, in a backend that this
	// installation is not configured with.
	ErrBackend = errors.New("key backend is not configured")
	// ErrUnavailable means that a backend did not do what it was asked for: it
	// is not reachable, locked, or refuses. It may later.
	ErrUnavailable = errors.New("key backend is not available")
	// ErrUnknownReference means that a backend does not have a key that the
	// store says it has.
	ErrUnknownReference = errors.New("unknown key reference")
)

// Backend holds private keys. Its errors never hold a private byte, nor what
// opens the backend. Those that it cannot help are ErrUnavailable.
type Backend interface {
	// Create makes a key of an algorithm, keeps it durably, and returns the
	// name under which the backend finds it again. ErrAlgorithm is the answer
	// to an algorithm that it cannot make.
	Create(ctx context.Context, algorithm string) (reference string, public crypto.PublicKey, err error)
	// Signer returns the key to sign with. ErrUnknownReference means that there
	// is none of this name.
	Signer(ctx context.Context, reference string) (crypto.Signer, error)
}

// Store keeps what is public about keys.
type Store interface {
	CreateKey(ctx context.Context, act storage.Act, k storage.Key) error
	Key(ctx context.Context, tenant, id string) (storage.Key, error)
	FindKey(ctx context.Context, thumbprint string) (storage.Key, error)
	ListKeys(ctx context.Context, tenant string) ([]storage.Key, error)
	UpdateKey(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.Key) error) (storage.Key, error)
}

// Config is what a Ring needs. All of it is required.
type Config struct {
	Store Store
	// Backends are the places of private keys by name, as in storage.Key.
	Backends map[string]Backend
	// Default names the backend in which new keys are made.
	Default string
}

// Ring is the keys of all tenants. It is safe for concurrent use.
type Ring struct {
	config Config
	// public caches parsed public keys by thumbprint: checking one takes longer
	// than signing.
	public sync.Map
}

// Key is one signing key of a tenant, without its private part.
type Key struct {
	Tenant string
	// Fragment is the name of the key, such as "key-1".
	Fragment  string
	Algorithm string
	PublicKey crypto.PublicKey
	// Thumbprint is its RFC 7638 thumbprint, the kid of its JWK.
	Thumbprint string
	// Backend is the name of the place where its private part is.
	Backend string
	Created time.Time
	// RetiredAt is when it stopped signing; what it signed stays valid. Zero
	// while it may sign.
	RetiredAt time.Time
	// CompromisedSince is since when others may have had it. Nothing it signed
	// verifies any more. Zero for a key that is not compromised.
	CompromisedSince time.Time
}

// HasJWK reports whether the key can be shown as a JWK. One of BLS12-381 cannot.
func (k Key) HasJWK() bool { return k.Algorithm != BLS12381G2 }

// Active reports whether the key may sign.
func (k Key) Active() bool { return k.RetiredAt.IsZero() && k.CompromisedSince.IsZero() }

// Signing is a key with the means to sign.
type Signing struct {
	Key
	Signer crypto.Signer
}

// New makes a ring.
func New(config Config) *Ring { return &Ring{config: config} }

// List returns all keys of a tenant, the oldest first.
func (r *Ring) List(ctx context.Context, tenant string) ([]Key, error) {
	records, err := r.records(ctx, tenant)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(records))
	for i, record := range records {
		if keys[i], err = r.key(record); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Key returns one key of a tenant, or storage.ErrNotFound.
func (r *Ring) Key(ctx context.Context, tenant, fragment string) (Key, error) {
	record, err := r.config.Store.Key(ctx, tenant, fragment)
	if err != nil {
		return Key{}, err
	}
	return r.key(record)
}

// Find returns the key with an RFC 7638 thumbprint, whichever tenant has it, or
// storage.ErrNotFound.
func (r *Ring) Find(ctx context.Context, thumbprint string) (Key, error) {
	record, err := r.config.Store.FindKey(ctx, thumbprint)
	if err != nil {
		return Key{}, err
	}
	return r.key(record)
}

// Signing returns the key that signs a tenant's badges and status lists, ready to
// sign: the newest active one of Ed25519, whatever other keys there are. The
// error is ErrNoSigningKey when there is none, or the backend's.
func (r *Ring) Signing(ctx context.Context, tenant string) (Signing, error) {
	return r.SigningWith(ctx, tenant, Ed25519)
}

// SigningWith is Signing for the newest active key of an algorithm.
func (r *Ring) SigningWith(ctx context.Context, tenant, algorithm string) (Signing, error) {
	records, err := r.records(ctx, tenant)
	if err != nil {
		return Signing{}, err
	}
	for _, record := range slices.Backward(records) {
		if !record.Retired.IsZero() || !record.Compromised.IsZero() || record.Algorithm != algorithm {
			continue
		}
		key, err := r.key(record)
		if err != nil {
			return Signing{}, err
		}
		signer, err := r.signer(ctx, record, key.PublicKey)
		return Signing{Key: key, Signer: signer}, err
	}
	return Signing{}, ErrNoSigningKey
}

// signer asks the backend for a key and makes sure that it is the one on record.
func (r *Ring) signer(ctx context.Context, record storage.Key, public crypto.PublicKey) (crypto.Signer, error) {
	backend, ok := r.config.Backends[record.Backend]
	if !ok {
		return nil, fmt.Errorf("opening key %s: %w: %q", record.ID, ErrBackend, record.Backend)
	}
	signer, err := backend.Signer(ctx, record.Handle)
	if err != nil {
		return nil, fmt.Errorf("opening key %s: %w", record.ID, err)
	}
	if same, ok := public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(signer.Public()) {
		return nil, fmt.Errorf("opening key %s: the backend has another key: %w", record.ID, storage.ErrConflict)
	}
	return signer, nil
}

// NewKey says what key is to be made.
type NewKey struct {
	// Algorithm is one of Algorithms; Ed25519 when empty.
	Algorithm string
	// Backend is where; the default of the ring when empty, and for a key that
	// follows another the backend of that one.
	Backend string
}

// maxKeys is how many keys a tenant can have in its life. Each stays in the
// issuer's document, in two forms at most, and verifiers do not read documents of
// any length: one key more, and no badge of the issuer would verify.
const maxKeys = 120

// Create makes a key, which from then on is the one of its algorithm that signs.
// A crash leaves either a whole key or a private key that nothing names. Errors:
// ErrAlgorithm, ErrBackend, storage.ErrConflict for a tenant with 120 keys, those of
// the backend and of the store.
func (r *Ring) Create(ctx context.Context, act storage.Act, tenant string, wanted NewKey) (Key, error) {
	algorithm, name := cmp.Or(wanted.Algorithm, Ed25519), cmp.Or(wanted.Backend, r.config.Default)
	if !slices.Contains(Algorithms, algorithm) {
		return Key{}, fmt.Errorf("creating key: %w", ErrAlgorithm)
	}
	backend, ok := r.config.Backends[name]
	if !ok {
		return Key{}, fmt.Errorf("creating key: %w: %q", ErrBackend, name)
	}
	if records, err := r.records(ctx, tenant); err != nil || len(records) >= maxKeys {
		return Key{}, cmp.Or(err, fmt.Errorf("creating key: %d are published already: %w", len(records), storage.ErrConflict))
	}
	reference, public, err := backend.Create(ctx, algorithm)
	if err != nil {
		return Key{}, fmt.Errorf("creating key: %w", err)
	}
	record := storage.Key{Tenant: tenant, Algorithm: algorithm, Backend: name, Handle: reference, Created: act.Time}
	if err := describe(&record, public); err != nil {
		return Key{}, fmt.Errorf("creating key: %w", err)
	}
	for range 10 { // somebody else may take the same name
		records, err := r.records(ctx, tenant)
		if err != nil {
			return Key{}, err
		}
		record.ID = nextFragment(records)
		err = r.config.Store.CreateKey(ctx, act, record)
		if err == nil {
			return r.key(record)
		}
		if !errors.Is(err, storage.ErrExists) {
			return Key{}, err
		}
	}
	return Key{}, fmt.Errorf("creating key: %w", storage.ErrConflict)
}

// Rotate makes a new key of an algorithm and then retires all older ones of the
// same algorithm; keys of others go on signing. Between the two the new one signs
// already; a crash there leaves old keys unretired, which a second call mends.
// Errors are those of Create.
func (r *Ring) Rotate(ctx context.Context, act storage.Act, tenant string, wanted NewKey) (Key, error) {
	before, err := r.records(ctx, tenant)
	if err != nil {
		return Key{}, err
	}
	wanted.Algorithm = cmp.Or(wanted.Algorithm, Ed25519)
	for _, old := range slices.Backward(before) {
		if old.Algorithm == wanted.Algorithm {
			wanted.Backend = cmp.Or(wanted.Backend, old.Backend)
			break
		}
	}
	created, err := r.Create(ctx, act, tenant, wanted)
	if err != nil {
		return Key{}, err
	}
	present, err := r.records(ctx, tenant) // with those made at the same time
	if err != nil {
		return created, err
	}
	for _, old := range present {
		active := old.Retired.IsZero() && old.Compromised.IsZero()
		if !active || old.Algorithm != created.Algorithm || number(old.ID) >= number(created.Fragment) {
			continue
		}
		if _, err := r.Retire(ctx, act, tenant, old.ID); err != nil {
			return created, err
		}
	}
	return created, nil
}

// Retire stops a key from signing. It stays in the issuer's document and what
// it signed stays valid. Retiring twice changes nothing.
func (r *Ring) Retire(ctx context.Context, act storage.Act, tenant, fragment string) (Key, error) {
	record, err := r.config.Store.UpdateKey(ctx, act, tenant, fragment, func(k *storage.Key) error {
		if k.Retired.IsZero() {
			k.Retired = act.Time
		}
		return nil
	})
	if err != nil {
		return Key{}, err
	}
	return r.key(record)
}

// Compromise records that others may have had a key since a time, which is not
// in the future. The key signs no more and leaves assertionMethod of the
// issuer's document, so that everything it signed, at whatever time, fails. It
// cannot be undone; a second call may only move the time back.
func (r *Ring) Compromise(ctx context.Context, act storage.Act, tenant, fragment string, since time.Time) (Key, error) {
	if since.IsZero() || since.After(act.Time) {
		return Key{}, fmt.Errorf("compromising key: %w: since is not a time in the past", storage.ErrInvalid)
	}
	record, err := r.config.Store.UpdateKey(ctx, act, tenant, fragment, func(k *storage.Key) error {
		if k.Retired.IsZero() {
			k.Retired = act.Time
		}
		if k.Compromised.IsZero() || since.Before(k.Compromised) {
			k.Compromised = since
		}
		return nil
	})
	if err != nil {
		return Key{}, err
	}
	return r.key(record)
}

// key reads a record, from the cache where its key was read before.
func (r *Ring) key(record storage.Key) (Key, error) {
	key := Key{
		Tenant: record.Tenant, Fragment: record.ID, Algorithm: record.Algorithm,
		Thumbprint: record.Thumbprint, Backend: record.Backend, Created: record.Created,
		RetiredAt: record.Retired, CompromisedSince: record.Compromised,
	}
	if public, ok := r.public.Load(record.Thumbprint); ok {
		key.PublicKey = public
		return key, nil
	}
	public, err := parsePublic(record)
	if err != nil {
		return Key{}, fmt.Errorf("reading key %s: %w", record.ID, err)
	}
	again := storage.Key{}
	if err := describe(&again, public); err != nil || again.Thumbprint != record.Thumbprint {
		return Key{}, fmt.Errorf("reading key %s: %w", record.ID, storage.ErrCorrupt)
	}
	key.PublicKey = public
	r.public.Store(record.Thumbprint, public)
	return key, nil
}

// describe writes a public key into a record: as a JWK or, where it cannot be
// one, as a Multikey.
func describe(record *storage.Key, public crypto.PublicKey) (err error) {
	if _, pairing := public.(*bbs.PublicKey); pairing {
		if record.Multikey, err = did.EncodeMultikey(public); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(record.Multikey))
		record.Thumbprint = base64.RawURLEncoding.EncodeToString(sum[:])
		return nil
	}
	if record.JWK, err = jose.MarshalJWK(public); err != nil {
		return err
	}
	record.Thumbprint, err = jose.Thumbprint(public)
	return err
}

func parsePublic(record storage.Key) (crypto.PublicKey, error) {
	if record.Multikey != "" {
		return did.DecodeMultikey(record.Multikey)
	}
	document, err := strictjson.Parse(record.JWK)
	if err != nil {
		return nil, err
	}
	return jose.ParseJWK(document.Root())
}

// records returns the tenant's keys by number, the oldest first; as text,
// "key-10" comes before "key-9".
func (r *Ring) records(ctx context.Context, tenant string) ([]storage.Key, error) {
	records, err := r.config.Store.ListKeys(ctx, tenant)
	slices.SortFunc(records, func(a, b storage.Key) int { return number(a.ID) - number(b.ID) })
	return records, err
}

func nextFragment(sorted []storage.Key) string {
	last := 0
	if len(sorted) > 0 {
		last = number(sorted[len(sorted)-1].ID)
	}
	return fragmentPrefix + strconv.Itoa(last+1)
}

const fragmentPrefix = "key-"

// number is n of "key-n", 0 of any other name.
func number(fragment string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(fragment, fragmentPrefix))
	if err != nil {
		return 0
	}
	return n
}
