package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"laurel/internal/envelope"
	"laurel/storage"
)

// record reads an award as it is stored.
func (w *world) record(id string) storage.Credential {
	w.Helper()
	record, err := w.store.Credential(w.Context(), DefaultSlug, id)
	if err != nil {
		w.Fatal(err)
	}
	return record
}

// opens holds that an award is given out with the very bytes that were signed.
func (w *world) opens(id string, want []byte) {
	w.Helper()
	got, err := w.OperatorCredential(w.Context(), DefaultSlug, id)
	if err != nil || !bytes.Equal(got.Signed, want) {
		w.Errorf("%v, %s, want %s", err, got.Signed, want)
	}
}

// What badges have in common is stored once, and the rest is short. That of an
// achievement or institution that changed since goes on being found.
func TestShortBadges(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Suspension = true })
	achievement := w.mentor()
	first := w.award(ada(achievement))
	signed, err := w.OperatorCredential(w.Context(), DefaultSlug, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(w.record(first.ID).Signed); n > 700 {
		t.Errorf("a badge of %d bytes is stored in %d", len(signed.Signed), n)
	}
	long := ada(achievement)
	long.Evidence = []json.RawMessage{json.RawMessage(`{"narrative":"` + strings.Repeat("Read the whole of it, and wrote of it at length. ", 2000) + `"}`)}
	evident := w.award(long)
	proved, err := w.OperatorCredential(w.Context(), DefaultSlug, evident.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(w.record(evident.ID).Signed); n > len(proved.Signed)/10 {
		t.Errorf("a badge of %d bytes that repeats itself is stored in %d", len(proved.Signed), n)
	}

	if _, err := w.UpdateAchievement(w.Context(), caller, achievement.ID, []byte(strings.ReplaceAll(mentor, "Ten", "Eleven"))); err != nil {
		t.Fatal(err)
	}
	changed := w.award(ada(achievement))
	if _, err := w.store.UpdateTenant(w.Context(), w.act(), DefaultSlug, func(tenant *storage.Tenant) error {
		tenant.Profile = bytes.ReplaceAll(tenant.Profile, []byte("Example University"), []byte("University of Examples"))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	renamed := w.award(ada(achievement))
	for _, award := range []struct {
		id    string
		words []string
	}{
		{changed.ID, []string{"Eleven *sessions*", "Example University"}},
		{renamed.ID, []string{"Eleven *sessions*", "University of Examples"}},
	} {
		got, err := w.OperatorCredential(w.Context(), DefaultSlug, award.id)
		for _, word := range award.words {
			if err != nil || !bytes.Contains(got.Signed, []byte(word)) {
				t.Errorf("%v, %s, want %q in it", err, got.Signed, word)
			}
		}
	}
	w.opens(first.ID, signed.Signed)
	w.restart()
	w.opens(first.ID, signed.Signed)
	w.opens(evident.ID, proved.Signed)
}

// What was stored before badges were shortened is opened as it is.
func TestPlainBadges(t *testing.T) {
	w := newWorld(t, nil)
	w.config.Store = plainStore{w.store, w.Service}
	w.rebuild()
	award := w.award(ada(w.mentor()))
	record := w.record(award.ID)
	if envelope.Form(record.Signed[0]) != envelope.Plain {
		t.Fatalf("it is of form %d", record.Signed[0])
	}
	got, err := w.Credential(w.Context(), award.ID)
	if err != nil || !bytes.Contains(got.Signed, []byte(`"proofValue":"z`)) {
		t.Errorf("%v, %s", err, got.Signed)
	}
}

// plainStore stores signed badges in their first form.
type plainStore struct {
	Store
	service *Service
}

func (p plainStore) CommitCredential(ctx context.Context, i storage.Issuance) (storage.Credential, error) {
	record, err := p.Store.Credential(ctx, i.Tenant, i.ID)
	if err != nil {
		return record, err
	}
	holder, err := p.SubjectKey(ctx, i.Tenant, record.Subject)
	if err != nil {
		return record, err
	}
	key, err := p.service.key(holder, nil)
	if err != nil {
		return record, err
	}
	short, _, err := key.OpenAny(signedPlace(record), i.Signed)
	if err != nil {
		return record, err
	}
	reader := Service{store: framed{p.Store, i.Frame}}
	whole, err := reader.whole(ctx, record, short)
	if err != nil {
		return record, err
	}
	i.Signed, i.Frame = key.Seal(signedPlace(record), whole), storage.Frame{}
	return p.Store.CommitCredential(ctx, i)
}

// framed is a store that has a frame which was not stored.
type framed struct {
	Store
	frame storage.Frame
}

func (f framed) Frame(context.Context, string, [16]byte) (storage.Frame, error) { return f.frame, nil }

// A badge whose frame or achievement is gone, or not what it was, is not made up.
func TestBrokenShortBadges(t *testing.T) {
	w := newWorld(t, nil)
	award := w.award(ada(w.mentor()))
	other, err := w.CreateAchievement(w.Context(), caller, []byte(strings.ReplaceAll(mentor, "Ten", "Two")))
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]Store{
		"no frame":              noFrame{w.store},
		"another frame":         framed{w.store, storage.Frame{Text: bytes.Repeat([]byte("x"), 4096)}},
		"a shorter frame":       framed{w.store, storage.Frame{}},
		"another achievement":   otherAchievement{w.store, other.ID},
		"no such achievement":   otherAchievement{w.store, "none"},
		"a record of no awards": otherAchievement{w.store, ""},
	} {
		config := w.config
		config.Store = broken
		s, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.OperatorCredential(w.Context(), DefaultSlug, award.ID); !errors.Is(err, storage.ErrCorrupt) || got.Signed != nil {
			t.Errorf("%s: %v, %s", name, err, got.Signed)
		}
	}
}

type noFrame struct{ Store }

func (noFrame) Frame(context.Context, string, [16]byte) (storage.Frame, error) {
	return storage.Frame{}, storage.ErrNotFound
}

// otherAchievement has every credential be of another achievement.
type otherAchievement struct {
	Store
	id string
}

func (o otherAchievement) Credential(ctx context.Context, tenant, id string) (storage.Credential, error) {
	record, err := o.Store.Credential(ctx, tenant, id)
	record.Achievement = o.id
	return record, err
}

// That one badge of a pattern was good says nothing of what is another's own.
func TestJudgedPatterns(t *testing.T) {
	w := newWorld(t, nil)
	achievement := w.mentor()
	w.award(ada(achievement))
	now := w.clockNow()
	for name, change := range map[string]func(*Request){
		"times out of order": func(r *Request) { r.ValidFrom, r.ValidUntil = now.AddDate(0, 2, 0), now.AddDate(0, 1, 0) },
		"an id that is none": func(r *Request) { r.Recipient = Recipient{ID: "not a URI"} },
		"words of no meaning": func(r *Request) {
			r.Evidence = []json.RawMessage{json.RawMessage(`{"narrative":"-","unheardOf":"-"}`)}
		},
	} {
		request := ada(achievement)
		change(&request)
		var invalid *InvalidError
		if made, err := w.Award(w.Context(), caller, request); !errors.As(err, &invalid) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	if _, err := w.UpdateAchievement(w.Context(), caller, achievement.ID, []byte(strings.ReplaceAll(mentor, "Ten", "Eleven"))); err != nil {
		t.Fatal(err)
	}
	w.award(ada(achievement))
	if list, _, err := w.Credentials(w.Context(), DefaultSlug, storage.CredentialFilter{}, storage.Page{}); err != nil || len(list) != 2 {
		t.Errorf("%d credentials, %v: what was refused spent a place", len(list), err)
	}
}
