package filekeys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

var (
	// ErrNotKey means that a file given as the key to the key file is not one.
	ErrNotKey = errors.New("not a file with an age identity")
	// ErrInside means that the key to the key file would lie in the data
	// directory, beside what it opens.
	ErrInside = errors.New("key lies inside the data directory")
	// ErrPassphrase means that a passphrase is too short to be one.
	ErrPassphrase = fmt.Errorf("passphrase has fewer than %d characters", MinPassphrase)
)

// MinPassphrase is the least number of bytes of a passphrase.
const MinPassphrase = 12

// workFactor is the logarithm of the cost of a passphrase: age's own default,
// about a second.
const workFactor = 18

// maxIdentitySize bounds the file of an identity: one line and comments.
const maxIdentitySize = 16 << 10

// Lock is what a key file is sealed with. It comes from Identity, NewIdentity
// or Passphrase.
type Lock struct {
	recipient age.Recipient
	identity  age.Identity
}

// NewIdentity makes an age identity (X25519) in a new file, readable by its
// owner alone, and returns the lock that it is the key to. The format is that of
// age-keygen. Errors: ErrExists, ErrInside when the file would lie in
// dataDirectory, and those of the file system.
func NewIdentity(path, dataDirectory string) (Lock, error) {
	if err := outside(path, dataDirectory); err != nil {
		return Lock{}, fmt.Errorf("making key: %w", err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return Lock{}, fmt.Errorf("making key: %w", err)
	}
	text := []byte("# Opens keys.age of a Laurel installation. Keep a copy in another place.\n" +
		"# public key: " + identity.Recipient().String() + "\n" + identity.String() + "\n")
	defer clear(text)
	if err := placeNew(path, text); err != nil {
		return Lock{}, fmt.Errorf("making key: %w", err)
	}
	return Lock{recipient: identity.Recipient(), identity: identity}, nil
}

// Identity reads the first age identity (X25519) of a file, as NewIdentity or
// age-keygen wrote it. Errors: fs.ErrNotExist, ErrNotKey, ErrInside.
func Identity(path, dataDirectory string) (Lock, error) {
	if err := outside(path, dataDirectory); err != nil {
		return Lock{}, fmt.Errorf("reading key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Lock{}, fmt.Errorf("reading key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxIdentitySize {
		return Lock{}, fmt.Errorf("reading key: %w", ErrNotKey)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Lock{}, fmt.Errorf("reading key: %w", err)
	}
	defer clear(data)
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		// The library's error may quote the line.
		identity, err := age.ParseX25519Identity(string(line))
		if err != nil {
			break
		}
		return Lock{recipient: identity.Recipient(), identity: identity}, nil
	}
	return Lock{}, fmt.Errorf("reading key: %w", ErrNotKey)
}

// Passphrase returns the lock of a passphrase. The caller takes line ends off
// that do not belong to it. The error is ErrPassphrase.
func Passphrase(passphrase string) (Lock, error) { return passphraseLock(passphrase, workFactor) }

func passphraseLock(passphrase string, cost int) (Lock, error) {
	if len(passphrase) < MinPassphrase {
		return Lock{}, ErrPassphrase
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return Lock{}, fmt.Errorf("reading passphrase: %w", ErrPassphrase)
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return Lock{}, fmt.Errorf("reading passphrase: %w", ErrPassphrase)
	}
	recipient.SetWorkFactor(cost)
	return Lock{recipient: recipient, identity: identity}, nil
}

// outside refuses a path in a directory or below it, symbolic links followed.
func outside(path, directory string) error {
	if directory == "" {
		return nil
	}
	place, err := resolved(filepath.Dir(path))
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		if place, err = resolved(filepath.Dir(target)); err != nil {
			return err
		}
	}
	root, err := resolved(directory)
	if errors.Is(err, fs.ErrNotExist) { // nothing can lie in it yet but what is named so
		root, err = filepath.Abs(directory)
	}
	if err != nil {
		return err
	}
	relative, err := filepath.Rel(root, place)
	if err != nil {
		return err
	}
	if relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return ErrInside
	}
	return nil
}

func resolved(directory string) (string, error) {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}
