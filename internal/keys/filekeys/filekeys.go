// Package filekeys keeps private keys in one file, sealed with age
// (https://age-encryption.org/v1).
//
// The file lies in the data directory; what opens it does not: it is sealed to
// an age identity in a key file elsewhere, or with a passphrase. Without that,
// neither the signing keys in it nor the installation key that wraps the data
// keys of people can be had by anybody, the operator included. A copy of the
// data directory therefore signs nothing and tells nothing.
//
// An open file keeps its keys in memory for as long as it is open. They are
// never in an error, and no other file holds them in any form.
package filekeys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"

	"laurel/internal/keys"
)

// Name is the usual name of the file in the data directory.
const Name = "keys.age"

// InstallationKeySize is the size of the installation key in bytes.
const InstallationKeySize = 32

var (
	// ErrLocked means that the lock is not the one that the file was sealed
	// with: another key file, or a wrong passphrase.
	ErrLocked = errors.New("key file does not open with this key or passphrase")
	// ErrExists means that there is a file already, which is never replaced.
	ErrExists = errors.New("key file exists already")
	// ErrNotFound means that there is no file.
	ErrNotFound = errors.New("key file not found")
	// ErrCorrupt means that the file is damaged, truncated, or not of this kind.
	ErrCorrupt = errors.New("key file is damaged or not a key file")
	// ErrVersion means that a newer program wrote the file.
	ErrVersion = errors.New("key file has a newer form than this program knows")
)

// File is an open key file. It implements keys.Backend for Ed25519. One process
// has it open at a time, which the caller sees to; its methods may be called
// from any goroutine.
type File struct {
	path string
	lock Lock
	rand io.Reader

	mu       sync.Mutex
	contents contents
	signers  map[string]crypto.Signer // by reference, those asked for before
}

// Create makes a key file with a new installation key and no signing keys. rng
// gives all keys of this File; crypto/rand when nil. Errors: ErrExists, and
// those of the file system. A crash leaves no file or a whole one.
func Create(path string, lock Lock, rng io.Reader) (*File, error) {
	f := &File{path: path, lock: lock, rand: source(rng), signers: make(map[string]crypto.Signer)}
	f.contents.installation = make([]byte, InstallationKeySize)
	if _, err := io.ReadFull(f.rand, f.contents.installation); err != nil {
		return nil, fmt.Errorf("creating key file: %w", err)
	}
	sealed, err := lock.seal(f.contents)
	if err != nil {
		return nil, fmt.Errorf("creating key file: %w", err)
	}
	if err := placeNew(path, sealed); err != nil {
		return nil, fmt.Errorf("creating key file: %w", err)
	}
	return f, nil
}

// Open opens a key file. Errors: ErrNotFound, ErrLocked, ErrCorrupt, ErrVersion,
// and those of the file system.
func Open(path string, lock Lock, rng io.Reader) (*File, error) {
	sealed, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("opening key file: %w", err)
	}
	contents, err := lock.open(sealed)
	if err != nil {
		return nil, fmt.Errorf("opening key file: %w", err)
	}
	return &File{path: path, lock: lock, rand: source(rng), contents: contents, signers: make(map[string]crypto.Signer)}, nil
}

func source(rng io.Reader) io.Reader {
	if rng == nil {
		return rand.Reader
	}
	return rng
}

// InstallationKey returns a copy of the 256-bit key that wraps the data keys of
// people. It is made with the file and never changes.
func (f *File) InstallationKey() []byte { return bytes.Clone(f.contents.installation) }

// Create makes a key and returns when the file that holds it is on the disk. It
// implements keys.Backend.
func (f *File) Create(_ context.Context, algorithm string) (string, crypto.PublicKey, error) {
	var reference [16]byte
	if _, err := io.ReadFull(f.rand, reference[:]); err != nil {
		return "", nil, fmt.Errorf("making key: %w", err)
	}
	secret, err := keys.Generate(f.rand, algorithm)
	if err != nil {
		return "", nil, err
	}
	signer, err := keys.Signer(algorithm, secret)
	if err != nil {
		return "", nil, err
	}
	added := entry{algorithm: algorithm, reference: hex.EncodeToString(reference[:]), secret: secret}

	f.mu.Lock()
	defer f.mu.Unlock()
	next := contents{installation: f.contents.installation, entries: append(f.contents.entries[:len(f.contents.entries):len(f.contents.entries)], added)}
	sealed, err := f.lock.seal(next)
	if err != nil {
		return "", nil, fmt.Errorf("making key: %w", err)
	}
	if err := replace(f.path, sealed); err != nil {
		return "", nil, fmt.Errorf("making key: %w", err)
	}
	f.contents = next
	return added.reference, signer.Public(), nil
}

// Signer returns a key of the file. It implements keys.Backend.
func (f *File) Signer(_ context.Context, reference string) (crypto.Signer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if signer, ok := f.signers[reference]; ok {
		return signer, nil
	}
	for _, e := range f.contents.entries {
		if e.reference == reference {
			signer, err := keys.Signer(e.algorithm, e.secret)
			if err == nil {
				f.signers[reference] = signer
			}
			return signer, err
		}
	}
	return nil, keys.ErrUnknownReference
}

// seal writes contents as an age file. The encoding is wiped afterwards.
func (l Lock) seal(c contents) ([]byte, error) {
	if l.recipient == nil {
		return nil, errors.New("sealing: no key or passphrase given")
	}
	plain := c.encode()
	defer clear(plain)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, l.recipient)
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return sealed.Bytes(), nil
}

// open reads contents from an age file.
func (l Lock) open(sealed []byte) (contents, error) {
	if l.identity == nil {
		return contents{}, errors.New("unsealing: no key or passphrase given")
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), l.identity)
	var mismatch *age.NoIdentityMatchError
	if errors.As(err, &mismatch) {
		return contents{}, ErrLocked
	}
	if err != nil {
		return contents{}, ErrCorrupt
	}
	// Made large enough at once: growing would leave copies behind.
	plain := bytes.NewBuffer(make([]byte, 0, len(sealed)+bytes.MinRead))
	_, err = plain.ReadFrom(io.LimitReader(r, int64(len(sealed))))
	defer clear(plain.Bytes())
	if err != nil {
		return contents{}, ErrCorrupt
	}
	return decode(plain.Bytes())
}

// Format implements fmt.Formatter: a printed File shows no key.
func (f *File) Format(w fmt.State, _ rune) { fmt.Fprint(w, "key file") } //nolint:errcheck // a fmt.State has no way to fail

// Format implements fmt.Formatter: a printed Lock shows no key.
func (Lock) Format(w fmt.State, _ rune) { fmt.Fprint(w, "lock") } //nolint:errcheck // a fmt.State has no way to fail
