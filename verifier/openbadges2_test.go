package verifier

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"
	"testing"

	"laurel/credential/jose"
)

// The addresses of an older badge.
const (
	olderAssertion = "https://old.example.edu/assertions/1"
	olderClass     = "https://old.example.edu/classes/1"
	olderIssuerID  = "https://old.example.edu/issuer"
	olderKeyURL    = "https://old.example.edu/key"
	olderListURL   = "https://old.example.edu/revocations"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// older serves everything of an older badge but the assertion, after a change to
// the issuer's profile, and returns the assertion after a change.
func older(l *lab, how string, changeIssuer, change func(o object)) object {
	l.Helper()
	const context = "https://w3id.org/openbadges/v2"
	der, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		l.Fatal(err)
	}
	issuer := object{
		"@context": context, "id": olderIssuerID, "type": "Issuer", "name": "Old University", "url": "https://old.example.edu/", "email": "a@old.example.edu",
		"publicKey": olderKeyURL, "revocationList": olderListURL,
	}
	if changeIssuer != nil {
		changeIssuer(issuer)
	}
	l.serve(olderIssuerID, issuer)
	l.serve(olderClass, object{
		"@context": context, "id": olderClass, "type": "BadgeClass", "name": "Robotics", "description": "Robots.", "image": "https://old.example.edu/r.png",
		"criteria": "https://old.example.edu/criteria", "issuer": olderIssuerID,
	})
	l.serve(olderKeyURL, object{
		"@context": context, "id": olderKeyURL, "type": "CryptographicKey", "owner": olderIssuerID,
		"publicKeyPem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	})
	l.serve(olderListURL, object{"@context": context, "id": olderListURL, "type": "RevocationList", "issuer": olderIssuerID, "revokedAssertions": []any{
		"https://old.example.edu/assertions/7", object{"id": "https://old.example.edu/assertions/8", "revocationReason": "twice"}, object{"uid": "old-9"},
	}})
	assertion := object{
		"@context": context, "id": olderAssertion, "type": "Assertion", "badge": olderClass, "issuedOn": "2016-12-31T23:59:59Z",
		"recipient":    object{"type": "email", "hashed": true, "salt": "Kosher", "identity": "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"},
		"verification": object{"type": how},
	}
	if how == "signed" {
		assertion["verification"] = object{"type": how, "creator": olderKeyURL}
	}
	if change != nil {
		change(assertion)
	}
	return assertion
}

// hosted serves an older badge and shows a copy of it.
func hosted(changeIssuer, change func(o object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		assertion := older(l, "hosted", changeIssuer, change)
		l.serve(olderAssertion, assertion)
		return marshal(l, assertion)
	}
}

// olderSigned is an older badge as JWS.
func olderSigned(changeIssuer, change func(o object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		text, err := jose.Sign(marshal(l, older(l, "signed", changeIssuer, change)), rsaKey(), jose.SigningOptions{Type: "JWT", Random: rand.Reader})
		if err != nil {
			l.Fatal(err)
		}
		return []byte(text)
	}
}

// beforeTLS serves an older badge with other addresses in all of its documents,
// and shows a copy of it with the addresses of the time before TLS.
func beforeTLS(old, replaced string) func(l *lab) []byte {
	return func(l *lab) []byte {
		shown := hosted(nil, nil)(l)
		for address, data := range l.world.documents {
			l.world.documents[address] = bytes.ReplaceAll(data, []byte(old), []byte(replaced))
		}
		return bytes.ReplaceAll(shown, []byte("https://old.example.edu"), []byte("http://old.example.edu"))
	}
}

func set(name string, value any) func(o object) { return func(o object) { o[name] = value } }

func olderScenarios() []scenario {
	inPicture := func(text string) func(l *lab) []byte {
		return func(l *lab) []byte {
			hosted(nil, nil)(l)
			return []byte(`<svg xmlns:o="http://openbadges.org"><o:assertion verify="` + text + `"/></svg>`)
		}
	}
	return []scenario{
		{"an older badge, hosted", hosted(nil, nil), VerdictValid, CodeHosted},
		{"an older badge, hosted, of the time before TLS", beforeTLS("https://old.example.edu", "http://old.example.edu"), VerdictValid, CodeHosted},
		{"an older badge, hosted, that is served under another name", beforeTLS(`"id":"https://old.example.edu/assertions`, `"id":"http://other.example.edu/assertions`), VerdictInvalid, CodeHostedMismatch},
		{"an older badge, changed in the copy", func(l *lab) []byte {
			data := hosted(nil, nil)(l)
			return []byte(strings.Replace(string(data), "2016", "2015", 1))
		}, VerdictValid, CodeHosted},
		{"an older badge, in a picture", inPicture(olderAssertion), VerdictValid, CodeHosted},
		{"an older badge with an extension", hosted(set("extensions:a", object{"type": []string{"Extension", "extensions:A"}}), nil), VerdictValid, CodeHosted},
		{"an older badge, revoked", hosted(nil, set("revoked", true)), VerdictInvalid, CodeRevoked},
		{"an older badge that is gone", func(l *lab) []byte {
			data := hosted(nil, nil)(l)
			l.world.failing[olderAssertion] = statusError(410)
			return data
		}, VerdictInvalid, CodeRevoked},
		{"an older badge that is not there", func(l *lab) []byte {
			data := hosted(nil, nil)(l)
			l.world.failing[olderAssertion] = statusError(404)
			return data
		}, VerdictIndeterminate, CodeHostedUnavailable},
		{"an older badge, expired", hosted(nil, set("expires", "2020-01-01T00:00:00Z")), VerdictInvalid, CodeExpired},
		{"an older badge that expires before it was issued", hosted(nil, set("expires", "2015-01-01T00:00:00Z")), VerdictInvalid, CodeSchema},
		{"an older badge of tomorrow", hosted(nil, set("issuedOn", "2030-01-01T00:00:00Z")), VerdictInvalid, CodeNotYetValid},
		{"an older badge for nobody", hosted(nil, func(o object) { delete(o, "recipient") }), VerdictInvalid, CodeSchema},
		{"an older badge, another at its address", func(l *lab) []byte {
			data := hosted(nil, nil)(l)
			other := older(l, "hosted", nil, set("id", olderAssertion+"1"))
			l.serve(olderAssertion, other)
			return data
		}, VerdictInvalid, CodeHostedMismatch},
		{"an older badge on another site", func(l *lab) []byte {
			const elsewhere = "https://evil.example/assertions/1"
			assertion := older(l, "hosted", nil, set("id", elsewhere))
			l.serve(elsewhere, assertion)
			return marshal(l, assertion)
		}, VerdictInvalid, CodeHostedOrigin},
		{"an older badge on a site that the issuer answers for", func(l *lab) []byte {
			const elsewhere = "https://badges.example/assertions/1"
			assertion := older(l, "hosted", set("verification", object{"allowedOrigins": []any{"old.example.edu", "badges.example"}}), set("id", elsewhere))
			l.serve(elsewhere, assertion)
			return marshal(l, assertion)
		}, VerdictValid, CodeHosted},
		{"an older badge beside where the issuer answers for", hosted(set("verification", object{"startsWith": "https://old.example.edu/badges/"}), nil), VerdictInvalid, CodeHostedOrigin},
		{"an older badge where the issuer answers for", hosted(set("verification", object{"startsWith": []any{"https://x.example/", "https://old.example.edu/assertions/"}}), nil), VerdictValid, CodeHosted},
		{"an older badge whose issuer is another", hosted(set("id", "https://other.example/issuer"), nil), VerdictInvalid, CodeIssuerDocumentMismatch},
		{"an older badge whose issuer has no name", hosted(set("name", ""), nil), VerdictInvalid, CodeSchema},
		{"an older badge, about a person", asking(Expect{Email: "a@example.com"}, hosted(nil, nil)), VerdictValid, CodeHosted},
		{"an older badge, about another", asking(Expect{Email: "b@example.com"}, hosted(nil, nil)), VerdictInvalid, CodeRecipientMismatch},

		{"an older badge, signed", olderSigned(nil, nil), VerdictValid, CodeSignature},
		{"an older badge, signed, without a creator", olderSigned(nil, set("verification", object{"type": "SignedBadge"})), VerdictValid, CodeSignature},
		{"an older badge, signed, its copy as JSON", func(l *lab) []byte { return marshal(l, older(l, "signed", nil, nil)) }, VerdictInvalid, CodeNoProof},
		{"an older badge, signed and revoked", olderSigned(nil, set("id", "https://old.example.edu/assertions/8")), VerdictInvalid, CodeRevoked},
		{"an older badge, signed and revoked without a reason", olderSigned(nil, set("id", "https://old.example.edu/assertions/7")), VerdictInvalid, CodeRevoked},
		{"an older badge, signed and revoked by its uid", olderSigned(nil, set("uid", "old-9")), VerdictInvalid, CodeRevoked},
		{"an older badge, signed, on no list", olderSigned(func(o object) { delete(o, "revocationList") }, nil), VerdictValid, CodeSignature},
		{"an older badge, signed, its list out of reach", func(l *lab) []byte {
			data := olderSigned(nil, nil)(l)
			delete(l.world.documents, olderListURL)
			return data
		}, VerdictIndeterminate, CodeStatusUnavailable},
		{"an older badge, signed, its list none", func(l *lab) []byte {
			data := olderSigned(nil, nil)(l)
			l.serve(olderListURL, object{})
			return data
		}, VerdictIndeterminate, CodeStatusListInvalid},
		{"an older badge with a key that the issuer does not list", olderSigned(set("publicKey", "https://old.example.edu/key2"), nil), VerdictInvalid, CodeKeyNotAuthorized},
		{"an older badge with a key that is another's", func(l *lab) []byte {
			data := olderSigned(nil, nil)(l)
			key := decode(l, l.world.documents[olderKeyURL])
			key["owner"] = "https://other.example/issuer"
			l.serve(olderKeyURL, key)
			return data
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"an older badge with no key", func(l *lab) []byte {
			data := olderSigned(nil, nil)(l)
			l.serve(olderKeyURL, object{"id": olderKeyURL})
			return data
		}, VerdictInvalid, CodeKeyInvalid},
		{"an older badge with a key out of reach", func(l *lab) []byte {
			data := olderSigned(nil, nil)(l)
			delete(l.world.documents, olderKeyURL)
			return data
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"an older badge, signed and changed", func(l *lab) []byte {
			parts := strings.Split(string(olderSigned(nil, nil)(l)), ".")
			other := strings.Split(string(olderSigned(nil, set("issuedOn", "2016-12-30T23:59:59Z"))(l)), ".")
			return []byte(parts[0] + "." + other[1] + "." + parts[2])
		}, VerdictInvalid, CodeSignatureInvalid},
	}
}

// TestHostedCounts: of a hosted badge what is served counts, not what is shown.
func TestHostedCounts(t *testing.T) {
	l := newLab(t)
	data := hosted(nil, nil)(l)
	report := l.verify([]byte(strings.Replace(string(data), "2016", "2015", 1)))
	if string(report.Credential) != string(data) || report.Format != FormatOpenBadges2 {
		t.Errorf("%s %s", report.Format, report.Credential)
	}
}
