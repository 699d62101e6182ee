package dataintegrity

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"laurel/contexts"
	"laurel/credential/jsonld"
)

const (
	openBadgesContext = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	furtherContext    = "https://vocabulary.example/context.json"
)

// revised gives the suites of the time when the revision of 2025-11 was all there
// was of the context of Open Badges, and those of today. Both know a further
// context with a word that the context of Open Badges has had since.
func revised(t testing.TB) (then, today *Suites) {
	t.Helper()
	embedded, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	with := func(set *contexts.Set, url string, data []byte) *contexts.Set {
		sum := sha256.Sum256(data)
		larger, err := set.With(url, data, hex.EncodeToString(sum[:]))
		if err != nil {
			t.Fatal(err)
		}
		return larger
	}
	further := []byte(`{"@context": {"@version": 1.1, "@protected": true, "endorsementJwt": "https://vocabulary.example/#endorsementJwt"}}`)
	old := with(new(contexts.Set), furtherContext, further)
	for _, url := range []string{credentialsV2, openBadgesContext} {
		documents, err := embedded.Revisions(url)
		if err != nil {
			t.Fatal(err)
		}
		i := max(0, slices.IndexFunc(documents, func(d contexts.Document) bool { return d.Revision == "2025-11" }))
		old = with(old, url, documents[i].Bytes)
	}
	then = New(jsonld.New(old, jsonld.Options{}))
	return then, New(jsonld.New(with(embedded, furtherContext, further), jsonld.Options{}))
}

// TestSupersededRevision: a proof that was made before a context was revised
// verifies under the revision that it was made under, whatever the suite, and
// nothing else does.
func TestSupersededRevision(t *testing.T) {
	then, today := revised(t)
	document := strings.Replace(people, `context-3.0.3.json"]`, `context-3.0.3.json", "`+furtherContext+`"]`, 1)
	signers := map[string]crypto.Signer{EdDSARDFC2022: signingKey, EdDSAJCS2022: signingKey}
	for suite, signer := range selectiveSigners(t) {
		signers[suite] = signer
	}
	for suite, signer := range signers {
		t.Run(suite, func(t *testing.T) {
			signed, err := then.Sign(ctx, []byte(document), signer, Options{Cryptosuite: suite, VerificationMethod: selectiveMethod, Created: created})
			if err != nil {
				t.Fatal(err)
			}
			if suites[suite].selective != nil {
				signed = derive(t, then, signed, "/issuer", "/validFrom", "/credentialSubject")
			}
			key := func(context.Context, Proof) (crypto.PublicKey, error) { return signer.Public(), nil }
			all, err := today.VerifyAll(ctx, parse(t, signed), key, Expect{Now: now})
			if err != nil || !all[0].Superseded {
				t.Fatalf("got %+v, %v", all, err)
			}
			revision := func(d contexts.Document) bool { return d.URL == openBadgesContext && d.Revision == "2025-11" }
			if !slices.ContainsFunc(all[0].Contexts, revision) {
				t.Errorf("the revision is not named: %v", all[0].Contexts)
			}
			changed := strings.Replace(string(signed), `"student"`, `"teacher"`, 1)
			if _, err := today.VerifyAll(ctx, parse(t, []byte(changed)), key, Expect{Now: now}); !errors.Is(err, ErrSignature) {
				t.Errorf("changed: %v", err)
			}
			added := strings.Replace(string(signed), `"student"`, `"student", "notAWord": "x"`, 1)
			if _, err := today.VerifyAll(ctx, parse(t, []byte(added)), key, Expect{Now: now}); err == nil {
				t.Error("a word without a meaning verified")
			}
		})
	}
}
