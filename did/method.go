package did

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// VerificationMethod is one key and what a document says about it.
type VerificationMethod struct {
	// ID is absolute: a document-relative id has been resolved.
	ID string
	// Type is the type as written, for example "Multikey".
	Type string
	// Controller is the identifier of who controls the key.
	Controller string
	// PublicKey is an ed25519.PublicKey, an *ecdsa.PublicKey on P-256 or P-384,
	// an *rsa.PublicKey or a *bbs.PublicKey; nil exactly when Err is set.
	PublicKey crypto.PublicKey
	// Expires and Revoked are the times from which the key verifies nothing;
	// zero when not stated.
	Expires, Revoked time.Time
	// Err says why the method cannot be used: ErrInvalidVerificationMethod,
	// ErrInvalidKey, or ErrUnsupportedKey for types and kinds of key that Laurel
	// does not know.
	Err error
}

// CheckTime reports whether the method may verify a proof at the given time,
// which is to be the present: the time in a proof is its maker's choice. At
// Expires and Revoked themselves it may not. Errors are ErrRevoked and
// ErrExpired.
func (m VerificationMethod) CheckTime(now time.Time) error {
	if !m.Revoked.IsZero() && !now.Before(m.Revoked) {
		return fmt.Errorf("%w: at %s", ErrRevoked, m.Revoked.UTC().Format(time.RFC3339))
	}
	if !m.Expires.IsZero() && !now.Before(m.Expires) {
		return fmt.Errorf("%w: at %s", ErrExpired, m.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// The types of verification methods that are understood.
const (
	TypeMultikey              = "Multikey"
	TypeJSONWebKey            = "JsonWebKey"
	TypeJSONWebKey2020        = "JsonWebKey2020"
	TypeEd25519Key2020        = "Ed25519VerificationKey2020"
	TypeEd25519Key2018        = "Ed25519VerificationKey2018"
	TypeEcdsaSecp256r1Key2019 = "EcdsaSecp256r1VerificationKey2019"
)

// Properties that hold a public key.
const (
	publicKeyJWK       = "publicKeyJwk"
	publicKeyMultibase = "publicKeyMultibase"
	publicKeyBase58    = "publicKeyBase58"
)

// methodType is what a type says about its key.
type methodType struct {
	properties []string                    // where the key may stand
	admits     func(crypto.PublicKey) bool // nil: every kind of key
}

var methodTypes = map[string]methodType{
	TypeMultikey:              {[]string{publicKeyMultibase}, nil},
	TypeJSONWebKey:            {[]string{publicKeyJWK}, nil},
	TypeJSONWebKey2020:        {[]string{publicKeyJWK}, nil},
	TypeEd25519Key2020:        {[]string{publicKeyMultibase}, isEd25519},
	TypeEd25519Key2018:        {[]string{publicKeyBase58, publicKeyJWK}, isEd25519},
	TypeEcdsaSecp256r1Key2019: {[]string{publicKeyMultibase, publicKeyJWK}, isP256},
}

func isEd25519(key crypto.PublicKey) bool {
	_, ok := key.(ed25519.PublicKey)
	return ok
}

func isP256(key crypto.PublicKey) bool {
	k, ok := key.(*ecdsa.PublicKey)
	return ok && k.Curve == elliptic.P256()
}

func invalidMethod(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidVerificationMethod, fmt.Sprintf(format, args...))
}

// parseMethod reads a verification method with the given absolute id. It always
// returns a method; what is wrong with it is in Err.
func parseMethod(v strictjson.Value, id string) VerificationMethod {
	m := VerificationMethod{ID: id, Type: v.Get("type").Text(), Controller: v.Get("controller").Text()}
	if m.Type == "" || m.Controller == "" {
		m.Err = invalidMethod("type and controller are not both strings")
		return m
	}
	if m.Expires, m.Err = parseTime(v, "expires"); m.Err != nil {
		return m
	}
	if m.Revoked, m.Err = parseTime(v, "revoked"); m.Err != nil {
		return m
	}
	m.PublicKey, m.Err = parseKey(v, m.Type)
	return m
}

// parseKey reads the one representation of the key. A second one is refused
// even where it holds the same key, because readers would differ in which they
// take (CID 1.0 §2.2).
func parseKey(v strictjson.Value, typ string) (crypto.PublicKey, error) {
	var property string
	for name := range v.Members() {
		if strings.HasPrefix(name, "secretKey") || strings.HasPrefix(name, "privateKey") {
			return nil, fmt.Errorf("%w: %w", ErrInvalidVerificationMethod, ErrPrivateKey)
		}
		if !strings.HasPrefix(name, "publicKey") {
			continue
		}
		if property != "" {
			return nil, invalidMethod("two representations of the key")
		}
		property = name
	}
	known, ok := methodTypes[typ]
	if !ok {
		return nil, &UnsupportedKeyError{Kind: fmt.Sprintf("verification method type %.64q", typ)}
	}
	if !slices.Contains(known.properties, property) {
		return nil, invalidMethod("%s without %s", typ, strings.Join(known.properties, " or "))
	}
	key, err := decodeKey(v.Get(property), property)
	if err != nil {
		return nil, err
	}
	if known.admits != nil && !known.admits(key) {
		return nil, invalidMethod("key is not of the kind that %s names", typ)
	}
	return key, nil
}

// decodeKey reads the value of a property that holds a key.
func decodeKey(v strictjson.Value, property string) (crypto.PublicKey, error) {
	if property == publicKeyJWK {
		return jose.ParseJWK(v)
	}
	if v.Kind() != strictjson.String {
		return nil, invalidMethod("%s is %s, not string", property, v.Kind())
	}
	if property == publicKeyMultibase {
		return DecodeMultikey(v.Text())
	}
	if len(v.Text()) > maxMultikey {
		return nil, invalidKey("%s longer than %d bytes", property, maxMultikey)
	}
	// Ed25519VerificationKey2018: the bare key, without multibase and prefix.
	raw, err := decodeBase58(v.Text())
	if err != nil {
		return nil, err
	}
	key := ed25519.PublicKey(raw)
	if err := CheckEd25519(key); err != nil {
		return nil, err
	}
	return key, nil
}

// dateTimeStamp is XML Schema's dateTimeStamp without what it allows and nobody
// means: years of more than four digits, 24:00:00.
var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// parseTime reads a time that may be absent. A time that cannot be read makes
// the method unusable: it may be the one from which the key is void.
func parseTime(v strictjson.Value, name string) (time.Time, error) {
	member, ok := v.Member(name)
	if !ok {
		return time.Time{}, nil
	}
	if !dateTimeStamp.MatchString(member.Text()) {
		return time.Time{}, invalidMethod("%s is not a date and time with a zone", name)
	}
	t, err := time.Parse(time.RFC3339Nano, member.Text())
	if err != nil || t.IsZero() {
		return time.Time{}, invalidMethod("%s is not a date and time with a zone", name)
	}
	return t, nil
}
