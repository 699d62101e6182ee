package issuer

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/jose"
	"laurel/storage"
	"laurel/storage/boltstore"
)

const (
	canaryEmail = "zerlina.quux@canary.example"
	canaryName  = "Zerlina Quuxworthy"
)

// canary awards two badges to a person, and one to somebody else.
func (w *world) canary() (theirs []Award, other Award) {
	w.Helper()
	achievement := w.mentor()
	for range 2 {
		w.pass(time.Minute)
		theirs = append(theirs, w.award(Request{
			Achievement: achievement.ID, Recipient: Recipient{Email: canaryEmail, Name: canaryName},
			Evidence: []json.RawMessage{[]byte(`{"id":"https://example.ac.uk/essays/zerlina","name":"Zerlina's work"}`)},
		}))
	}
	return theirs, w.award(ada(achievement))
}

func TestExportPerson(t *testing.T) {
	w := newWorld(t, nil)
	theirs, _ := w.canary()
	data, err := w.ExportPerson(t.Context(), caller, WhoIs{Email: strings.ToUpper(canaryEmail)})
	if err != nil {
		t.Fatal(err)
	}
	if len(data.Badges) != 2 || data.Badges[0].ID != theirs[1].ID || data.Subject == "" || data.Issuer == "" {
		t.Fatalf("exported %+v", data)
	}
	for _, badge := range data.Badges {
		if want := (Recipient{Email: canaryEmail, Name: canaryName}); badge.Recipient == nil || *badge.Recipient != want {
			t.Errorf("recipient %+v", badge.Recipient)
		}
		if !bytes.Equal(badge.Badge, w.badge(badge.ID).Signed) {
			t.Errorf("badge %s is not as it was signed", badge.ID)
		}
	}
	entries, _, err := w.store.SearchAudit(t.Context(), DefaultSlug, storage.AuditFilter{Action: storage.ActionExportSubject}, storage.Page{})
	if err != nil || len(entries) != 1 || entries[0].Object != "subject/"+data.Subject {
		t.Errorf("entries %+v, %v", entries, err)
	}
}

