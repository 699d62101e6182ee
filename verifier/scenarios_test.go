package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// scenario is a badge in a world, and what the verifier has to say.
type scenario struct {
	name    string
	arrange func(l *lab) []byte
	verdict Verdict
	code    Code // the decisive one
}

func scenarios() []scenario {
	return slices.Concat(structureScenarios(), contextScenarios(), proofScenarios(), keyScenarios(), contentScenarios(),
		statusScenarios(), listScenarios(), companyScenarios(), pictureScenarios(), tokenScenarios(), presentationScenarios(),
		recipientScenarios(), olderScenarios(), refreshScenarios(), schemaNameScenarios(), revisionScenarios())
}

// scenarioNamed finds a scenario.
func scenarioNamed(t testing.TB, name string) scenario {
	t.Helper()
	all := scenarios()
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("no scenario %q", name)
	}
	return all[i]
}

// changed signs a badge after a change.
func changed(change func(b object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		b := badge()
		change(b)
		return l.issue(b)
	}
}

// tampered signs a badge, changes it and does not sign it again.
func tampered(change func(b object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		b := decode(l, l.issue(badge()))
		change(b)
		return marshal(l, b)
	}
}

// unsigned is a badge as it is before it is signed, with a change.
func unsigned(change func(b object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		b := badge()
		change(b)
		return marshal(l, b)
	}
}

// input is the input as it stands.
func input(data string) func(l *lab) []byte { return func(*lab) []byte { return []byte(data) } }

func structureScenarios() []scenario {
	return []scenario{
		{"a badge", changed(func(object) {}), VerdictValid, CodeSignature},
		{"an endorsement", func(l *lab) []byte { return l.issue(endorsement(issuerID, "https://example.org/thing")) }, VerdictValid, CodeSignature},
		{"an object", input(`{"hello":"world"}`), VerdictInvalid, CodeNotCredential},
		{"a number", input(`42`), VerdictInvalid, CodeNotCredential},
		{"null", input(`null`), VerdictInvalid, CodeNotCredential},
		{"an empty array", input(`[]`), VerdictInvalid, CodeNotCredential},
		{"an array of badges", func(l *lab) []byte { return marshal(l, []any{badge()}) }, VerdictInvalid, CodeNotCredential},
		{"contexts in another order", tampered(func(b object) {
			c := b["@context"].([]any)
			b["@context"] = []any{c[1], c[0]}
		}), VerdictInvalid, CodeNotCredential},
		{"no type", unsigned(func(b object) { delete(b, "type") }), VerdictInvalid, CodeNotCredential},
		{"not said to be a credential", unsigned(func(b object) { b["type"] = []any{"Profile"} }), VerdictInvalid, CodeNotCredential},
		{"a presentation", unsigned(func(b object) { b["type"] = []any{"VerifiablePresentation"} }), VerdictInvalid, CodePresentationEmpty},
		{"both data models", unsigned(func(b object) {
			b["@context"] = append(b["@context"].([]any), "https://www.w3.org/2018/credentials/v1")
		}), VerdictInvalid, CodeVersionMismatch},
		{"another credential", changed(func(b object) { b["type"] = []any{"VerifiableCredential"} }), VerdictInvalid, CodeNotBadge},
		{"a status list (SL-12)", func(l *lab) []byte { return l.issue(l.listCredential(listURL, "revocation")) }, VerdictInvalid, CodeNotBadge},
		{"a learner record", changed(func(b object) {
			c := b["@context"].([]any)
			b["@context"] = []any{c[0], "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", c[1]}
			b["type"] = []any{"VerifiableCredential", "ClrCredential"}
		}), VerdictValid, CodeSignature},
		{"an envelope with more in it", unsigned(func(b object) {
			b["type"] = []any{"VerifiableCredential", "EnvelopedVerifiableCredential"}
		}), VerdictInvalid, CodeEnvelopeMalformed},
		{"a JWS that is not signed", input("\n eyJhbGciOiJub25lIn0.e30.\n"), VerdictInvalid, CodeAlgorithmNotAllowed},
		{"Open Badges 2", input(`{"@context":"https://w3id.org/openbadges/v2","type":"Assertion"}`), VerdictIndeterminate, CodeHostedUnavailable},
		{"a class of Open Badges 2", input(`{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass"}`), VerdictInvalid, CodeNotCredential},
	}
}

