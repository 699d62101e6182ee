// Package envelope encrypts what the store keeps of people, so that one
// person's data can be destroyed by destroying one key.
//
// Every subject has a random data key of its own ([Key]). It seals the
// subject's credentials and details, and is itself stored only wrapped under
// the installation's key ([Envelope]), which the store never has. When the
// wrapped key is deleted, everything sealed under it is noise, in old backups
// too once they run out, whoever holds the installation's key.
//
// Everything is AES-256-GCM with random nonces, and is bound to its place:
// sealed bytes moved to another tenant, record or field do not open. Sealed
// bytes begin with a [Form], to which they are bound too, so that what was sealed
// in one form is never taken for another.
//
// An installation key must not wrap more than 2^32 subjects, nor a data key
// seal more than 2^32 values (NIST SP 800-38D, section 8.3).
package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// KeySize is the size in bytes of installation keys and data keys.
const KeySize = 32

var (
	// ErrKeySize means that an installation key is not KeySize bytes long.
	ErrKeySize = errors.New("key has the wrong size")
	// ErrOpen means that sealed bytes or a wrapped key were changed, belong to
	// another place, or are under another key.
	ErrOpen = errors.New("sealed data does not open")
	// ErrFormat means that bytes are not of a form this program knows.
	ErrFormat = errors.New("unknown form of sealed data")
	// ErrDestroyed means that there is no wrapped key any more: what was sealed
	// under it cannot be read by anybody.
	ErrDestroyed = errors.New("key was destroyed")
)

// Form says what is in sealed bytes, and begins them. In all forms a random
// 12-byte nonce, the ciphertext and a 16-byte tag follow.
type Form byte

const (
	// Plain is a field as it is. Wrapped keys are of this form too.
	Plain Form = 1
	// Delta is what has to be put together again by whoever sealed it.
	Delta Form = 2
)

// Overhead is by how much sealed bytes are longer than what is in them.
const Overhead = 1 + 12 + 16

// Envelope wraps subjects' data keys under an installation's key. It may be
// used from any goroutine.
type Envelope struct {
	wrap   cipher.AEAD
	lookup []byte
	random io.Reader
}

// New takes the installation's key, KeySize random bytes that the caller keeps
// sealed elsewhere. The randomness of new data keys comes from random, or from
// crypto/rand where that is nil. The key is not kept and may be wiped.
func New(installationKey []byte, random io.Reader) (*Envelope, error) {
	if len(installationKey) != KeySize {
		return nil, fmt.Errorf("opening envelope: installation key of %d bytes: %w", len(installationKey), ErrKeySize)
	}
	if random == nil {
		random = rand.Reader
	}
	wrap, err := derivedAEAD(installationKey, "laurel subject key wrapping 1")
	if err != nil {
		return nil, fmt.Errorf("opening envelope: %w", err)
	}
	lookup, err := hkdf.Key(sha256.New, installationKey, nil, "laurel subject lookup 1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("opening envelope: %w", err)
	}
	return &Envelope{wrap: wrap, lookup: lookup, random: random}, nil
}

// NewSubjectKey makes a data key for a subject of a tenant and wraps it. Only
// the wrapped form is to be stored.
func (e *Envelope) NewSubjectKey(tenant, subject string) (key *Key, wrapped []byte, err error) {
	data := make([]byte, KeySize)
	defer clear(data)
	if _, err := io.ReadFull(e.random, data); err != nil {
		return nil, nil, fmt.Errorf("making subject key: %w", err)
	}
	key, err = newKey(data)
	if err != nil {
		return nil, nil, fmt.Errorf("making subject key: %w", err)
	}
	return key, seal(e.wrap, subjectPlace(tenant, subject), data), nil
}

// Unwrap gives the data key of a subject back. It returns [ErrDestroyed] for
// an empty wrapped key, [ErrFormat], and [ErrOpen] for one that was changed or
// is another subject's.
func (e *Envelope) Unwrap(tenant, subject string, wrapped []byte) (*Key, error) {
	if len(wrapped) == 0 {
		return nil, fmt.Errorf("unwrapping subject key: %w", ErrDestroyed)
	}
	data, err := open(e.wrap, subjectPlace(tenant, subject), wrapped)
	if err != nil {
		return nil, fmt.Errorf("unwrapping subject key: %w", err)
	}
	defer clear(data)
	key, err := newKey(data)
	if err != nil {
		return nil, fmt.Errorf("unwrapping subject key: %w", err)
	}
	return key, nil
}