func TestFindPerson(t *testing.T) {
	w := newWorld(t, nil)
	theirs, _ := w.canary()
	found, err := w.FindPerson(t.Context(), DefaultSlug, WhoIs{Credential: theirs[0].ID})
	if err != nil || len(found.Credentials) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, who := range []WhoIs{{Email: canaryEmail}, {Subject: found.Subject}, {Credential: theirs[1].ID}} {
		if again, err := w.FindPerson(t.Context(), DefaultSlug, who); err != nil || again.Subject != found.Subject {
			t.Errorf("%+v: %+v, %v", who, again, err)
		}
	}
	if _, err := w.CreateIssuer(t.Context(), "cli", "other-tenant", Institution{Name: "Other"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tenant string
		who    WhoIs
		want   error
	}{
		{DefaultSlug, WhoIs{}, ErrInvalid},
		{DefaultSlug, WhoIs{Email: canaryEmail, Subject: found.Subject}, ErrInvalid},
		{DefaultSlug, WhoIs{Email: "no address"}, ErrInvalid},
		{DefaultSlug, WhoIs{Email: "nobody@example.org"}, storage.ErrNotFound},
		{DefaultSlug, WhoIs{ID: "did:example:nobody"}, storage.ErrNotFound},
		{DefaultSlug, WhoIs{Credential: "nothing"}, storage.ErrNotFound},
		{DefaultSlug, WhoIs{Subject: "nobody"}, storage.ErrNotFound},
		{"other-tenant", WhoIs{Email: canaryEmail}, storage.ErrNotFound},
		{"other-tenant", WhoIs{Subject: found.Subject}, storage.ErrNotFound},
		{"other-tenant", WhoIs{Credential: theirs[0].ID}, storage.ErrNotFound},
	} {
		if _, err := w.FindPerson(t.Context(), test.tenant, test.who); !errors.Is(err, test.want) {
			t.Errorf("%s, %+v: %v, want %v", test.tenant, test.who, err, test.want)
		}
	}
}

// TestErasePerson: nothing of the person is left in any file once the store is
// compacted, in the clear or sealed; the status of the badges goes on.
func TestErasePerson(t *testing.T) {
	w := newWorld(t, nil)
	theirs, other := w.canary()
	var gone [][]byte // what may be found nowhere
	for _, text := range []string{canaryEmail, canaryName, "Zerlina", "zerlina"} {
		gone = append(gone, []byte(text), []byte(hex.EncodeToString([]byte(text))),
			[]byte(base64.RawURLEncoding.EncodeToString([]byte(text))), []byte(base64.RawStdEncoding.EncodeToString([]byte(text))))
	}
	var records []storage.Credential
	for _, made := range theirs {
		record, err := w.store.Credential(t.Context(), DefaultSlug, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
		gone = append(gone, record.Signed, record.Signed[len(record.Signed)/2:len(record.Signed)/2+24], record.Recipient, record.Recipient[8:32])
	}
	holder, err := w.store.SubjectKey(t.Context(), DefaultSlug, records[0].Subject)
	if err != nil {
		t.Fatal(err)
	}
	gone = append(gone, []byte(base64.StdEncoding.EncodeToString(holder.Wrapped)), []byte(base64.StdEncoding.EncodeToString(holder.Lookup)), holder.Lookup)

	receipt, err := w.ErasePerson(t.Context(), caller, WhoIs{Email: canaryEmail})
	if err != nil || len(receipt.Receipt.Credentials) != 2 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	w.checkReceipt(t, receipt)
	for _, made := range theirs {
		if _, err := w.Credential(t.Context(), made.ID); !errors.Is(err, storage.ErrErased) {
			t.Errorf("erased badge: %v", err)
		}
	}
	if _, err := w.ExportPerson(t.Context(), caller, WhoIs{Credential: theirs[0].ID}); !errors.Is(err, storage.ErrErased) {
		t.Errorf("exporting: %v", err)
	}
	if _, err := w.ErasePerson(t.Context(), caller, WhoIs{Email: canaryEmail}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("erasing by an address that is forgotten: %v", err)
	}
	again, err := w.ErasePerson(t.Context(), caller, WhoIs{Subject: receipt.Receipt.Subject})
	if diff := cmp.Diff(receipt.Receipt, again.Receipt); err != nil || diff != "" {
		t.Errorf("the receipt again: %v\n%s", err, diff)
	}
	// A badge that somebody holds can still be revoked, and others are as before.
	if _, err := w.SetStatus(t.Context(), caller, theirs[0].ID, Change{State: storage.StateRevoked, Reason: "withdrawn"}); err != nil {
		t.Error(err)
	}
	if w.badge(other.ID).Signed == nil {
		t.Error("another person's badge is gone")
	}

	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Compact(t.Context(), boltstore.Config{Path: w.path()}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(w.directory, "*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, canary := range gone {
			if bytes.Contains(data, canary) {
				t.Errorf("%s still holds canary %d", filepath.Base(file), i)
			}
		}
	}
}

// checkReceipt verifies a receipt with the issuer's published key, and that it
// does not say who.
func (w *world) checkReceipt(t *testing.T, receipt SignedReceipt) {
	t.Helper()
	jws, err := jose.Parse([]byte(receipt.JWS))
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.ring.Signing(t.Context(), DefaultSlug)
	if err != nil {
		t.Fatal(err)
	}
	if err := jws.Verify(key.PublicKey); err != nil {
		t.Error(err)
	}
	var signed Receipt
	if err := json.Unmarshal(jws.Payload, &signed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(receipt.Receipt, signed); diff != "" {
		t.Errorf("signed is another receipt:\n%s", diff)
	}
	text, err := json.Marshal(receipt)
	if err != nil {
		t.Fatal(err)
	}
	if lower := bytes.ToLower(append(text, jws.Payload...)); bytes.Contains(lower, []byte("zerlina")) || bytes.Contains(lower, []byte("canary")) {
		t.Errorf("the receipt says who it was: %s", text)
	}
}
