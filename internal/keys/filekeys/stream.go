package filekeys

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// ErrNotRecipient means that a text is not the public part of an age identity.
var ErrNotRecipient = errors.New("not an age recipient")

// Encrypt writes what is written to it into w as an age file for recipients,
// each the public part of an identity ("age1…"). Without any the lock itself
// opens it. The result must be closed; only then is the file whole.
func (l Lock) Encrypt(w io.Writer, recipients ...string) (io.WriteCloser, error) {
	keys := make([]age.Recipient, len(recipients))
	for i, text := range recipients {
		// The library's error quotes the text, which may be the private part.
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, fmt.Errorf("encrypting: %w", ErrNotRecipient)
		}
		keys[i] = recipient
	}
	if len(keys) == 0 {
		if l.recipient == nil {
			return nil, errors.New("encrypting: no key or passphrase given")
		}
		keys = append(keys, l.recipient)
	}
	encrypted, err := age.Encrypt(w, keys...)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	return encrypted, nil
}

// Decrypt reads what Encrypt wrote for this lock. Reading fails with an error
// for a file that was changed or cut. Errors: ErrLocked; ErrCorrupt for what is
// no age file.
func (l Lock) Decrypt(r io.Reader) (io.Reader, error) {
	if l.identity == nil {
		return nil, errors.New("decrypting: no key or passphrase given")
	}
	plain, err := age.Decrypt(r, l.identity)
	var mismatch *age.NoIdentityMatchError
	if errors.As(err, &mismatch) {
		return nil, fmt.Errorf("decrypting: %w", ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("decrypting: %w", ErrCorrupt)
	}
	return plain, nil
}
