package interop

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/verifier"
)

const (
	challenge = "3f1c7c52-0c0e-4a87-8a5b-1b9f1f3e7a10"
	domain    = "https://employer.example"
)

// holder is a key with its did:key.
type holder struct {
	key         crypto.Signer
	did, method string
}

func newHolder(t *testing.T, kind string) holder {
	t.Helper()
	key := ownKey(t, kind)
	multikey, err := did.EncodeMultikey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return holder{key, "did:key:" + multikey, "did:key:" + multikey + "#" + multikey}
}

func (h holder) sign(t *testing.T, s *dataintegrity.Suites, document []byte, options dataintegrity.Options) []byte {
	t.Helper()
	options.VerificationMethod, options.Created = h.method, time.Now()
	signed, err := s.Sign(context.Background(), document, h.key, options)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// presented is a badge about a new holder, in a presentation that the holder
// signed, all of it made here.
func presented(t *testing.T, s *dataintegrity.Suites, suite, kind string) []byte {
	t.Helper()
	issuer, holder := newHolder(t, kind), newHolder(t, kind)
	badge := strings.NewReplacer(`"issuer": {"id": ""`, `"issuer": {"id": "`+issuer.did+`"`, "did:example:holder", holder.did).Replace(shapes["minimal"])
	badge = string(issuer.sign(t, s, []byte(badge), dataintegrity.Options{Cryptosuite: suite}))
	return holder.sign(t, s, fmt.Appendf(nil, `{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "holder": %q, "verifiableCredential": [%s]}`, holder.did, badge),
		dataintegrity.Options{Cryptosuite: suite, ProofPurpose: dataintegrity.Authentication, Challenge: challenge, Domain: []string{domain}})
}

// presentation is a presentation with what is asked of it.
type presentation struct {
	name              string
	document          []byte
	challenge, domain string
	good              bool
}

// presentationCases are a good presentation and what nobody may accept: what was
// made for another occasion, and what was changed.
func presentationCases(t *testing.T, name string, document []byte) []presentation {
	t.Helper()
	change := func(at func(presentation, proof, badge map[string]any)) []byte {
		var changed map[string]any
		if err := json.Unmarshal(document, &changed); err != nil {
			t.Fatal(err)
		}
		badge, ok := changed["verifiableCredential"].(map[string]any)
		if !ok {
			badge = changed["verifiableCredential"].([]any)[0].(map[string]any)
		}
		at(changed, changed["proof"].(map[string]any), badge)
		data, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	const thief = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	return []presentation{
		{name, document, challenge, domain, true},
		{name + ", for another challenge", document, "another", domain, false},
		{name + ", for another domain", document, challenge, "https://other.example", false},
		{name + ", challenge changed", change(func(_, proof, _ map[string]any) { proof["challenge"] = "another" }), "another", domain, false},
		{name + ", domain changed", change(func(_, proof, _ map[string]any) { proof["domain"] = "https://other.example" }), challenge, "https://other.example", false},
		{name + ", another holder", change(func(p, _, _ map[string]any) { p["holder"] = thief }), challenge, domain, false},
		{name + ", another purpose", change(func(_, proof, _ map[string]any) { proof["proofPurpose"] = "assertionMethod" }), challenge, domain, false},
		{name + ", badge changed", change(func(_, _, badge map[string]any) { badge["name"] = "Another" }), challenge, domain, false},
		{name + ", badge about another", change(func(_, _, badge map[string]any) { badge["credentialSubject"].(map[string]any)["id"] = thief }), challenge, domain, false},
		{name + ", no proof", change(func(p, _, _ map[string]any) { delete(p, "proof") }), challenge, domain, false},
		{name + ", badge without proof", change(func(_, _, badge map[string]any) { delete(badge, "proof") }), challenge, domain, false},
	}
}

// presentationVerifier is the verifier of the library, with keys but no network.
func presentationVerifier(t *testing.T) *verifier.Verifier {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	processor := jsonld.New(set, jsonld.Options{})
	return verifier.New(verifier.Config{Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor), Resolver: did.KeyResolver{}})
}

// judgePresentations has presentations verified here, and by a foreign client.
// What is valid must be bound to its holder.
func judgePresentations(t *testing.T, all []presentation, foreign func(all []presentation) []kitAnswer) {
	t.Helper()
	v := presentationVerifier(t)
	answers := foreign(all)
	for i, one := range all {
		report, err := v.Verify(context.Background(), one.document, verifier.Expect{Challenge: one.challenge, Domain: []string{one.domain}})
		if err != nil {
			t.Errorf("%s: here: %v", one.name, err)
			continue
		}
		bound := false
		for _, check := range report.Checks {
			bound = bound || check.Code == verifier.CodeHolderBinding && check.Outcome == verifier.Passed
		}
		if good := report.Verdict == verifier.VerdictValid; good != one.good || good && !bound {
			decisive, _ := report.Decisive()
			t.Errorf("%s: here: %s, bound %v: %s %s", one.name, report.Verdict, bound, decisive.Message, decisive.Path)
		}
		if answers[i].Verified != one.good {
			t.Errorf("%s: there: %v %s\n%s", one.name, answers[i].Verified, answers[i].Error, one.document)
		}
	}
}

// TestPresentations: what the holder of a badge signs on either side, for a
// challenge and a domain, both sides accept with @digitalbazaar/vc, for every
// suite and kind of key that both have; what was made for another occasion or
// changed, neither.
func TestPresentations(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	for _, suite := range dataintegrity.Cryptosuites() {
		if !suite.Signs || suite.Name == dataintegrity.ECDSASD2023 || suite.Name == dataintegrity.BBS2023 {
			continue
		}
		for _, kind := range suite.Keys {
			t.Run(suite.Name+" "+kind, func(t *testing.T) {
				there := foreignSuites(t, []suiteRequest{{"present", suite.Name, kind, json.RawMessage(shapes["minimal"]), challenge, domain}})[0]
				if there.Error != "" {
					t.Fatalf("presenting there: %s", there.Error)
				}
				all := append(presentationCases(t, "from here", presented(t, s, suite.Name, kind)), presentationCases(t, "from there", there.Document)...)
				judgePresentations(t, all, func(all []presentation) []kitAnswer {
					requests := make([]suiteRequest, len(all))
					for i, one := range all {
						requests[i] = suiteRequest{"check", suite.Name, kind, one.document, one.challenge, one.domain}
					}
					return ask[suiteRequest, kitAnswer](t, "suites.mjs", requests)
				})
			})
		}
	}
}
