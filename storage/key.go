package storage

import "time"

// Key is what is public about a signing key. Private key bytes are never here.
type Key struct {
	Tenant string `json:"-"`
	// ID is the fragment of its DID URL without "#", such as "key-1". It is
	// never used for another key.
	ID string `json:"id"`
	// Algorithm names the kind of key: "Ed25519", "P-256", "RSA-2048", …
	Algorithm string `json:"algorithm"`
	// JWK is the public key as a JWK without private members (RFC 7517); nil for
	// a kind of key that has no such form, which is in Multikey instead (CID 1.0
	// §2.2.2).
	JWK      []byte `json:"jwk,omitempty"`
	Multikey string `json:"multikey,omitempty"`
	// Thumbprint is the RFC 7638 SHA-256 thumbprint, base64url; the kid under
	// which the key is published on its own. Of a key without a JWK it is the
	// SHA-256 of Multikey. Unique.
	Thumbprint string `json:"thumbprint"`
	// Backend and Handle say where the private key is, for the key ring.
	Backend string    `json:"backend,omitempty"`
	Handle  string    `json:"handle,omitempty"`
	Created time.Time `json:"created"`
	// Retired is when the key stopped signing; what it signed stays valid.
	Retired time.Time `json:"retired,omitzero"`
	// Compromised is since when the key must be taken for known to others.
	Compromised time.Time `json:"compromised,omitzero"`
}

// APIKey is an operator's key to the API. The key itself is not stored.
type APIKey struct {
	Tenant string `json:"-"`
	// ID is the key's public first part, by which it is looked up. Unique.
	ID string `json:"id"`
	// Hash is a keyed or slow hash of the secret part; comparing it in
	// constant time is the caller's work.
	Hash    []byte    `json:"hash"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes,omitempty"`
	Created time.Time `json:"created"`
	// Expires is zero for a key that does not expire.
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// SubjectKey is the wrapped data key of one person at one tenant. All sealed
// fields of that person are under it; destroying it destroys them.
type SubjectKey struct {
	Tenant string `json:"-"`
	// ID names the subject inside the store and in audit entries; random, and
	// best time-ordered, which keeps writes close together.
	ID string `json:"-"`
	// Wrapped is the data key under the installation's key; nil once erased.
	Wrapped []byte `json:"wrapped,omitempty"`
	// Lookup finds the subject of a known identifier again: a keyed hash of
	// it. May be empty. Removed when erased.
	Lookup  []byte    `json:"lookup,omitempty"`
	Created time.Time `json:"created,omitzero"`
	// Erased is when the key was destroyed, zero while it is there.
	Erased time.Time `json:"erased,omitzero"`
}
