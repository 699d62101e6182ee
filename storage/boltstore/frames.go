package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"

	"laurel/storage"
)

// Frame reads a frame of a tenant.
func (s *Store) Frame(ctx context.Context, tenant string, id [16]byte) (storage.Frame, error) {
	frame := storage.Frame{Tenant: tenant, ID: id}
	err := s.read(ctx, "reading frame", func(t *txn) error {
		text := t.get(frameFamily, frameKey(frame))
		if text == nil {
			return storage.ErrNotFound
		}
		frame.Text = bytes.Clone(text)
		return nil
	})
	return frame, err
}

func frameKey(f storage.Frame) key { return append(of(f.Tenant).clip(), f.ID[:]...) }

// missingFrame reports whether a frame is given and not stored. It returns
// ErrInvalid for one whose id is not that of its text.
func (t *txn) missingFrame(f storage.Frame) (bool, error) {
	if f.Text == nil || t.get(frameFamily, frameKey(f)) != nil {
		return false, nil
	}
	if sum := sha256.Sum256(f.Text); [16]byte(sum[:16]) != f.ID {
		return false, invalid("frame with the id of another text")
	}
	return true, nil
}
