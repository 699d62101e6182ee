package issuer

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/internal/keys"
	"laurel/storage"
	"laurel/verifier"
)

// TestRegister: what was stored before the key became known to others is vouched
// for here; everything else by that key is invalid here as elsewhere.
func TestRegister(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	before, revoked := w.award(request), w.award(request)
	w.pass(time.Hour)
	since := w.clockNow()
	w.pass(time.Hour)
	after := w.award(request)
	stolen, err := w.ring.Signing(t.Context(), DefaultSlug)
	if err != nil {
		t.Fatal(err)
	}
	signed := w.badge(before.ID).Signed

	// Whoever has the key writes what they want, dates included.
	forge := func(change func(map[string]any)) []byte {
		t.Helper()
		var document map[string]any
		if err := json.Unmarshal(signed, &document); err != nil {
			t.Fatal(err)
		}
		delete(document, "proof")
		change(document)
		data, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		forged, err := w.suites.Sign(t.Context(), data, stolen.Signer, dataintegrity.Options{
			VerificationMethod: "did:web:badges.example.ac.uk#key-1", Created: since.Add(-30 * time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
		return forged
	}
	other := forge(func(m map[string]any) { m["name"] = "Doctor of Laws" })
	unknown := forge(func(m map[string]any) { m["id"] = w.base.credential("AAAAAAAAAAAAAAAAAAAAAAAA") })
	again := forge(func(map[string]any) {}) // the same, signed another time

	outside := w.verifier
	config := verifier.Config{
		Contexts: w.config.Contexts, JSONLD: w.processor, Suites: w.suites, Resolver: w.Resolver(nil), Documents: w.Documents(nil), Clock: w.clockNow,
	}
	config.Register = w.Service
	own := verifier.New(config)
	judge := func(name string, v *verifier.Verifier, badge []byte, want verifier.Verdict, vouched bool) {
		t.Helper()
		report, err := v.Verify(t.Context(), badge, verifier.Expect{})
		if err != nil {
			t.Fatal(err)
		}
		said := false
		for _, check := range report.Checks {
			said = said || check.Code == verifier.CodeKeyVouched
		}
		if report.Verdict != want || said != vouched {
			t.Errorf("%s: %s, vouched %v; %+v", name, report.Verdict, said, report.Checks)
		}
	}
	judge("as long as the key is good", own, signed, verifier.VerdictValid, false)
	judge("forged, as long as nobody knows", own, other, verifier.VerdictValid, false)

	if _, err := w.ring.Rotate(t.Context(), w.act(), DefaultSlug, keys.NewKey{}); err != nil {
		t.Fatal(err)
	}
	judge("of a retired key", own, signed, verifier.VerdictValid, false)
	later := w.award(request)
	if _, err := w.ring.Compromise(t.Context(), w.act(), DefaultSlug, "key-1", since); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetStatus(t.Context(), caller, revoked.ID, Change{State: storage.StateRevoked, Reason: "error"}); err != nil {
		t.Fatal(err)
	}
	judge("elsewhere", outside, signed, verifier.VerdictInvalid, false)
	judge("stored before", own, signed, verifier.VerdictValid, true)
	var indented bytes.Buffer
	if err := json.Indent(&indented, signed, "", " "); err != nil {
		t.Fatal(err)
	}
	judge("written another way", own, indented.Bytes(), verifier.VerdictValid, true)
	judge("stored before and revoked", own, w.badge(revoked.ID).Signed, verifier.VerdictInvalid, true)
	judge("stored after", own, w.badge(after.ID).Signed, verifier.VerdictInvalid, false)
	judge("of the key after it", own, w.badge(later.ID).Signed, verifier.VerdictValid, false)
	judge("other content", own, other, verifier.VerdictInvalid, false)
	judge("unknown id", own, unknown, verifier.VerdictInvalid, false)
	judge("another proof", own, again, verifier.VerdictInvalid, false)
	judge("a letter changed", own, bytes.Replace(signed, []byte("Peer"), []byte("Pier"), 1), verifier.VerdictInvalid, false)

	affected := map[string]bool{}
	for cursor := ""; ; {
		page, next, err := w.AffectedCredentials(t.Context(), DefaultSlug, "key-1", storage.Page{Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page {
			affected[one.ID] = one.Vouched
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(affected) != 3 || !affected[before.ID] || !affected[revoked.ID] || affected[after.ID] {
		t.Errorf("affected %v", affected)
	}
}
