package verifier

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"

	"github.com/mr-tron/base58"

	"laurel/credential/dataintegrity"
	"laurel/did"
)

// from makes another identifier the issuer of a badge, and signs with a key.
func from(issuer string, key func(l *lab) ed25519.PrivateKey, method func(l *lab) string) func(l *lab) []byte {
	return func(l *lab) []byte {
		b := badge()
		b["issuer"].(object)["id"] = issuer
		return l.sign(b, key(l), dataintegrity.Options{VerificationMethod: method(l)})
	}
}

func issuersKey(l *lab) ed25519.PrivateKey   { return l.key }
func attackersKey(l *lab) ed25519.PrivateKey { return l.attacker }

// at gives a fixed verification method.
func at(method string) func(l *lab) string { return func(*lab) string { return method } }

// attackersFragment is the identifier of somebody else with the attacker's key
// for a fragment.
func attackersFragment(id string) func(l *lab) string {
	return func(l *lab) string { return id + "#" + multikey(l, l.attacker) }
}

// published signs an ordinary badge after the issuer's document was changed.
func published(change func(l *lab, document object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		document := decode(l, l.world.documents[issuerID])
		change(l, document)
		l.serve(issuerID, document)
		return l.issue(badge())
	}
}

// method is the one method of a controller document.
func method(document object) object { return document["verificationMethod"].([]any)[0].(object) }

