package verifier

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/internal/testdata"
)

// The holder of these tests.
var holderKey = keyOf('h')

func holderID(t testing.TB) string { return "did:key:" + multikey(t, holderKey) }

func holderMethod(t testing.TB) string { return holderID(t) + "#" + multikey(t, holderKey) }

// heldBadge is a signed badge about the holder.
func heldBadge(l *lab) object {
	b := badge()
	subject(b)["id"] = holderID(l)
	return decode(l, l.issue(b))
}

func presentationOf(t testing.TB, credentials ...any) object {
	return object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}, "type": []any{"VerifiablePresentation"},
		"holder": holderID(t), "verifiableCredential": credentials,
	}
}

// present signs a presentation as the holder.
func (l *lab) present(presentation object, options dataintegrity.Options) []byte {
	l.Helper()
	if options.ProofPurpose == "" {
		options.ProofPurpose = dataintegrity.Authentication
	}
	if options.VerificationMethod == "" {
		options.VerificationMethod = holderMethod(l)
	}
	return l.sign(presentation, holderKey, options)
}

func (l *lab) enveloped(mediaType string, data []byte) object {
	l.Helper()
	envelope, err := jose.MarshalEnvelope(jose.Envelope{MediaType: mediaType, Data: data, Presentation: mediaType == "application/vp+jwt"})
	if err != nil {
		l.Fatal(err)
	}
	return decode(l, envelope)
}

func presented(arrange func(l *lab) object, options dataintegrity.Options) func(l *lab) []byte {
	return func(l *lab) []byte { return l.present(arrange(l), options) }
}

func asking(expect Expect, arrange func(l *lab) []byte) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.expect = expect
		return arrange(l)
	}
}

// record is a learner record that validates.
func record(credentials ...any) object {
	return object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "https://badges.example.edu/records/1", "type": []any{"VerifiableCredential", "ClrCredential"}, "name": "A record",
		"issuer": object{"id": issuerID, "type": []any{"Profile"}}, "validFrom": "2026-02-02T09:00:00Z",
		"credentialSubject": object{"id": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11", "type": []any{"ClrSubject"}, "verifiableCredential": credentials},
	}
}