func contextScenarios() []scenario {
	return []scenario{
		{"an unknown context", tampered(func(b object) {
			b["@context"] = append(b["@context"].([]any), "https://example.org/context")
		}), VerdictIndeterminate, CodeContextUnknown},
		{"a context in the badge", tampered(func(b object) {
			b["@context"] = append(b["@context"].([]any), object{"name": "https://example.org/other"})
		}), VerdictIndeterminate, CodeContextInline},
		{"contexts that contradict each other", tampered(func(b object) {
			b["@context"] = append(b["@context"].([]any), "https://w3id.org/openbadges/v2")
		}), VerdictInvalid, CodeContextInvalid},
		{"an undefined term", tampered(func(b object) { b["evil"] = "term" }), VerdictInvalid, CodeLossless},
		{"an undefined term, issuer out of reach", func(l *lab) []byte {
			l.world.cut = true
			return tampered(func(b object) { subject(b)["evil"] = "term" })(l)
		}, VerdictInvalid, CodeLossless},
		{"a status under a name in another case", tampered(func(b object) { b["CredentialStatus"] = "x" }), VerdictInvalid, CodeLossless},
		{"more than can be read", tampered(func(b object) {
			var evidence []any
			for i := range 2100 {
				evidence = append(evidence, object{"type": []any{"Evidence"}, "narrative": fmt.Sprint(i)})
			}
			b["evidence"] = evidence
		}), VerdictIndeterminate, CodeTooComplex},
	}
}

// setProof gives a signed badge another value of proof.
func setProof(proof any) func(l *lab) []byte {
	return tampered(func(b object) { b["proof"] = proof })
}

// changedProof changes the proof of a signed badge.
func changedProof(change func(proof object)) func(l *lab) []byte {
	return tampered(func(b object) { change(b["proof"].(object)) })
}

// signedWith signs a badge in another way.
func signedWith(options dataintegrity.Options) func(l *lab) []byte {
	return func(l *lab) []byte { return l.sign(badge(), l.key, options) }
}

