package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
)

const revocationsURL = "https://badges.example.edu/revocations"

func revocationListed(list string) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.world.documents[revocationsURL] = []byte(list)
		b := badge()
		b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
		b["credentialStatus"] = object{"id": revocationsURL, "type": "1EdTechRevocationList"}
		return l.issue(b)
	}
}

// token secures a document as VC-JOSE-COSE has it.
func (l *lab) token(document any, key crypto.Signer, kid string) []byte {
	l.Helper()
	text, err := jose.SignVC(marshal(l, document), key, jose.SigningOptions{KeyID: kid})
	if err != nil {
		l.Fatal(err)
	}
	return []byte(text)
}

// openBadge secures a badge as Open Badges 3.0 has it.
func (l *lab) openBadge(document any, key crypto.Signer, kid string) []byte {
	l.Helper()
	text, err := jose.SignOpenBadge(marshal(l, document), key, jose.SigningOptions{KeyID: kid})
	if err != nil {
		l.Fatal(err)
	}
	return []byte(text)
}

// payload signs any payload with any header parameters but alg.
func (l *lab) payload(header string, payload any) []byte {
	l.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"`+header+`}`)) + "." + base64.RawURLEncoding.EncodeToString(marshal(l, payload))
	_, signature, err := jose.CreateSignature(nil, l.key, []byte(input))
	if err != nil {
		l.Fatal(err)
	}
	return []byte(input + "." + base64.RawURLEncoding.EncodeToString(signature))
}

func jwsListed(set ...int) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.world.documents[listURL] = l.token(l.listCredential(listURL, "revocation", set...), l.key, methodID)
		return l.issue(badgeWithStatus())
	}
}

// listedIn serves a list in a form that the function makes of it.
func listedIn(form func(l *lab, list object) []byte, set ...int) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.world.documents[listURL] = form(l, l.listCredential(listURL, "revocation", set...))
		return l.issue(badgeWithStatus())
	}
}

// asCOSE and enveloping are forms of lists.
func asCOSE(l *lab, list object) []byte {
	data, err := cose.Sign(marshal(l, list), l.key, cose.SignOptions{KeyID: methodID})
	if err != nil {
		l.Fatal(err)
	}
	return data
}

func enveloping(mediaType string, form func(l *lab, list object) []byte) func(l *lab, list object) []byte {
	return func(l *lab, list object) []byte {
		envelope, err := jose.MarshalEnvelope(jose.Envelope{MediaType: mediaType, Data: form(l, list)})
		if err != nil {
			l.Fatal(err)
		}
		return envelope
	}
}

func asToken(l *lab, list object) []byte { return l.token(list, l.key, methodID) }

func byAnother(form func(l *lab, list object) []byte) func(l *lab, list object) []byte {
	return func(l *lab, list object) []byte {
		other := *l
		other.key = l.attacker
		return form(&other, list)
	}
}

const keySetURL = "https://badges.example.edu/.well-known/jwks.json"

// keySet serves a key set in which the issuer's JWT key has an owner.
func (l *lab) keySet(key crypto.Signer, kid, owner string) {
	l.Helper()
	data, err := jose.MarshalJWKSet([]jose.JWK{{Key: key.Public(), KeyID: kid, Issuer: owner}})
	if err != nil {
		l.Fatal(err)
	}
	l.world.documents[keySetURL] = data
}

var jwtKey = func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

const jwtKeyURL = "https://badges.example.edu/keys/1"

func claims(change func(payload object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		b := badge()
		change(b)
		return l.payload(`,"kid":"`+methodID+`"`, b)
	}
}