func keyScenarios() []scenario {
	const profile = "https://issuer.example/profile"
	return append(keyDocumentScenarios(), []scenario{
		{"an https issuer", func(l *lab) []byte {
			l.serve(profile, controllerDocument(profile, map[string]string{profile + "#k": multikey(l, l.key)}))
			return from(profile, issuersKey, at(profile+"#k"))(l)
		}, VerdictValid, CodeSignature},
		{"an https issuer with the key for a fragment, listed", func(l *lab) []byte {
			method := attackersFragment(profile)(l)
			l.serve(profile, controllerDocument(profile, map[string]string{method: multikey(l, l.attacker)}))
			return from(profile, attackersKey, attackersFragment(profile))(l)
		}, VerdictValid, CodeSignature},
		{"the attacker's key for a fragment, https (DI-04)", func(l *lab) []byte {
			l.serve(profile, controllerDocument(profile, map[string]string{profile + "#k": multikey(l, l.key)}))
			return from(profile, attackersKey, attackersFragment(profile))(l)
		}, VerdictInvalid, CodeKeyNotFound},
		{"the attacker's key for a fragment, https, out of reach (DI-04)", from(profile, attackersKey, attackersFragment(profile)), VerdictIndeterminate, CodeKeyUnresolvable},
		{"the attacker's key for a fragment, did:web (DI-04)", from(issuerID, attackersKey, attackersFragment(issuerID)), VerdictInvalid, CodeKeyNotFound},
		{"the attacker's did:key (DI-05)", from(issuerID, attackersKey, func(l *lab) string {
			return "did:key:" + multikey(l, l.attacker) + "#" + multikey(l, l.attacker)
		}), VerdictInvalid, CodeKeyNotAuthorized},
		{"the attacker's did:key bare (DI-05)", from(issuerID, attackersKey, func(l *lab) string { return "did:key:" + multikey(l, l.attacker) }), VerdictInvalid, CodeKeyNotAuthorized},
		{"a did:key issuer", func(l *lab) []byte {
			id := "did:key:" + multikey(l, l.key)
			return from(id, issuersKey, at(id+"#"+multikey(l, l.key)))(l)
		}, VerdictValid, CodeSignature},
		{"a did:key issuer, bare (DI-05)", func(l *lab) []byte {
			id := "did:key:" + multikey(l, l.key)
			return from(id, issuersKey, at(id))(l)
		}, VerdictInvalid, CodeKeyURLInvalid},
		{"a did:key issuer, another fragment (DI-05)", func(l *lab) []byte {
			id := "did:key:" + multikey(l, l.key)
			return from(id, issuersKey, at(id+"#"+multikey(l, l.attacker)))(l)
		}, VerdictInvalid, CodeKeyNotFound},
		{"another issuer's DID", func(l *lab) []byte {
			const other = "did:web:evil.example"
			l.serve(other, controllerDocument(other, map[string]string{other + "#k": multikey(l, l.attacker)}))
			return from(issuerID, attackersKey, at(other+"#k"))(l)
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"an issuer with a path more", from(issuerID, issuersKey, at(issuerID+"/x#key-1")), VerdictInvalid, CodeKeyNotAuthorized},
		{"an issuer without an id", func(l *lab) []byte {
			b := badge()
			delete(b["issuer"].(object), "id")
			return l.issue(b)
		}, VerdictInvalid, CodeKeyNotAuthorized},
		{"a malformed DID", from(issuerID, issuersKey, at("did:web:%zz#key-1")), VerdictInvalid, CodeKeyURLInvalid},
		{"a malformed DID for an issuer", from("did:web:", issuersKey, at("did:web:#key-1")), VerdictInvalid, CodeKeyURLInvalid},
		{"plain http", from("http://issuer.example/p", issuersKey, at("http://issuer.example/p#k")), VerdictInvalid, CodeKeyURLInvalid},
		{"a urn", from("urn:uuid:1", issuersKey, at("urn:uuid:1#k")), VerdictInvalid, CodeKeyURLInvalid},
		{"an unknown DID method", from("did:ion:abc", issuersKey, at("did:ion:abc#k")), VerdictIndeterminate, CodeKeyMethodUnsupported},
		{"an issuer out of reach", func(l *lab) []byte {
			delete(l.world.documents, issuerID)
			return l.issue(badge())
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"no resolver", func(l *lab) []byte {
			l.config.Resolver = nil
			return l.issue(badge())
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"no documents", func(l *lab) []byte {
			l.config.Documents = nil
			return from(profile, issuersKey, at(profile+"#k"))(l)
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"an https issuer whose host has a fault", func(l *lab) []byte {
			l.world.failing[profile] = statusError(500)
			return from(profile, issuersKey, at(profile+"#k"))(l)
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"an https issuer without a document", func(l *lab) []byte {
			l.world.failing[profile] = statusError(404)
			return from(profile, issuersKey, at(profile+"#k"))(l)
		}, VerdictIndeterminate, CodeIssuerNotFound},
		{"a did:web issuer without a document", func(l *lab) []byte {
			l.world.failing[issuerID] = did.ErrNotFound
			return l.issue(badge())
		}, VerdictIndeterminate, CodeIssuerNotFound},
		{"an https issuer with a page", func(l *lab) []byte {
			l.world.documents[profile] = []byte("<html>")
			return from(profile, issuersKey, at(profile+"#k"))(l)
		}, VerdictIndeterminate, CodeIssuerDocumentInvalid},
		{"an https issuer with the document of another", func(l *lab) []byte {
			l.serve(profile, controllerDocument("https://other.example/", map[string]string{"https://other.example/#k": multikey(l, l.key)}))
			return from(profile, issuersKey, at(profile+"#k"))(l)
		}, VerdictInvalid, CodeIssuerDocumentMismatch},
		{"a resolver with the document of another", func(l *lab) []byte {
			l.serve(issuerID, controllerDocument("did:web:other.example", map[string]string{methodID: multikey(l, l.key)}))
			return l.issue(badge())
		}, VerdictInvalid, CodeIssuerDocumentMismatch},
		{"a resolver with nothing", func(l *lab) []byte {
			l.config.Resolver = nothing{}
			return l.issue(badge())
		}, VerdictIndeterminate, CodeKeyUnresolvable},
		{"a resolver that panics", func(l *lab) []byte {
			l.config.Resolver = faulty{}
			return l.issue(badge())
		}, VerdictIndeterminate, CodeInternalFault},
	}...)
}

// nothing is a resolver that gives no document and no error.
type nothing struct{}

func (nothing) Resolve(context.Context, did.DID) (*did.Document, error) { return nil, nil }

// faulty is a resolver that panics.
type faulty struct{}

func (faulty) Resolve(context.Context, did.DID) (*did.Document, error) { panic("fault") }

func keyDocumentScenarios() []scenario {
	return []scenario{
		{"the key under no purpose (DI-02)", published(func(_ *lab, d object) { delete(d, "assertionMethod") }), VerdictInvalid, CodeKeyNotAuthorized},
		{"the key under another purpose (DI-02)", published(func(_ *lab, d object) {
			d["authentication"] = d["assertionMethod"]
			delete(d, "assertionMethod")
		}), VerdictInvalid, CodeKeyNotAuthorized},
		{"the key embedded for another purpose (DI-02)", published(func(_ *lab, d object) {
			d["authentication"] = []any{method(d)}
			delete(d, "verificationMethod")
		}), VerdictInvalid, CodeKeyNotAuthorized},
		{"the key embedded for assertions", published(func(_ *lab, d object) {
			d["assertionMethod"] = []any{method(d)}
			delete(d, "verificationMethod")
		}), VerdictValid, CodeSignature},
		{"the key listed by fragment", published(func(_ *lab, d object) {
			method(d)["id"] = "#key-1"
			d["assertionMethod"] = []any{"#key-1"}
		}), VerdictValid, CodeSignature},
		{"the key of another controller (DI-03)", published(func(_ *lab, d object) { method(d)["controller"] = "did:web:evil.example" }), VerdictInvalid, CodeKeyNotFound},
		{"the key without a controller (DI-03)", published(func(_ *lab, d object) { delete(method(d), "controller") }), VerdictInvalid, CodeKeyNotFound},
		{"the key with controllers (DI-03)", published(func(_ *lab, d object) { method(d)["controller"] = []any{issuerID} }), VerdictInvalid, CodeKeyNotFound},
		{"no such key", published(func(_ *lab, d object) { delete(d, "verificationMethod") }), VerdictInvalid, CodeKeyNotFound},
		{"another key of that name", published(func(l *lab, d object) { method(d)["publicKeyMultibase"] = multikey(l, l.attacker) }), VerdictInvalid, CodeSignatureInvalid},
		{"a revoked key (DI-10)", published(func(_ *lab, d object) { method(d)["revoked"] = "2026-06-14T00:00:00Z" }), VerdictInvalid, CodeKeyRevoked},
		{"an expired key (DI-10)", published(func(_ *lab, d object) { method(d)["expires"] = "2026-06-14T00:00:00Z" }), VerdictInvalid, CodeKeyExpired},
		{"a key that will expire", published(func(_ *lab, d object) { method(d)["expires"] = "2026-07-14T00:00:00Z" }), VerdictValid, CodeSignature},
		{"a malformed key (DI-14)", published(func(_ *lab, d object) { method(d)["publicKeyMultibase"] = "zzz" }), VerdictInvalid, CodeKeyInvalid},
		{"a key of small order (DI-12)", published(func(_ *lab, d object) {
			method(d)["publicKeyMultibase"] = "z" + base58.Encode(append([]byte{0xed, 1, 1}, make([]byte, 31)...))
		}), VerdictInvalid, CodeKeyInvalid},
		{"a key of an unknown type", published(func(_ *lab, d object) { method(d)["type"] = "EcdsaSecp256k1VerificationKey2019" }), VerdictIndeterminate, CodeKeyUnsupported},
		{"a key on another curve (DI-13)", published(func(l *lab, d object) {
			scalar := append(make([]byte, 31), 7)
			key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
			if err != nil {
				l.Fatal(err)
			}
			if method(d)["publicKeyMultibase"], err = did.EncodeMultikey(key.Public()); err != nil {
				l.Fatal(err)
			}
		}), VerdictInvalid, CodeKeyType},
		{"two methods of one id", published(func(_ *lab, d object) {
			d["verificationMethod"] = append(d["verificationMethod"].([]any), method(d))
		}), VerdictIndeterminate, CodeIssuerDocumentInvalid},
	}
}