func proofScenarios() []scenario {
	twice := func(l *lab) []byte {
		return l.sign(l.issue(badge()), l.key, dataintegrity.Options{ID: "urn:uuid:3f0a1a9e-7c3d-4a43-8b0e-0a8e3f2d6c01"})
	}
	second := func(change func(proof object)) func(l *lab) []byte {
		return func(l *lab) []byte {
			b := decode(l, twice(l))
			change(b["proof"].([]any)[1].(object))
			return marshal(l, b)
		}
	}
	return []scenario{
		{"no proof", tampered(func(b object) { delete(b, "proof") }), VerdictInvalid, CodeNoProof},
		{"proof null", setProof(nil), VerdictInvalid, CodeNoProof},
		{"no proofs", setProof([]any{}), VerdictInvalid, CodeNoProof},
		{"an empty proof", setProof(object{}), VerdictInvalid, CodeProofMalformed},
		{"an empty proof in an array", setProof([]any{object{}}), VerdictInvalid, CodeProofMalformed},
		{"proofs in proofs", setProof([]any{[]any{}}), VerdictInvalid, CodeProofMalformed},
		{"a proof by name", setProof("https://example.org/proof"), VerdictInvalid, CodeProofMalformed},
		{"no verification method", changedProof(func(p object) { p["verificationMethod"] = "" }), VerdictInvalid, CodeProofMalformed},
		{"a verification method in the proof", changedProof(func(p object) {
			p["verificationMethod"] = object{"id": methodID, "publicKeyMultibase": "z"}
		}), VerdictInvalid, CodeProofMalformed},
		{"several purposes (DI-01)", changedProof(func(p object) { p["proofPurpose"] = []any{"assertionMethod"} }), VerdictInvalid, CodeProofMalformed},
		{"no purpose (DI-01)", changedProof(func(p object) { delete(p, "proofPurpose") }), VerdictInvalid, CodeProofMalformed},
		{"another purpose (DI-01)", signedWith(dataintegrity.Options{ProofPurpose: "authentication"}), VerdictInvalid, CodeProofPurpose},
		{"the purpose as a URL (DI-01)", changedProof(func(p object) {
			p["proofPurpose"] = "https://w3id.org/security#assertionMethod"
		}), VerdictInvalid, CodeProofPurpose},
		{"another time of creation (DI-09)", changedProof(func(p object) { p["created"] = "2026-06-15T10:00:00Z" }), VerdictInvalid, CodeSignatureInvalid},
		{"a member more (DI-09)", changedProof(func(p object) { p["nonce"] = "x" }), VerdictInvalid, CodeSignatureInvalid},
		{"a member nobody knows (DI-09)", changedProof(func(p object) { p["@context"] = "x" }), VerdictInvalid, CodeProofMalformed},
		{"made in the future (DI-10)", signedWith(dataintegrity.Options{Created: testNow.Add(time.Hour)}), VerdictInvalid, CodeProofNotYetValid},
		{"run out (DI-09)", signedWith(dataintegrity.Options{Expires: testNow.Add(-time.Minute)}), VerdictInvalid, CodeProofExpired},
		{"running still", signedWith(dataintegrity.Options{Expires: testNow.Add(time.Minute)}), VerdictValid, CodeSignature},
		{"an unknown cryptosuite (DI-08)", changedProof(func(p object) { p["cryptosuite"] = "eddsa-jcs-2099" }), VerdictIndeterminate, CodeProofUnsupported},
		{"an unknown kind of proof (DI-08)", changedProof(func(p object) { p["type"] = "RsaSignature2018" }), VerdictIndeterminate, CodeProofUnsupported},
		{"another signature (DI-11)", changedProof(func(p object) { p["proofValue"] = "z" + base58.Encode(make([]byte, 64)) }), VerdictInvalid, CodeSignatureInvalid},
		{"a signature in another alphabet (DI-11)", changedProof(func(p object) { p["proofValue"] = "u" + p["proofValue"].(string)[1:] }), VerdictInvalid, CodeProofMalformed},
		{"two proofs", twice, VerdictValid, CodeSignature},
		{"the second proof bad (DI-06)", second(func(p object) { p["created"] = "2026-06-15T10:00:00Z" }), VerdictInvalid, CodeSignatureInvalid},
		{"the second proof by somebody else (DI-06)", func(l *lab) []byte {
			attacker := "did:key:" + multikey(l, l.attacker)
			return l.sign(l.issue(badge()), l.attacker, dataintegrity.Options{VerificationMethod: attacker + "#" + multikey(l, l.attacker)})
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"the first proof bad (DI-06)", func(l *lab) []byte {
			b := decode(l, twice(l))
			b["proof"].([]any)[0].(object)["created"] = "2026-06-15T10:00:00Z"
			return marshal(l, b)
		}, VerdictInvalid, CodeSignatureInvalid},
		{"proofs of one id (DI-06)", func(l *lab) []byte {
			b := decode(l, twice(l))
			for _, p := range b["proof"].([]any) {
				p.(object)["id"] = "urn:uuid:3f0a1a9e-7c3d-4a43-8b0e-0a8e3f2d6c01"
			}
			return marshal(l, b)
		}, VerdictInvalid, CodeProofMalformed},
		{"a proof after another (DI-06)", changedProof(func(p object) { p["previousProof"] = "urn:uuid:1" }), VerdictInvalid, CodeProofMalformed},
		{"more proofs than allowed (DI-06)", tampered(func(b object) {
			b["proof"] = []any{}
			for range 17 {
				b["proof"] = append(b["proof"].([]any), object{"type": "X"})
			}
		}), VerdictInvalid, CodeProofMalformed},
		{"an unknown proof beside a good one (DI-07)", tampered(func(b object) {
			b["proof"] = []any{object{"type": "SomeProof"}, b["proof"]}
		}), VerdictValid, CodeSignature},
		{"an unknown proof beside a bad one (DI-07)", tampered(func(b object) {
			b["proof"] = []any{object{"type": "SomeProof"}, b["proof"]}
			b["name"] = "Another"
		}), VerdictInvalid, CodeSignatureInvalid},
		{"an unknown proof beside a good one, strictly (DI-07)", func(l *lab) []byte {
			l.config.StrictProofs = true
			return tampered(func(b object) { b["proof"] = []any{b["proof"], object{"type": "SomeProof"}} })(l)
		}, VerdictInvalid, CodeProofUnchecked},
		{"the proof of another badge (DI-15)", func(l *lab) []byte {
			other := badge()
			other["id"] = "https://badges.example.edu/credentials/2"
			b := badge()
			b["proof"] = decode(l, l.issue(other))["proof"]
			return marshal(l, b)
		}, VerdictInvalid, CodeSignatureInvalid},
		{"the name of another achievement", tampered(func(b object) { achievement(b)["name"] = "Professor" }), VerdictInvalid, CodeSignatureInvalid},
		{"version 1.1", func(l *lab) []byte { return l.signV1(badgeV1()) }, VerdictValid, CodeSignature},
		{"version 1.1, changed", func(l *lab) []byte {
			b := decode(l, l.signV1(badgeV1()))
			b["name"] = "Another"
			return marshal(l, b)
		}, VerdictInvalid, CodeSignatureInvalid},
		{"version 1.1, expired", func(l *lab) []byte {
			b := badgeV1()
			b["issuanceDate"], b["expirationDate"] = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
			return l.signV1(b)
		}, VerdictInvalid, CodeExpired},
		{"version 1.1, expired by a name of version 2.0", func(l *lab) []byte {
			b := badgeV1()
			b["validUntil"] = "2025-01-01T00:00:00Z"
			return l.signV1(b)
		}, VerdictInvalid, CodeExpired},
	}
}

// badgeV1 is a badge of VC Data Model 1.1.
func badgeV1() object {
	b := badge()
	b["@context"] = []any{
		"https://www.w3.org/2018/credentials/v1", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
		"https://w3id.org/security/data-integrity/v2",
	}
	b["issuanceDate"] = b["validFrom"]
	delete(b, "validFrom")
	delete(b, "validUntil")
	return b
}

// signV1 signs what our own suites refuse to sign, because Laurel only checks
// version 1.1.
func (l *lab) signV1(b object) []byte {
	l.Helper()
	proof := object{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "verificationMethod": methodID,
		"proofPurpose": "assertionMethod", "created": "2026-06-01T00:00:00Z",
	}
	options := object{"@context": b["@context"]}
	for name, value := range proof {
		options[name] = value
	}
	signature := ed25519.Sign(l.key, append(l.hash(options), l.hash(b)...))
	proof["proofValue"] = "z" + base58.Encode(signature)
	b["proof"] = proof
	return marshal(l, b)
}

func (l *lab) hash(document object) []byte {
	l.Helper()
	parsed, err := strictjson.Parse(marshal(l, document))
	if err != nil {
		l.Fatal(err)
	}
	dataset, err := l.config.JSONLD.Dataset(context.Background(), jsonld.Source{Object: parsed.Root()})
	if err != nil {
		l.Fatal(err)
	}
	canonical, err := rdfc.Canonicalize(context.Background(), dataset.Quads, rdfc.Options{Hash: crypto.SHA256})
	if err != nil {
		l.Fatal(err)
	}
	sum := sha256.Sum256(canonical.NQuads)
	return sum[:]
}

func contentScenarios() []scenario {
	return []scenario{
		{"no name of the achievement", changed(func(b object) { delete(achievement(b), "name") }), VerdictInvalid, CodeSchema},
		{"an older context", changed(func(b object) {
			b["@context"].([]any)[1] = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
		}), VerdictValid, CodeSignature},
		{"nobody's badge", changed(func(b object) { delete(subject(b), "id") }), VerdictInvalid, CodeSubjectUnidentified},
		{"nobody's badge, issuer out of reach", func(l *lab) []byte {
			l.world.cut = true
			return changed(func(b object) { delete(subject(b), "id") })(l)
		}, VerdictInvalid, CodeSubjectUnidentified},
		{"somebody's badge by identifier", changed(func(b object) {
			delete(subject(b), "id")
			subject(b)["identifier"] = []any{object{
				"type": "IdentityObject", "hashed": true, "identityType": "emailAddress", "salt": "s",
				"identityHash": "sha256$" + strings.Repeat("0a", 32),
			}}
		}), VerdictValid, CodeSignature},
		{"not valid yet", changed(func(b object) { b["validFrom"] = "2026-06-15T12:01:01Z" }), VerdictInvalid, CodeNotYetValid},
		{"an issuer's clock ahead", changed(func(b object) { b["validFrom"] = "2026-06-15T12:01:00Z" }), VerdictValid, CodeSignature},
		{"valid from now on", changed(func(b object) { b["validFrom"] = "2026-06-15T12:00:00Z" }), VerdictValid, CodeSignature},
		{"expired", changed(func(b object) { b["validUntil"] = "2026-06-15T11:59:59Z" }), VerdictInvalid, CodeExpired},
		{"valid until now", changed(func(b object) { b["validUntil"] = "2026-06-15T12:00:00Z" }), VerdictValid, CodeSignature},
		{"valid for ever", changed(func(b object) { delete(b, "validUntil") }), VerdictValid, CodeSignature},
		{"expired, issuer out of reach", func(l *lab) []byte {
			l.world.cut = true
			return changed(func(b object) { b["validUntil"] = "2026-06-15T11:59:59Z" })(l)
		}, VerdictInvalid, CodeExpired},
		{"a date in words", changed(func(b object) { b["validUntil"] = "next year" }), VerdictInvalid, CodeSchema},
		{"a date of version 1.1", tampered(func(b object) { b["expirationDate"] = "2030-01-01T00:00:00Z" }), VerdictInvalid, CodeLossless},
	}
}

func TestScenarios(t *testing.T) {
	names := make(map[string]bool)
	for _, s := range scenarios() {
		if names[s.name] {
			t.Errorf("two scenarios %q", s.name)
		}
		names[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t)
			report := l.wants(s.arrange(l), s.verdict, s.code)
			sound(t, report)
		})
	}
}

