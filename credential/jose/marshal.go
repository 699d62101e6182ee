package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"laurel/credential/strictjson"
)

// JWK is a public key as it is published, with the members that describe it.
// Empty strings are left out.
type JWK struct {
	Key crypto.PublicKey
	// KeyID is the kid member: the URL of the key or its thumbprint.
	KeyID string
	// Algorithm is the alg member; Algorithm(key) gives the usual one.
	Algorithm string
	// Use is the use member, "sig" for a signing key.
	Use string
	// Issuer is the iss member with which a host of many issuers says whose key
	// it is (Open Badges 3.0 Implementation Guide, key provenance).
	Issuer string
}

// MarshalJSON implements json.Marshaler. Members stand in alphabetical order.
func (j JWK) MarshalJSON() ([]byte, error) {
	if err := CheckPublicKey(j.Key); err != nil {
		return nil, err
	}
	var data []byte
	err := guard(func() error {
		key, err := jwk.FromRaw(j.Key)
		if err != nil {
			return err
		}
		// The names are constants: the library does not escape them.
		for name, value := range map[string]string{
			jwk.KeyIDKey: j.KeyID, jwk.KeyUsageKey: j.Use, "iss": j.Issuer,
		} {
			if value == "" {
				continue
			}
			if err := key.Set(name, value); err != nil {
				return err
			}
		}
		if j.Algorithm != "" {
			if err := key.Set(jwk.AlgorithmKey, jwa.SignatureAlgorithm(j.Algorithm)); err != nil {
				return err
			}
		}
		data, err = json.Marshal(key)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := j.confirm(data); err != nil {
		return nil, err
	}
	return data, nil
}

// confirm reads what is about to be published as a stranger would.
func (j JWK) confirm(data []byte) error {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return invalidKey("encoding JWK: %v", err)
	}
	key, err := ParseJWK(doc.Root())
	if err != nil {
		return fmt.Errorf("encoding JWK: %w", err)
	}
	if !j.Key.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
		return invalidKey("JWK does not read back as the same key")
	}
	return nil
}

// MarshalJWK returns a public key as a bare JWK: the members that make the key,
// in alphabetical order. Keys that ParseJWK would not return are refused.
func MarshalJWK(key crypto.PublicKey) ([]byte, error) { return JWK{Key: key}.MarshalJSON() }

// MarshalJWKSet returns keys as a JWK Set (RFC 7517 §5) in the given order. Its
// media type is application/jwk-set+json.
func MarshalJWKSet(keys []JWK) ([]byte, error) {
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	for i, key := range keys {
		data, err := key.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encoding key %d of JWK set: %w", i, err)
		}
		set.Keys = append(set.Keys, data)
	}
	return json.Marshal(set)
}

// Thumbprint returns the SHA-256 thumbprint of a key (RFC 7638, RFC 8037 §2) in
// base64url: the same for every way to write the same key.
func Thumbprint(key crypto.PublicKey) (string, error) {
	if err := CheckPublicKey(key); err != nil {
		return "", err
	}
	var sum []byte
	err := guard(func() error {
		k, err := jwk.FromRaw(key)
		if err != nil {
			return err
		}
		sum, err = k.Thumbprint(crypto.SHA256)
		return err
	})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// Algorithm returns the alg value that Laurel signs with for a key: EdDSA,
// ES256, ES384 or RS256.
func Algorithm(key crypto.PublicKey) (string, error) {
	if err := CheckPublicKey(key); err != nil {
		return "", err
	}
	kty, crv := "RSA", ""
	switch key := key.(type) {
	case ed25519.PublicKey:
		kty, crv = "OKP", "Ed25519"
	case *ecdsa.PublicKey:
		kty, crv = "EC", key.Params().Name
	}
	for _, k := range kinds {
		if k.kty == kty && k.crv == crv {
			return k.algorithms[0], nil
		}
	}
	return "", &UnsupportedKeyError{Kind: crv}
}
