package verifier

import (
	"fmt"
	"testing"

	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
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

func presentationScenarios() []scenario {
	held := func(l *lab) object { return presentationOf(l, heldBadge(l)) }
	bound := dataintegrity.Options{Domain: []string{"https://us.example"}, Challenge: "c"}
	asked := Expect{Domain: []string{"https://us.example"}, Challenge: "c"}
	inToken := func(l *lab) object {
		b := heldBadge(l)
		delete(b, "proof")
		return presentationOf(l, l.enveloped("application/vc+jwt", l.token(b, l.key, methodID)))
	}
	record := func(credentials ...any) object {
		return object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
			"id":       "https://badges.example.edu/records/1", "type": []any{"VerifiableCredential", "ClrCredential"}, "name": "A record",
			"issuer": object{"id": issuerID, "type": []any{"Profile"}}, "validFrom": "2026-02-02T09:00:00Z",
			"credentialSubject": object{"id": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11", "type": []any{"ClrSubject"}, "verifiableCredential": credentials},
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
	}
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