// sound checks what must hold of every report.
func sound(t testing.TB, r *Report) {
	t.Helper()
	if r.Checks == nil {
		t.Error("no checks")
	}
	all := slices.Clone(r.Checks)
	for _, inside := range r.Credentials {
		all = append(all, inside.Checks...)
	}
	for _, c := range all {
		if _, ok := catalogue[key{c.Code, c.Outcome}]; !ok {
			t.Errorf("%s %s is not in the catalogue", c.Code, c.Outcome)
		}
		if c.Message == "" || strings.ContainsAny(c.Message, "{}") {
			t.Errorf("%s %s says %q", c.Code, c.Outcome, c.Message)
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verdict", "format", "checks", "checkedAt"} {
		if len(members[name]) == 0 {
			t.Errorf("no %s in %s", name, data)
		}
	}
	passed := false
	for _, c := range r.Checks {
		passed = passed || catalogue[key{c.Code, c.Outcome}].step == stepSignature
	}
	if r.Credential != nil && !passed {
		t.Error("a credential without a signature")
	}
	for _, c := range r.Checks {
		if r.Credentials != nil {
			break
		}
		ofProof := c.Code == CodeNoProof || strings.HasPrefix(string(c.Code), "key_") || strings.HasPrefix(string(c.Code), "issuer_document_") ||
			strings.HasPrefix(string(c.Code), "signature_") || strings.HasPrefix(string(c.Code), "proof_") && c.Code != CodeProofUnchecked
		if ofProof && r.Credential != nil {
			t.Errorf("a credential despite %s", c.Code)
		}
	}
	if _, unsigned := find(r, CodePresentationSignature); r.Verdict == VerdictValid && r.Credential == nil && !unsigned {
		t.Error("valid without a credential")
	}
	if bytes.Contains(data, []byte(`"path":""`)) || bytes.Contains(data, []byte(":null")) {
		t.Errorf("empty members in %s", data)
	}
}