// Lookup gives the value by which a tenant finds a subject again whose
// identifier, such as an e-mail address in its normal form, it is told. Without
// the installation's key it cannot be computed, nor tenants be compared by it.
func (e *Envelope) Lookup(tenant, identifier string) []byte {
	mac := hmac.New(sha256.New, e.lookup)
	mac.Write(Place{Tenant: tenant, Record: identifier, Field: "lookup"}.bytes(Plain))
	return mac.Sum(nil)
}

// Place is where sealed bytes are stored, and nowhere else do they open.
type Place struct {
	Tenant string
	// Record is the id of the record, Field the name of the field in it.
	Record, Field string
}

// bytes is the place as associated data; lengths keep the parts apart.
func (p Place) bytes(form Form) []byte {
	b := append(make([]byte, 0, 128), "laurel envelope "...)
	b = append(b, '0'+byte(form))
	for _, part := range [...]string{p.Tenant, p.Record, p.Field} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return b
}

func subjectPlace(tenant, subject string) Place {
	return Place{Tenant: tenant, Record: subject, Field: "subject key"}
}

// Key is a subject's data key. It may be used from any goroutine, and should
// not be kept for longer than a request.
type Key struct {
	data   cipher.AEAD
	digest []byte
}

func newKey(data []byte) (*Key, error) {
	if len(data) != KeySize {
		return nil, ErrFormat
	}
	aead, err := derivedAEAD(data, "laurel subject data 1")
	if err != nil {
		return nil, err
	}
	digest, err := hkdf.Key(sha256.New, data, nil, "laurel subject digest 1", KeySize)
	if err != nil {
		return nil, err
	}
	return &Key{data: aead, digest: digest}, nil
}

// Seal encrypts a field of a record as it is.
func (k *Key) Seal(place Place, plaintext []byte) []byte { return seal(k.data, place, plaintext) }

// SealAs encrypts a field of a record that the caller has brought into a form.
func (k *Key) SealAs(form Form, place Place, plaintext []byte) []byte {
	return sealAs(k.data, form, place, plaintext)
}

// Open decrypts what Seal made for the same place, or returns [ErrOpen] or
// [ErrFormat], the latter for other forms too.
func (k *Key) Open(place Place, sealed []byte) ([]byte, error) {
	plaintext, err := open(k.data, place, sealed)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", place.Field, err)
	}
	return plaintext, nil
}

// OpenAny is Open for all forms, and says which it is.
func (k *Key) OpenAny(place Place, sealed []byte) ([]byte, Form, error) {
	plaintext, err := openAny(k.data, place, sealed)
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s: %w", place.Field, err)
	}
	return plaintext, Form(sealed[0]), nil
}

// Digest recognises bytes again (HMAC-SHA-256). Once the key is destroyed
// nobody can tell what a digest is of.
func (k *Key) Digest(data []byte) []byte {
	mac := hmac.New(sha256.New, k.digest)
	mac.Write(data)
	return mac.Sum(nil)
}

// derivedAEAD makes a cipher whose key serves the named purpose alone.
func derivedAEAD(secret []byte, purpose string) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, purpose, KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(derived)
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(aead cipher.AEAD, place Place, plaintext []byte) []byte {
	return sealAs(aead, Plain, place, plaintext)
}

func sealAs(aead cipher.AEAD, form Form, place Place, plaintext []byte) []byte {
	sealed := make([]byte, 1, Overhead+len(plaintext))
	sealed[0] = byte(form)
	return aead.Seal(sealed, nil, plaintext, place.bytes(form))
}

func open(aead cipher.AEAD, place Place, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || Form(sealed[0]) != Plain {
		return nil, ErrFormat
	}
	return openAny(aead, place, sealed)
}

func openAny(aead cipher.AEAD, place Place, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || Form(sealed[0]) != Plain && Form(sealed[0]) != Delta {
		return nil, ErrFormat
	}
	plaintext, err := aead.Open(nil, nil, sealed[1:], place.bytes(Form(sealed[0])))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
