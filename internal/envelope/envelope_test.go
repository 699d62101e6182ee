package envelope_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laurel/internal/envelope"
)

var place = envelope.Place{Tenant: "north-university", Record: "credential-1", Field: "credential"}

func newEnvelope(t testing.TB, first byte) *envelope.Envelope {
	t.Helper()
	key := bytes.Repeat([]byte{7}, envelope.KeySize)
	key[0] = first
	e, err := envelope.New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func subjectKey(t testing.TB, e *envelope.Envelope) (*envelope.Key, []byte) {
	t.Helper()
	key, wrapped, err := e.NewSubjectKey("north-university", "subject-1")
	if err != nil {
		t.Fatal(err)
	}
	return key, wrapped
}

func TestNewRefuses(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33, 64} {
		if _, err := envelope.New(make([]byte, size), nil); !errors.Is(err, envelope.ErrKeySize) {
			t.Errorf("installation key of %d bytes: %v", size, err)
		}
	}
	e, err := envelope.New(make([]byte, envelope.KeySize), strings.NewReader("too little"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.NewSubjectKey("north-university", "subject-1"); err == nil {
		t.Error("a data key was made of too little randomness")
	}
}

func TestUnwrapRefuses(t *testing.T) {
	e := newEnvelope(t, 1)
	_, wrapped := subjectKey(t, e)
	for _, test := range []struct {
		name            string
		envelope        *envelope.Envelope
		tenant, subject string
		wrapped         []byte
		want            error
	}{
		{"destroyed", e, "north-university", "subject-1", nil, envelope.ErrDestroyed},
		{"empty", e, "north-university", "subject-1", []byte{}, envelope.ErrDestroyed},
		{"another installation", newEnvelope(t, 2), "north-university", "subject-1", wrapped, envelope.ErrOpen},
		{"another tenant", e, "south-university", "subject-1", wrapped, envelope.ErrOpen},
		{"another subject", e, "north-university", "subject-2", wrapped, envelope.ErrOpen},
		{"parts shifted", e, "north-universitys", "ubject-1", wrapped, envelope.ErrOpen},
		{"cut", e, "north-university", "subject-1", wrapped[:len(wrapped)-1], envelope.ErrOpen},
		{"one byte", e, "north-university", "subject-1", wrapped[:1], envelope.ErrFormat},
		{"another version", e, "north-university", "subject-1", append([]byte{9}, wrapped[1:]...), envelope.ErrFormat},
		{"another form", e, "north-university", "subject-1", append([]byte{byte(envelope.Delta)}, wrapped[1:]...), envelope.ErrFormat},
	} {
		if key, err := test.envelope.Unwrap(test.tenant, test.subject, test.wrapped); !errors.Is(err, test.want) || key != nil {
			t.Errorf("%s: %v, %v, want %v", test.name, key, err, test.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	e := newEnvelope(t, 1)
	key, wrapped := subjectKey(t, e)
	other, _ := subjectKey(t, e)
	sealed := key.Seal(place, []byte("Alice"))
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 0x40
		if data, err := key.Open(place, changed); err == nil {
			t.Errorf("byte %d changed: opened to %q", i, data)
		}
	}
	for name, at := range map[string]envelope.Place{
		"another tenant": {Tenant: "south-university", Record: place.Record, Field: place.Field},
		"another record": {Tenant: place.Tenant, Record: "credential-2", Field: place.Field},
		"another field":  {Tenant: place.Tenant, Record: place.Record, Field: "recipient"},
		"parts shifted":  {Tenant: place.Tenant, Record: place.Record + "c", Field: "redential"},
	} {
		if _, err := key.Open(at, sealed); !errors.Is(err, envelope.ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := other.Open(place, sealed); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("another subject's key: %v", err)
	}
	if _, err := key.Open(place, key.SealAs(envelope.Delta, place, []byte("Alice"))); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("another form: %v", err)
	}
	if _, _, err := key.OpenAny(place, append([]byte{byte(envelope.Delta)}, sealed[1:]...)); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("a form that it was not sealed in: %v", err)
	}
	for _, short := range [][]byte{nil, {}, {1}, sealed[:envelope.Overhead-1]} {
		if _, err := key.Open(place, short); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%d bytes: %v", len(short), err)
		}
	}
	if _, err := key.Open(place, wrapped); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("a wrapped key as sealed data: %v", err)
	}
}

func TestSealAndOpen(t *testing.T) {
	e := newEnvelope(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		tenant, subject := rapid.String().Draw(t, "tenant"), rapid.String().Draw(t, "subject")
		at := envelope.Place{Tenant: tenant, Record: rapid.String().Draw(t, "record"), Field: rapid.String().Draw(t, "field")}
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		key, wrapped, err := e.NewSubjectKey(tenant, subject)
		if err != nil {
			t.Fatal(err)
		}
		sealed := key.Seal(at, data)
		again, err := e.Unwrap(tenant, subject, wrapped)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := again.Open(at, sealed)
		if err != nil || !bytes.Equal(opened, data) {
			t.Fatalf("opened %x, %v, want %x", opened, err, data)
		}
		for _, form := range []envelope.Form{envelope.Plain, envelope.Delta} {
			opened, was, err := again.OpenAny(at, key.SealAs(form, at, data))
			if err != nil || was != form || !bytes.Equal(opened, data) {
				t.Fatalf("opened %x of form %d, %v, want %x of form %d", opened, was, err, data, form)
			}
		}
		if len(sealed) != len(data)+envelope.Overhead {
			t.Fatalf("sealed to %d bytes from %d", len(sealed), len(data))
		}
		if bytes.Equal(sealed, key.Seal(at, data)) {
			t.Fatal("sealed twice to the same bytes")
		}
		if !bytes.Equal(key.Digest(data), again.Digest(data)) || bytes.Equal(key.Digest(data), key.Digest(append(data, 0))) {
			t.Fatal("digest does not recognise the data")
		}
	})
}

