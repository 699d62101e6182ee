package storagetest

import (
	"crypto/sha256"
	"testing"

	"laurel/storage"
)

func testFrames(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	text := []byte("what all credentials of an issuer have in common")
	sum := sha256.Sum256(text)
	frame := storage.Frame{ID: [16]byte(sum[:]), Text: text}

	i := w.issuance(north, w.reserve(north).Credential.ID)
	i.Frame = storage.Frame{ID: frame.ID, Text: []byte("another text")}
	_, err := w.CommitCredential(w.ctx(), i)
	wantError(t, "the id of another text", err, storage.ErrInvalid)
	_, err = w.Frame(w.ctx(), north, frame.ID)
	wantError(t, "before it is stored", err, storage.ErrNotFound)
	i.Frame = frame
	_, err = w.CommitCredential(w.ctx(), i)
	w.must(err)
	again := w.issuance(north, w.reserve(north).Credential.ID)
	again.Frame = frame
	_, err = w.CommitCredential(w.ctx(), again)
	w.must(err)

	w.reopen()
	got, err := w.Frame(w.ctx(), north, frame.ID)
	w.must(err)
	frame.Tenant = north
	wantEqual(t, "frame", got, frame)
	_, err = w.Frame(w.ctx(), south, frame.ID)
	wantError(t, "frame of another tenant", err, storage.ErrNotFound)
}
