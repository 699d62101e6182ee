package audit

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"laurel/storage"
)

func testSigner() signer {
	return signer{name: "laurel-audit-abc", key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))}
}

func testCheckpoint() Checkpoint {
	return Checkpoint{
		Installation: "abc", Number: 3, Time: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		Chains: []storage.ChainHead{{Sequence: 2, Hash: [32]byte{1}}, {Tenant: "north", Sequence: 7, Hash: [32]byte{2}}},
	}
}

// TestNoteForm pins the form, and checks the signature as a reader of signed
// notes would, from the verification key alone.
func TestNoteForm(t *testing.T) {
	s := testSigner()
	note := string(s.sign(testCheckpoint()))
	const text = "laurel audit checkpoint 1\ninstallation abc\nnumber 3\ntime 2026-03-01T09:00:00Z\n" +
		"chain - 2 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nchain north 7 AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	signature, ok := strings.CutPrefix(note, text+"\n— laurel-audit-abc ")
	if !ok || !strings.HasSuffix(signature, "\n") {
		t.Fatalf("the note is %q", note)
	}
	signed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	parts := strings.SplitN(s.verificationKey(), "+", 3)
	if err != nil || len(parts) != 3 || parts[0] != s.name {
		t.Fatalf("signature %v, key %v", err, parts)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || key[0] != 1 || hex.EncodeToString(signed[:4]) != parts[1] || !ed25519.Verify(key[1:], []byte(text), signed[4:]) {
		t.Error("the signature does not hold by the verification key")
	}
}

func TestOpenNote(t *testing.T) {
	s := testSigner()
	note := s.sign(testCheckpoint())
	if got, err := s.open(note); err != nil || got.text() != testCheckpoint().text() {
		t.Fatalf("opened %+v, %v", got, err)
	}
	for i := range len(note) - 1 {
		changed := bytes.Clone(note)
		changed[i] ^= 1
		if _, err := s.open(changed); err == nil {
			t.Errorf("a note with byte %d changed opens", i)
		}
	}
	for n := range len(note) - 1 {
		if _, err := s.open(note[:n]); !errors.Is(err, errTorn) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	other := s
	other.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	if _, err := s.open(other.sign(testCheckpoint())); !errors.Is(err, errForged) {
		t.Errorf("a note of another key: %v", err)
	}
}

func TestNotes(t *testing.T) {
	s := testSigner()
	note := s.sign(testCheckpoint())
	torn := note[:len(note)-40]
	file := bytes.Join([][]byte{[]byte("# kept by hand\n"), note, []byte("\n"), torn, []byte("\n"), note}, nil)
	var outcomes []string
	for _, part := range notes(file) {
		_, err := s.open(part)
		switch {
		case err == nil:
			outcomes = append(outcomes, "whole")
		case errors.Is(err, errTorn):
			outcomes = append(outcomes, "torn")
		default:
			outcomes = append(outcomes, err.Error())
		}
	}
	if got := strings.Join(outcomes, " "); got != "whole torn whole" {
		t.Errorf("the file has %s", got)
	}
	if len(notes(nil)) != 0 || len(notes([]byte("nothing"))) != 0 {
		t.Error("there are notes in nothing")
	}
}

// FuzzOpenNote: what opens is exactly what was signed.
func FuzzOpenNote(f *testing.F) {
	s := testSigner()
	note := s.sign(testCheckpoint())
	f.Add(note)
	f.Add(append(bytes.Clone(note), note...))
	f.Add([]byte(checkpointHeader))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, part := range notes(file) {
			if c, err := s.open(part); err == nil && c.text() != testCheckpoint().text() {
				t.Errorf("opened %+v", c)
			}
			text, _, _ := cutSignature(part)
			if c, err := parseText(text); err == nil && c.text() != text {
				t.Errorf("parsed %q as %+v", text, c)
			}
		}
	})
}