func presentationScenarios() []scenario {
	held := func(l *lab) object { return presentationOf(l, heldBadge(l)) }
	bound := dataintegrity.Options{Domain: []string{"https://us.example"}, Challenge: "c"}
	asked := Expect{Domain: []string{"https://us.example"}, Challenge: "c"}
	inToken := func(l *lab) object {
		b := heldBadge(l)
		delete(b, "proof")
		return presentationOf(l, l.enveloped("application/vc+jwt", l.token(b, l.key, methodID)))
	}
	naming := func(schema string) func(l *lab) []byte {
		return func(l *lab) []byte {
			r := record(decode(l, l.issue(badge())))
			followsSchema(r, schema)
			return l.issue(r)
		}
	}
	return []scenario{
		{"a presentation with a badge", presented(held, bound), VerdictValid, CodePresentationSignature},
		{"a presentation that was asked for", asking(asked, presented(held, bound)), VerdictValid, CodePresentationSignature},
		{"a presentation for somebody else (VP-01)", asking(Expect{Domain: []string{"https://them.example"}, Challenge: "c"}, presented(held, bound)), VerdictInvalid, CodeDomainMismatch},
		{"a presentation shown again (VP-01)", asking(Expect{Domain: []string{"https://us.example"}, Challenge: "d"}, presented(held, bound)), VerdictInvalid, CodeChallengeMismatch},
		{"a presentation that answers nothing", asking(asked, presented(held, dataintegrity.Options{})), VerdictInvalid, CodeDomainMismatch},
		{"a presentation that was asked for by a challenge alone", asking(Expect{Challenge: "c"}, presented(held, bound)), VerdictValid, CodePresentationSignature},
		{"a badge where a presentation was asked for", asking(asked, func(l *lab) []byte { return l.issue(badge()) }), VerdictInvalid, CodeChallengeUnanswered},
		{"a presentation in a token, signed in both ways", func(l *lab) []byte {
			return l.token(decode(l, presented(inToken, bound)(l)), holderKey, holderMethod(l))
		}, VerdictValid, CodePresentationSignature},
		{"a presentation in a token, changed after it was signed inside", func(l *lab) []byte {
			p := decode(l, presented(inToken, bound)(l))
			p["id"] = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b13"
			return l.token(p, holderKey, holderMethod(l))
		}, VerdictInvalid, CodePresentationSignature},
		{"a presentation in a token, with somebody's answer inside", asking(Expect{Challenge: "d"}, func(l *lab) []byte {
			p := decode(l, presented(inToken, bound)(l))
			p["nonce"] = "d"
			return l.token(p, holderKey, holderMethod(l))
		}), VerdictInvalid, CodeChallengeMismatch},
		{"a presentation nobody signed", func(l *lab) []byte { return marshal(l, held(l)) }, VerdictValid, CodePresentationSignature},
		{"a presentation nobody signed that was asked for", asking(asked, func(l *lab) []byte { return marshal(l, held(l)) }), VerdictInvalid, CodePresentationSignature},
		{"a presentation for another purpose (DI-01)", presented(held, dataintegrity.Options{ProofPurpose: dataintegrity.AssertionMethod}), VerdictInvalid, CodePresentationSignature},
		{"a presentation by another key", func(l *lab) []byte {
			return l.sign(held(l), l.attacker, dataintegrity.Options{ProofPurpose: dataintegrity.Authentication, VerificationMethod: holderMethod(l)})
		}, VerdictInvalid, CodePresentationSignature},
		{"a presentation by another than its holder", func(l *lab) []byte {
			return l.sign(held(l), l.attacker, dataintegrity.Options{
				ProofPurpose: dataintegrity.Authentication, VerificationMethod: "did:key:" + multikey(l, l.attacker) + "#" + multikey(l, l.attacker),
			})
		}, VerdictInvalid, CodePresentationSignature},
		{"a presentation by somebody who is not the subject (VP-03)", func(l *lab) []byte {
			p := held(l)
			id := "did:key:" + multikey(l, l.attacker)
			p["holder"] = id
			return l.sign(p, l.attacker, dataintegrity.Options{ProofPurpose: dataintegrity.Authentication, VerificationMethod: id + "#" + multikey(l, l.attacker)})
		}, VerdictValid, CodePresentationSignature},
		{"a presentation of a badge about nobody's key", presented(func(l *lab) object { return presentationOf(l, decode(l, l.issue(badge()))) }, bound), VerdictValid, CodePresentationSignature},
		{"a presentation without a holder", presented(func(l *lab) object {
			p := held(l)
			delete(p, "holder")
			return p
		}, bound), VerdictValid, CodePresentationSignature},
		{"a presentation, changed", func(l *lab) []byte {
			p := decode(l, presented(held, bound)(l))
			p["id"] = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b13"
			return marshal(l, p)
		}, VerdictInvalid, CodePresentationSignature},
		{"a presentation with a changed badge", func(l *lab) []byte {
			b := heldBadge(l)
			b["name"] = "Doctor"
			return l.present(presentationOf(l, b), bound)
		}, VerdictInvalid, CodeCredential},
		{"a presentation of nothing", presented(func(l *lab) object {
			p := held(l)
			delete(p, "verifiableCredential")
			return p
		}, bound), VerdictInvalid, CodePresentationEmpty},
		{"a presentation of words", func(l *lab) []byte { return marshal(l, presentationOf(l, "a badge")) }, VerdictInvalid, CodeSchema},
		{"a presentation of a presentation", func(l *lab) []byte { return marshal(l, presentationOf(l, held(l))) }, VerdictInvalid, CodeSchema},
		{"a presentation of an enveloped presentation", func(l *lab) []byte {
			inner := presentationOf(l, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID)))
			return marshal(l, presentationOf(l, l.enveloped("application/vp+jwt", l.token(inner, holderKey, holderMethod(l)))))
		}, VerdictInvalid, CodeSchema},
		{"a presentation with a proof of a kind not known", func(l *lab) []byte {
			p := decode(l, presented(held, bound)(l))
			p["proof"].(object)["cryptosuite"] = "x"
			return marshal(l, p)
		}, VerdictIndeterminate, CodePresentationSignature},
		{"a presentation of many", presented(func(l *lab) object {
			b := heldBadge(l)
			var all []any
			for range MaxCredentials + 1 {
				all = append(all, b)
			}
			return presentationOf(l, all...)
		}, bound), VerdictIndeterminate, CodeCredentialsTooMany},
		{"a presentation of a badge whose issuer is out of reach", func(l *lab) []byte {
			data := presented(held, bound)(l)
			l.world.documents = map[string][]byte{}
			return data
		}, VerdictIndeterminate, CodeCredential},
		{"a presentation in a token", func(l *lab) []byte {
			return l.token(presentationOf(l, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID))), holderKey, holderMethod(l))
		}, VerdictValid, CodePresentationSignature},
		{"a presentation in a token for somebody else", asking(Expect{Domain: []string{"https://us.example"}}, func(l *lab) []byte {
			return l.token(presentationOf(l, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID))), holderKey, holderMethod(l))
		}), VerdictInvalid, CodeDomainMismatch},
		{"a presentation in a token that answers nothing", asking(Expect{Challenge: "c"}, func(l *lab) []byte {
			return l.token(presentationOf(l, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID))), holderKey, holderMethod(l))
		}), VerdictInvalid, CodeChallengeMismatch},
		{"a presentation in a token by another", func(l *lab) []byte {
			return l.token(presentationOf(l, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID))), l.attacker, holderMethod(l))
		}, VerdictInvalid, CodePresentationSignature},
		{"a presentation in an envelope", func(l *lab) []byte {
			p := presentationOf(l, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID)))
			return marshal(l, l.enveloped("application/vp+jwt", l.token(p, holderKey, holderMethod(l))))
		}, VerdictValid, CodePresentationSignature},
		{"a presentation as an endorsement", func(l *lab) []byte {
			b := badge()
			b["endorsementJwt"] = []any{string(l.token(presentationOf(l), holderKey, holderMethod(l)))}
			return l.issue(b)
		}, VerdictValid, CodeSignature},

		{"a record with a badge", func(l *lab) []byte { return l.issue(record(decode(l, l.issue(badge())))) }, VerdictValid, CodeSignature},
		{"a record with a badge that nobody signed", func(l *lab) []byte { return l.issue(record(badge())) }, VerdictValid, CodeSignature},
		{"a record with a revoked badge", func(l *lab) []byte {
			l.serveList(listURL, "revocation", badgeIndex)
			return l.issue(record(decode(l, l.issue(badgeWithStatus()))))
		}, VerdictInvalid, CodeCredential},
		{"a record that names its published schema", naming(recordSchemaBase + "json/clr_v2p0_clrcredential_schema.json"), VerdictValid, CodeSignature},
		{"a record that names its published schema of both versions", naming(recordSchemaBase + "json-ld/clr_v2p0_anyclrcredential_schema.json"), VerdictValid, CodeSignature},
		{"a record that names the schema of a part", naming(recordSchemaBase + "json/clr_v2p0_getclrcredentialsresponse_schema.json"), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a record that names the schema of badges", naming(usualSchema), VerdictInvalid, CodeSchema},
		{"a record that names a schema that only looks like its own", naming("https://evil.example/" + recordSchemaBase + "json/clr_v2p0_clrcredential_schema.json"), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a badge that names the schema of records", changed(func(b object) { followsSchema(b, recordSchemaBase+"json/clr_v2p0_clrcredential_schema.json") }), VerdictIndeterminate, CodeSchemaUnavailable},
	}
}

