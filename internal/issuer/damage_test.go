package issuer

import (
	"context"
	"errors"
	"testing"

	"laurel/storage"
)

// damagedStore is a store in which something is wrong with every credential.
type damagedStore struct {
	Store
	damage func(*storage.Credential)
}

func (d damagedStore) Credential(ctx context.Context, tenant, id string) (storage.Credential, error) {
	c, err := d.Store.Credential(ctx, tenant, id)
	d.damage(&c)
	return c, err
}

// TestDamagedAwards: what is missing or does not open is not left out as if it
// had never been.
func TestDamagedAwards(t *testing.T) {
	for name, damage := range map[string]func(*storage.Credential){
		"no recipient":            func(c *storage.Credential) { c.Recipient = nil },
		"an empty recipient":      func(c *storage.Credential) { c.Recipient = []byte{} },
		"a changed recipient":     func(c *storage.Credential) { c.Recipient[len(c.Recipient)-1] ^= 1 },
		"a badge that is gone":    func(c *storage.Credential) { c.Signed = nil },
		"a badge that is empty":   func(c *storage.Credential) { c.Signed = []byte{} },
		"a badge that is shorter": func(c *storage.Credential) { c.Signed = c.Signed[:len(c.Signed)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			made := w.award(ada(w.mentor()))
			if err := w.CheckRecipient(t.Context(), DefaultSlug, made.ID); err != nil {
				t.Fatal(err)
			}
			w.Service.store = damagedStore{w.Service.store, damage}
			if _, err := w.Reissue(t.Context(), caller, made.ID, Reissue{}); !errors.Is(err, storage.ErrCorrupt) {
				t.Errorf("re-issuing: %v", err)
			}
			if data, err := w.ExportPerson(t.Context(), caller, WhoIs{Credential: made.ID}); !errors.Is(err, storage.ErrCorrupt) || len(data.Badges) > 0 {
				t.Errorf("exporting: %v, %d badges", err, len(data.Badges))
			}
			damaged := storage.Credential{Recipient: []byte("x"), Signed: []byte("x")}
			damage(&damaged)
			if err := w.CheckRecipient(t.Context(), DefaultSlug, made.ID); string(damaged.Recipient) != "x" && !errors.Is(err, storage.ErrCorrupt) {
				t.Errorf("checking the recipient: %v", err)
			}
		})
	}
}