// TestNothingShows looks for the plaintext and for the data key in what is stored.
func TestNothingShows(t *testing.T) {
	secret := bytes.Repeat([]byte("canary-data-key-"), 2)
	e, err := envelope.New(make([]byte, envelope.KeySize), bytes.NewReader(secret))
	if err != nil {
		t.Fatal(err)
	}
	key, wrapped, err := e.NewSubjectKey("north-university", "subject-1")
	if err != nil {
		t.Fatal(err)
	}
	stored := append(append(wrapped, key.Seal(place, []byte("alice@example.org"))...), e.Lookup("north-university", "alice@example.org")...)
	stored = append(stored, key.Digest([]byte("alice@example.org"))...)
	for _, canary := range []string{"canary", "alice"} {
		if bytes.Contains(stored, []byte(canary)) {
			t.Errorf("%q is in what is stored", canary)
		}
	}
}

func TestLookup(t *testing.T) {
	e := newEnvelope(t, 1)
	value := e.Lookup("north-university", "alice@example.org")
	if !bytes.Equal(value, e.Lookup("north-university", "alice@example.org")) {
		t.Error("lookup differs from itself")
	}
	for name, other := range map[string][]byte{
		"another person":       e.Lookup("north-university", "bob@example.org"),
		"another tenant":       e.Lookup("south-university", "alice@example.org"),
		"another installation": newEnvelope(t, 2).Lookup("north-university", "alice@example.org"),
		"parts shifted":        e.Lookup("north-universitya", "lice@example.org"),
	} {
		if bytes.Equal(value, other) {
			t.Errorf("lookup is that of %s", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	// The same keys in every process, so that what one finds fails in another.
	e, err := envelope.New(make([]byte, envelope.KeySize), bytes.NewReader(make([]byte, envelope.KeySize)))
	if err != nil {
		f.Fatal(err)
	}
	key, wrapped := subjectKey(f, e)
	f.Add(key.Seal(place, []byte("Alice")))
	f.Add(wrapped)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if opened, err := key.Open(place, data); err == nil && string(opened) != "Alice" {
			t.Errorf("%x opens to %q", data, opened)
		}
		other, err := e.Unwrap("north-university", "subject-1", data)
		if err == nil && !bytes.Equal(other.Digest(nil), key.Digest(nil)) {
			t.Errorf("%x unwraps to another key", data)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	key, _ := subjectKey(b, newEnvelope(b, 1))
	data := make([]byte, 3200)
	for b.Loop() {
		key.Seal(place, data)
	}
}

func BenchmarkNewSubjectKey(b *testing.B) {
	e := newEnvelope(b, 1)
	for b.Loop() {
		subjectKey(b, e)
	}
}