// followsSchema makes a credential name a schema.
func followsSchema(credential object, schema string) {
	credential["@context"] = append(credential["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
	credential["credentialSchema"] = []any{object{"id": schema, "type": schemaValidator}}
}

// TestRecord: every credential in a learner record has its own result, one that
// nobody signed too, which is never valid by itself and does not bear on the
// record; and that the record's own rules were not checked is said.
func TestRecord(t *testing.T) {
	l := newLab(t)
	number := 0
	numbered := func(credential object) object {
		number++
		id := fmt.Sprintf("https://badges.example.edu/credentials/%d", number)
		credential["id"] = id
		if s, ok := credential["credentialSubject"].(object); ok {
			s["id"] = id + "#subject"
			if a, ok := s["achievement"].(object); ok {
				a["id"] = id + "#achievement"
			}
		}
		return credential
	}
	expired, endorsing := badge(), endorsement(issuerID, "urn:y")
	expired["validUntil"], endorsing["issuer"] = "2026-03-01T00:00:00Z", expired["issuer"]
	report := l.verify(l.sign(record(
		numbered(badge()), decode(t, l.issue(numbered(badge()))), numbered(expired), object{"id": "urn:x"}, numbered(endorsing),
		l.listCredential(listURL, "revocation"),
	), l.key, dataintegrity.Options{Cryptosuite: dataintegrity.EdDSAJCS2022}))
	want := []struct {
		verdict Verdict
		code    Code
	}{
		{VerdictIndeterminate, CodeCredentialUnsigned},
		{VerdictValid, CodeSignature},
		{VerdictInvalid, CodeExpired},
		{VerdictInvalid, CodeNotCredential},
		{VerdictIndeterminate, CodeCredentialUnsigned},
		{VerdictInvalid, CodeNotBadge},
	}
	if report.Verdict != VerdictValid || len(report.Credentials) != len(want) {
		t.Fatalf("%s with %d inside, want %d\n%s", report.Verdict, len(report.Credentials), len(want), describe(report))
	}
	for i, inside := range report.Credentials {
		check, ok := decisive(inside.Checks, inside.Verdict)
		path := fmt.Sprintf("/credentialSubject/verifiableCredential/%d", i)
		if !ok || inside.Verdict != want[i].verdict || check.Code != want[i].code || inside.Path != path {
			t.Errorf("%s: %s by %s, want %+v", inside.Path, inside.Verdict, check.Code, want[i])
		}
		if (inside.Credential != nil) != (want[i].verdict == VerdictValid) {
			t.Errorf("%s: what nobody signed is shown as fact", inside.Path)
		}
	}
	if _, ok := find(report, CodeRecordUnchecked); !ok {
		t.Errorf("nothing is said of the rules of records\n%s", describe(report))
	}
}

// However many credentials a record has that nobody signed, there is an end to
// the results; the record is judged all the same.
func TestRecordOfMany(t *testing.T) {
	l := newLab(t)
	var many []any
	for i := range MaxCredentials + 5 {
		b := badge()
		b["id"] = fmt.Sprintf("urn:x:credential-%d", i)
		subject(b)["id"] = fmt.Sprintf("urn:x:subject-%d", i)
		achievement(b)["id"] = fmt.Sprintf("urn:x:achievement-%d", i)
		many = append(many, b)
	}
	report := l.wants(l.issue(record(many...)), VerdictValid, CodeSignature)
	if len(report.Credentials) != MaxCredentials {
		t.Errorf("%d results, want %d", len(report.Credentials), MaxCredentials)
	}
}

// TestLearnerRecordVector verifies the official signed vector of CLR 2.0, which
// names the published schema, and what comes of a change to it.
func TestLearnerRecordVector(t *testing.T) {
	data, err := os.ReadFile(testdata.Shared(t, "openbadges", "derived", "vectors", "eddsa-rdfc-2022-clr2-signed.json"))
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.serveIssuer(data)
	report := l.wants(data, VerdictValid, CodeSignature)
	if len(report.Credentials) != 1 || report.Credentials[0].Verdict != VerdictValid {
		t.Errorf("inside: %+v", report.Credentials)
	}
	l.wants(bytes.Replace(data, []byte(`"Sample Transcript"`), []byte(`"Simple Transcript"`), 1), VerdictInvalid, CodeSignatureInvalid)
	l.wants(bytes.Replace(data, []byte(`"Example University Degree"`), []byte(`"Example University Doctor"`), 1), VerdictInvalid, CodeSignatureInvalid)
}

// TestLearnerRecordSample verifies the signed sample of the official validator,
// with the issuer of the badge in it in reach and out of it.
func TestLearnerRecordSample(t *testing.T) {
	data := samples(t)["clr20/simple.json"]
	l := newLab(t)
	l.serveIssuer(data)
	l.wants(data, VerdictIndeterminate, CodeCredential)
	inside := subject(decode(t, data))["verifiableCredential"].([]any)
	l.serveIssuer(marshal(t, inside[0]))
	l.wants(data, VerdictValid, CodeSignature)
}

// TestHolderBinding looks at the check of its own.
func TestHolderBinding(t *testing.T) {
	for name, want := range map[string]struct {
		outcome Outcome
		binding string
	}{
		"a presentation with a badge":                               {Passed, "bound"},
		"a presentation that was asked for":                         {Passed, "bound"},
		"a presentation without a holder":                           {Passed, "bound"},
		"a presentation by somebody who is not the subject (VP-03)": {Failed, "unbound"},
		"a presentation of a badge about nobody's key":              {Skipped, "not_applicable"},
		"a presentation nobody signed":                              {Skipped, "not_applicable"},
		"a presentation by another key":                             {Skipped, "not_applicable"},
		"a presentation with a changed badge":                       {Skipped, "not_applicable"},
	} {
		n := 0
		for _, s := range presentationScenarios() {
			if s.name != name {
				continue
			}
			n++
			l := newLab(t)
			report := l.verify(s.arrange(l))
			got, ok := find(report, CodeHolderBinding)
			if !ok || got.Outcome != want.outcome || got.Params["binding"] != want.binding || got.Path != "/verifiableCredential/0" {
				t.Errorf("%s: %v, want %v\n%s", name, got, want, describe(report))
			}
		}
		if n != 1 {
			t.Errorf("%d scenarios %q", n, name)
		}
	}
}

// TestContained looks at the credentials of a presentation.
func TestContained(t *testing.T) {
	l := newLab(t)
	bad := heldBadge(l)
	bad["name"] = "Doctor"
	report := l.verify(l.present(presentationOf(l, heldBadge(l), bad, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID))), dataintegrity.Options{}))
	var got []string
	for _, c := range report.Credentials {
		got = append(got, fmt.Sprintf("%s %s %t", c.Path, c.Verdict, c.Credential != nil))
		if len(c.Checks) < 5 {
			t.Errorf("%s has the checks %v", c.Path, c.Checks)
		}
	}
	want := []string{"/verifiableCredential/0 valid true", "/verifiableCredential/1 invalid false", "/verifiableCredential/2 valid true"}
	if fmt.Sprint(got) != fmt.Sprint(want) || report.Verdict != VerdictInvalid {
		t.Errorf("%v, want %v\n%s", got, want, describe(report))
	}
}
