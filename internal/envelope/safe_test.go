package envelope

import (
	"bytes"
	"errors"
	"testing"
)

func TestSafe(t *testing.T) {
	key := bytes.Repeat([]byte{1}, KeySize)
	safe, err := NewSafe(key)
	if err != nil {
		t.Fatal(err)
	}
	place := Place{Tenant: "north", Record: "hook", Field: "secret"}
	sealed := safe.Seal(place, []byte("secret"))
	if got, err := safe.Open(place, sealed); err != nil || string(got) != "secret" {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := safe.Open(Place{Tenant: "south", Record: "hook", Field: "secret"}, sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("at another place: %v", err)
	}
	other, err := NewSafe(bytes.Repeat([]byte{2}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(place, sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("with another key: %v", err)
	}
	// The key of people's data is another one, though it comes from the same.
	people, err := New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Unwrap("north", "hook", safe.Seal(subjectPlace("north", "hook"), key)); !errors.Is(err, ErrOpen) {
		t.Errorf("as a subject's key: %v", err)
	}
	if _, err := NewSafe(key[:16]); !errors.Is(err, ErrKeySize) {
		t.Errorf("short key: %v", err)
	}
}