func tokenScenarios() []scenario {
	enveloped := func(mediaType string, data func(l *lab) []byte) func(l *lab) []byte {
		return func(l *lab) []byte {
			envelope, err := jose.MarshalEnvelope(jose.Envelope{MediaType: mediaType, Data: data(l)})
			if err != nil {
				l.Fatal(err)
			}
			return envelope
		}
	}
	selective := func(disclose ...string) func(l *lab) []byte {
		return func(l *lab) []byte {
			text, err := sdjwt.Issue(marshal(l, badge()), l.key, sdjwt.IssueOptions{Signing: jose.SigningOptions{KeyID: methodID}, Disclose: disclose, Random: rand.Reader})
			if err != nil {
				l.Fatal(err)
			}
			if len(disclose) > 0 {
				text = text[:strings.Index(text, "~")+1]
			}
			return []byte(text)
		}
	}
	message := func(l *lab) []byte {
		data, err := cose.Sign(marshal(l, badge()), l.key, cose.SignOptions{KeyID: methodID})
		if err != nil {
			l.Fatal(err)
		}
		return data
	}
	jws := func(l *lab) []byte { return l.token(badge(), l.key, methodID) }
	return []scenario{
		{"a VC-JOSE-COSE token", jws, VerdictValid, CodeSignature},
		{"an Open Badges token", func(l *lab) []byte { return l.openBadge(badge(), l.key, methodID) }, VerdictValid, CodeSignature},
		{"a token, with white space around", func(l *lab) []byte { return []byte("\n " + string(jws(l)) + "\n") }, VerdictValid, CodeSignature},
		{"a token with a relative kid", func(l *lab) []byte { return l.openBadge(badge(), l.key, "#key-1") }, VerdictValid, CodeSignature},
		{"a token without a kid", func(l *lab) []byte { return l.openBadge(badge(), l.key, "") }, VerdictValid, CodeSignature},
		{"a token without a kid, by another", func(l *lab) []byte { return l.openBadge(badge(), l.attacker, "") }, VerdictInvalid, CodeSignatureInvalid},
		{"a token by another key (JW-04)", func(l *lab) []byte { return l.token(badge(), l.attacker, methodID) }, VerdictInvalid, CodeSignatureInvalid},
		{"a token that names another's key (JW-04)", func(l *lab) []byte {
			return l.token(badge(), l.attacker, "did:key:"+multikey(l, l.attacker)+"#"+multikey(l, l.attacker))
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"a token that names a key elsewhere (JW-04)", func(l *lab) []byte {
			return l.token(badge(), l.attacker, "https://evil.example/keys/1")
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"a token that brings a key (JW-03)", func(l *lab) []byte {
			jwk, err := jose.MarshalJWK(l.attacker.Public())
			if err != nil {
				l.Fatal(err)
			}
			l.key, l.attacker = l.attacker, l.key
			l.world.failing[keySetURL] = statusError(404)
			return l.payload(`,"jwk":`+string(jwk), badge())
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"a token that brings the issuer's key", func(l *lab) []byte {
			jwk, err := jose.MarshalJWK(l.key.Public())
			if err != nil {
				l.Fatal(err)
			}
			return l.payload(`,"jwk":`+string(jwk), badge())
		}, VerdictValid, CodeSignature},
		{"a token with a key of the host's key set", func(l *lab) []byte {
			l.keySet(jwtKey, jwtKeyURL, issuerID)
			return l.openBadge(badge(), jwtKey, jwtKeyURL)
		}, VerdictValid, CodeSignature},
		{"a token with a key of the host's key set that is nobody's", func(l *lab) []byte {
			l.keySet(jwtKey, jwtKeyURL, "")
			return l.openBadge(badge(), jwtKey, jwtKeyURL)
		}, VerdictValid, CodeSignature},
		{"a token with a key of another issuer on the host", func(l *lab) []byte {
			l.keySet(jwtKey, jwtKeyURL, issuerID+":issuers:other")
			return l.openBadge(badge(), jwtKey, jwtKeyURL)
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"a token with a key that the host's key set lacks", func(l *lab) []byte {
			l.keySet(jwtKey, jwtKeyURL, issuerID)
			return l.openBadge(badge(), jwtKey, jwtKeyURL+"0")
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"a token with a key set out of reach", func(l *lab) []byte { return l.openBadge(badge(), jwtKey, jwtKeyURL) }, VerdictIndeterminate, CodeKeyUnresolvable},
		{"a token with a key set that is a page", func(l *lab) []byte {
			l.world.documents[keySetURL] = []byte("<html>")
			return l.openBadge(badge(), jwtKey, jwtKeyURL)
		}, VerdictIndeterminate, CodeIssuerDocumentInvalid},
		{"a token whose issuer is out of reach", func(l *lab) []byte {
			data := jws(l)
			l.world.documents = map[string][]byte{}
			return data
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"a token of an issuer without a place", func(l *lab) []byte {
			b := badge()
			b["issuer"].(object)["id"] = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b12"
			return l.openBadge(b, l.key, "")
		}, VerdictInvalid, CodeKeyURLInvalid},

		{"a token, changed", func(l *lab) []byte {
			parts := strings.Split(string(jws(l)), ".")
			other := badge()
			other["name"] = "Doctor"
			parts[1] = base64.RawURLEncoding.EncodeToString(marshal(l, other))
			return []byte(strings.Join(parts, "."))
		}, VerdictInvalid, CodeSignatureInvalid},
		{"a token that nothing signs (JW-01)", input("eyJhbGciOiJub25lIn0.e30.AAAA"), VerdictInvalid, CodeAlgorithmNotAllowed},
		{"a token of a secret (JW-02)", input("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), VerdictInvalid, CodeAlgorithmNotAllowed},
		{"a token with a critical extension", func(l *lab) []byte { return l.payload(`,"crit":["x"],"x":1`, badge()) }, VerdictInvalid, CodeTokenMalformed},
		{"a token of nothing", func(l *lab) []byte { return l.payload(``, object{"sub": "a"}) }, VerdictInvalid, CodeTokenType},
		{"an access token (JW-09)", func(l *lab) []byte { return l.payload(`,"typ":"at+jwt"`, badge()) }, VerdictInvalid, CodeTokenType},
		{"a claim against the issuer (JW-10)", claims(func(b object) { b["iss"] = "did:web:other.example" }), VerdictInvalid, CodeClaimMismatch},
		{"a claim against the subject (JW-10)", claims(func(b object) { b["sub"] = "urn:uuid:other" }), VerdictInvalid, CodeClaimMismatch},
		{"a claim against the id (JW-10)", claims(func(b object) { b["jti"] = "urn:uuid:other" }), VerdictInvalid, CodeClaimMismatch},
		{"a claim against the date (JW-10)", claims(func(b object) { b["nbf"] = 1 }), VerdictInvalid, CodeClaimMismatch},
		{"two credentials in a token (JW-10)", claims(func(b object) { b["vc"] = badge() }), VerdictInvalid, CodeClaimMismatch},
		{"claims that are missing", claims(func(object) {}), VerdictValid, CodeSignature},
		{"a token that has expired", claims(func(b object) {
			delete(b, "validUntil")
			b["exp"] = testNow.Unix() - 1
		}), VerdictInvalid, CodeExpired},
		{"a token made tomorrow", claims(func(b object) { b["iat"] = testNow.Unix() + 86400 }), VerdictInvalid, CodeProofNotYetValid},
		{"a token with a word that no vocabulary has (LD-01)", claims(func(b object) { b["grade"] = "A+" }), VerdictInvalid, CodeUndefinedTerm},
		{"a token with an unknown context", claims(func(b object) {
			b["@context"] = append(b["@context"].([]any), "https://example.org/context")
		}), VerdictIndeterminate, CodeContextUnknown},
		{"a token around a proof", func(l *lab) []byte { return l.token(decode(l, l.issue(badge())), l.key, methodID) }, VerdictValid, CodeSignature},
		{"a token around a bad proof", func(l *lab) []byte {
			b := decode(l, l.issue(badge()))
			b["name"] = "Doctor"
			return l.token(b, l.key, methodID)
		}, VerdictInvalid, CodeSignatureInvalid},

		{"an envelope", enveloped("application/vc+jwt", jws), VerdictValid, CodeSignature},
		{"an envelope of an older name", enveloped("application/jwt", jws), VerdictValid, CodeSignature},
		{"an enveloped message of nothing", func(l *lab) []byte {
			return enveloped("application/vc+cose", func(*lab) []byte { return []byte("nonsense") })(l)
		}, VerdictInvalid, CodeTokenMalformed},
		{"an enveloped JWT that is none", enveloped("application/vc+jwt", input("nonsense")), VerdictInvalid, CodeEnvelopeMalformed},
		{"an enveloped JWT that is an SD-JWT", enveloped("application/vc+jwt", selective()), VerdictInvalid, CodeEnvelopeMalformed},
		{"a COSE message", message, VerdictValid, CodeSignature},
		{"a COSE message without its tag", func(l *lab) []byte { return message(l)[1:] }, VerdictValid, CodeSignature},
		{"a COSE message by another", func(l *lab) []byte {
			l.key, l.attacker = l.attacker, l.key
			return message(l)
		}, VerdictInvalid, CodeSignatureInvalid},
		{"a COSE message that is changed", func(l *lab) []byte {
			return bytes.Replace(message(l), []byte("Peer mentor"), []byte("Peer master"), 1)
		}, VerdictInvalid, CodeSignatureInvalid},
		{"a COSE message without an algorithm", func(*lab) []byte { return []byte("\xd2\x84\x41\xa0\xa0\x42{}\x41a") }, VerdictInvalid, CodeAlgorithmNotAllowed},
		{"an enveloped COSE message", enveloped("application/vc+cose", message), VerdictValid, CodeSignature},
		{"an enveloped COSE message by another", func(l *lab) []byte {
			l.key, l.attacker = l.attacker, l.key
			return enveloped("application/vc+cose", message)(l)
		}, VerdictInvalid, CodeSignatureInvalid},
		{"a status list as COSE", listedIn(asCOSE), VerdictValid, CodeSignature},
		{"a status list as COSE, revoked", listedIn(asCOSE, badgeIndex), VerdictInvalid, CodeRevoked},
		{"a status list as COSE, by another", listedIn(byAnother(asCOSE)), VerdictIndeterminate, CodeStatusListUnverified},
		{"a status list in an envelope", listedIn(enveloping("application/vc+jwt", asToken)), VerdictValid, CodeSignature},
		{"a status list in an envelope, revoked", listedIn(enveloping("application/vc+jwt", asToken), badgeIndex), VerdictInvalid, CodeRevoked},
		{"a status list in an envelope, by another", listedIn(enveloping("application/vc+jwt", byAnother(asToken))), VerdictIndeterminate, CodeStatusListUnverified},
		{"a status list as COSE in an envelope", listedIn(enveloping("application/vc+cose", asCOSE)), VerdictValid, CodeSignature},
		{"a status list in an envelope of nonsense", listedIn(enveloping("application/vc+jwt", func(*lab, object) []byte { return []byte("x") })), VerdictIndeterminate, CodeStatusListInvalid},
		{"an SD-JWT", selective(), VerdictValid, CodeSignature},
		{"an SD-JWT that keeps something back", selective("/name"), VerdictValid, CodeSignature},
		{"an enveloped SD-JWT", enveloped("application/vc+sd-jwt", selective("/name")), VerdictValid, CodeSignature},
		{"an SD-JWT with a disclosure of nothing", func(l *lab) []byte { return append(selective("/name")(l), "WyJhIiwiYiIsImMiXQ~"...) }, VerdictInvalid, CodeTokenMalformed},
		{"an endorsement in a token", func(l *lab) []byte {
			l.serve(endorser, controllerDocument(endorser, map[string]string{endorser + "#k": multikey(l, keyOf('e'))}))
			b := badge()
			achievement(b)["endorsementJwt"] = []any{string(l.token(endorsement(endorser, "https://badges.example.edu/achievements/1"), keyOf('e'), endorser+"#k"))}
			return l.issue(b)
		}, VerdictValid, CodeSignature},
	}
}

// TestTokenReports looks at what a report of a token shows.
func TestTokenReports(t *testing.T) {
	for name, want := range map[string]Check{
		"claims that are missing":                    {Code: CodeClaimMissing, Outcome: Skipped, Path: ""},
		"a token around a proof":                     {Code: CodeProof, Outcome: Passed, Path: ""},
		"an SD-JWT that keeps something back":        {Code: CodeWithheld, Outcome: Skipped, Path: ""},
		"an endorsement in a token":                  {Code: CodeEndorsement, Outcome: Passed, Path: "/credentialSubject/achievement/endorsementJwt/0"},
		"a claim against the issuer (JW-10)":         {Code: CodeClaimMismatch, Outcome: Failed, Path: "/issuer/id"},
		"a token with a key set out of reach":        {Code: CodeSignatureUnchecked, Outcome: Skipped, Path: ""},
		"a token that names another's key (JW-04)":   {Code: CodeContentUnchecked, Outcome: Skipped, Path: ""},
		"a token with an unknown context":            {Code: CodeSignatureUnchecked, Outcome: Skipped, Path: ""},
		"a status list as a JWS, revoked":            {Code: CodeRevoked, Outcome: Failed, Path: "/credentialStatus"},
		"a token that names a key elsewhere (JW-04)": {Code: CodeKeyNotAuthorized, Outcome: Failed, Path: ""},
	} {
		for _, s := range scenarios() {
			if s.name != name {
				continue
			}
			l := newLab(t)
			report := l.verify(s.arrange(l))
			got, ok := find(report, want.Code)
			if !ok || got.Outcome != want.Outcome || got.Path != want.Path {
				t.Errorf("%s: %v, want %v\n%s", name, got, want, describe(report))
			}
		}
	}
	l := newLab(t)
	report := l.verify(l.openBadge(badge(), l.key, methodID))
	if got := decode(t, report.Credential); got["iss"] != nil || got["name"] != "Peer mentor" {
		t.Errorf("the credential of a token is %v", got)
	}
	l = newLab(t)
	l.verify(l.token(badge(), l.attacker, "https://evil.example/keys/1"))
	if len(l.world.asked) > 0 {
		t.Errorf("asked for %v", l.world.asked)
	}
}

// TestKeyBinding presents an SD-JWT.
func TestKeyBinding(t *testing.T) {
	l := newLab(t)
	holder := keyOf('h')
	text, err := sdjwt.Issue(marshal(l, badge()), l.key, sdjwt.IssueOptions{Signing: jose.SigningOptions{KeyID: methodID}, Holder: holder.Public()})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := sdjwt.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	shown, err := parsed.Present(nil, &sdjwt.Binding{Signer: holder, Nonce: "n", Audience: "https://us.example", IssuedAt: testNow})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data   string
		expect Expect
		want   Outcome
		all    Verdict
	}{
		"bound":      {shown, Expect{Challenge: "n", Domain: []string{"https://us.example"}}, Passed, VerdictValid},
		"replayed":   {shown, Expect{Challenge: "m", Domain: []string{"https://us.example"}}, Failed, VerdictInvalid},
		"for others": {shown, Expect{Challenge: "n", Domain: []string{"https://them.example"}}, Failed, VerdictInvalid},
		"not bound":  {text, Expect{Challenge: "n", Domain: []string{"https://us.example"}}, Failed, VerdictInvalid},
		"not asked":  {shown, Expect{}, Skipped, VerdictValid},

		"bound, no domain":       {shown, Expect{Challenge: "n"}, Passed, VerdictValid},
		"replayed, no domain":    {shown, Expect{Challenge: "m"}, Failed, VerdictInvalid},
		"bound, no challenge":    {shown, Expect{Domain: []string{"https://us.example"}}, Passed, VerdictValid},
		"for others, no nonce":   {shown, Expect{Domain: []string{"https://them.example"}}, Failed, VerdictInvalid},
		"for us and them":        {shown, Expect{Domain: []string{"https://them.example", "https://us.example"}}, Failed, VerdictInvalid},
		"not bound, no domain":   {text, Expect{Challenge: "n"}, Failed, VerdictInvalid},
		"not bound, only domain": {text, Expect{Domain: []string{"https://us.example"}}, Failed, VerdictInvalid},
	} {
		report, err := New(l.config).Verify(context.Background(), []byte(test.data), test.expect)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := find(report, CodeHolderBinding); got.Outcome != test.want || report.Verdict != test.all {
			t.Errorf("%s: %v\n%s", name, got, describe(report))
		}
	}
}
