package did

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"laurel/credential/jose"
)

// PublishedKey is one of an issuer's own keys as its document shows it. A
// retired key is published like any other for as long as badges signed with it
// are to be checked.
type PublishedKey struct {
	// Fragment names the key for good, for example "key-1". The id is the
	// document's id, "#" and this.
	Fragment string
	// Type is TypeMultikey (also when empty), TypeJSONWebKey, TypeJSONWebKey2020
	// or TypeEd25519Key2020. One key may be published under several fragments
	// with different types, for readers that know only one of them.
	Type string
	// PublicKey is a key that the type can show: Multikey has no RSA.
	PublicKey crypto.PublicKey
	// Revoked is set for a compromised key. It then leaves assertionMethod, and
	// nothing signed with it verifies any more.
	Revoked time.Time
}

// PublishedDocument makes the document of an identifier whose keys are ours: a
// DID document, or a Profile that serves as controlled identifier document.
type PublishedDocument struct {
	// ID is a DID or https URL.
	ID string
	// Contexts define the names in Members. The @context begins with that of
	// DID Core, by which readers know a document with keys, then come these and
	// those of the keys' types.
	Contexts []string
	// Keys are listed in this order.
	Keys []PublishedKey
	// Authenticating lists the keys under authentication too, for a controller that
	// signs presentations with the keys that it asserts with.
	Authenticating bool
	// Members are added to the document. They cannot replace what is made from
	// the other fields, nor add another relationship.
	Members map[string]json.RawMessage
}

// typeContexts are the JSON-LD contexts that define the types we publish.
var typeContexts = map[string]string{
	TypeMultikey:       contextMultikey,
	TypeJSONWebKey:     "https://w3id.org/security/jwk/v1",
	TypeJSONWebKey2020: contextJWS2020,
	TypeEd25519Key2020: "https://w3id.org/security/suites/ed25519-2020/v1",
}

// methodJSON fixes the order of the members of a verification method.
type methodJSON struct {
	ID                 string          `json:"id"`
	Type               string          `json:"type"`
	Controller         string          `json:"controller"`
	Revoked            string          `json:"revoked,omitempty"`
	PublicKeyMultibase string          `json:"publicKeyMultibase,omitempty"`
	PublicKeyJWK       json.RawMessage `json:"publicKeyJwk,omitempty"`
}

// MarshalJSON returns the document. assertionMethod is an array of full ids,
// the form that every verifier reads. Nothing is published that this package
// would not accept itself: the result is parsed and each key asked for.
func (p PublishedDocument) MarshalJSON() ([]byte, error) {
	methods, asserting := []methodJSON{}, []string{}
	contexts := []string{contextDID}
	for _, context := range p.Contexts {
		if context != contextDID {
			contexts = append(contexts, context)
		}
	}
	for _, key := range p.Keys {
		method, err := key.method(p.ID)
		if err != nil {
			return nil, fmt.Errorf("publishing key %s: %w", key.Fragment, err)
		}
		methods = append(methods, method)
		if key.Revoked.IsZero() {
			asserting = append(asserting, method.ID)
		}
		if context := typeContexts[method.Type]; !slices.Contains(contexts, context) {
			contexts = append(contexts, context)
		}
	}
	var b bytes.Buffer
	b.WriteByte('{')
	type memberJSON struct {
		name  string
		value any
	}
	made := []memberJSON{
		{"@context", contexts},
		{"id", p.ID},
		{"verificationMethod", methods},
		{string(AssertionMethod), asserting},
	}
	if p.Authenticating {
		made = append(made, memberJSON{string(Authentication), asserting})
	}
	for _, member := range made {
		if err := writeMember(&b, member.name, member.value); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		if reserved(name) {
			return nil, invalidDocument("%q cannot be an additional member", name)
		}
		if err := writeMember(&b, name, p.Members[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	if err := p.confirm(b.Bytes()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeMember(b *bytes.Buffer, name string, value any) error {
	encodedName, err := json.Marshal(name)
	if err != nil {
		return fmt.Errorf("publishing member %q: %w", name, err)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("publishing member %q: %w", name, err)
	}
	if b.Len() > 1 {
		b.WriteByte(',')
	}
	b.Write(encodedName)
	b.WriteByte(':')
	b.Write(encoded)
	return nil
}

// reserved reports whether a member is made from the fields of
// PublishedDocument or would lend a key authority.
func reserved(name string) bool {
	return name == "@context" || name == "id" || name == "verificationMethod" ||
		slices.Contains(relationships, Relationship(name))
}

// method makes the verification method of a key.
func (k PublishedKey) method(controller string) (methodJSON, error) {
	m := methodJSON{ID: controller + "#" + k.Fragment, Type: k.Type, Controller: controller}
	if m.Type == "" {
		m.Type = TypeMultikey
	}
	if _, ok := typeContexts[m.Type]; !ok {
		return methodJSON{}, invalidMethod("type %q is not published", m.Type)
	}
	if !k.Revoked.IsZero() {
		// The context of JsonWebKey2020 does not define revoked; that of its
		// later name does.
		if m.Type == TypeJSONWebKey2020 {
			m.Type = TypeJSONWebKey
		}
		// Rounded down: a revocation must not begin later than it was meant to.
		m.Revoked = k.Revoked.UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	var err error
	if methodTypes[m.Type].properties[0] == publicKeyJWK {
		m.PublicKeyJWK, err = k.jwk()
	} else {
		m.PublicKeyMultibase, err = EncodeMultikey(k.PublicKey)
	}
	return m, err
}

// jwk describes the key as CID 1.0 §2.2.3 advises: with alg, and the thumbprint
// as kid.
func (k PublishedKey) jwk() (json.RawMessage, error) {
	thumbprint, err := jose.Thumbprint(k.PublicKey)
	if err != nil {
		return nil, err
	}
	algorithm, err := jose.Algorithm(k.PublicKey)
	if err != nil {
		return nil, err
	}
	return jose.JWK{Key: k.PublicKey, KeyID: thumbprint, Algorithm: algorithm}.MarshalJSON()
}

// confirm reads the document as a verifier would, and asks for each key.
func (p PublishedDocument) confirm(data []byte) error {
	document, err := ParseDocument(data)
	if err != nil {
		return fmt.Errorf("publishing document: %w", err)
	}
	for _, key := range p.Keys {
		method, err := document.Method(p.ID+"#"+key.Fragment, AssertionMethod)
		if !key.Revoked.IsZero() && errors.Is(err, ErrNotAuthorized) {
			continue
		}
		if err != nil {
			return fmt.Errorf("publishing key %s: %w", key.Fragment, err)
		}
		if !method.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.PublicKey) {
			return fmt.Errorf("publishing key %s: %w", key.Fragment, invalidKey("does not read back as the same key"))
		}
	}
	return nil
}
