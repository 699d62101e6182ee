package sdjwt

import (
	"crypto"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// Values of typ.
const (
	TypeCredential   = "vc+sd-jwt" // VC-JOSE-COSE §3.2.1
	TypePresentation = "vp+sd-jwt" // VC-JOSE-COSE §3.2.2
	TypeSDJWTVC      = "dc+sd-jwt" // SD-JWT VC §3.1
)

// Document is the credential or presentation that an SD-JWT holds.
type Document struct {
	// Presentation tells a presentation from a credential.
	Presentation bool
	// Bytes is the document to examine: Token.Payload less the registered
	// claims.
	Bytes []byte
	// Claims are the registered claims. None contradicts the document.
	Claims jose.Claims
	// CredentialType is vct of an SD-JWT VC, "" otherwise.
	CredentialType string
}

// kinds say what the values of typ stand for. vc-ld+sd-jwt and the like are
// names from drafts.
var kinds = map[string]struct {
	header jose.Header
	vct    bool
}{
	TypeCredential:   {header: jose.Header{Type: "vc+jwt"}},
	TypePresentation: {header: jose.Header{Type: "vp+jwt"}},
	TypeSDJWTVC:      {header: jose.Header{Type: "vc+jwt"}, vct: true},
	"vc-ld+sd-jwt":   {header: jose.Header{Type: "vc+jwt"}},
	"vp-ld+sd-jwt":   {header: jose.Header{Type: "vp+jwt"}},
}

// alwaysOpen are the members that may not be disclosed selectively in an SD-JWT
// VC (§3.2.2.2): a verifier must not depend on the holder for them.
var alwaysOpen = []string{"/iss", "/nbf", "/exp", "/cnf", "/vct", "/vct#integrity", "/status"}

// Document takes the credential or presentation of VCDM 2.0 out of the processed
// payload, by the rules of VC-JOSE-COSE for its claims. An SD-JWT VC must have
// vct, must not disclose selectively what that specification wants in the open,
// and is a credential here only when it has the context of VCDM 2.0 besides.
//
// Errors match jose.ErrType, jose.ErrClaims, jose.ErrMalformed or
// ErrDisclosure.
func (t *Token) Document(options jose.Options) (*Document, error) {
	kind, known := kinds[t.JWS.Header.Type]
	if !known {
		return nil, fmt.Errorf("%w: typ is not that of a credential or presentation with selective disclosure", jose.ErrType)
	}
	root, err := strictjson.Parse(t.Payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	vct := root.Root().Get("vct")
	if kind.vct {
		if vct.Kind() != strictjson.String || vct.Is("") {
			return nil, &jose.ClaimError{Claim: "vct", Reason: "not a string with something in it"}
		}
		for _, d := range t.Disclosures {
			if slices.Contains(alwaysOpen, d.Pointer) {
				return nil, fmt.Errorf("%w: %s must stand in the open", ErrDisclosure, strings.TrimPrefix(d.Pointer, "/"))
			}
		}
	}
	header := kind.header
	header.ContentType, header.Issuer = t.JWS.Header.ContentType, t.JWS.Header.Issuer
	document, claims, err := jose.Unwrap(t.Payload, header, options)
	if err != nil {
		return nil, err
	}
	result := &Document{Presentation: header.Type == "vp+jwt", Bytes: document, Claims: claims}
	if kind.vct {
		result.CredentialType = vct.Text()
	}
	return result, nil
}

// HolderKey returns the key that the issuer has bound the SD-JWT to: cnf.jwk
// (RFC 7800 §3.2). The error matches ErrKeyBinding, or is one of jose.ParseJWK.
// It is the issuer's word only after JWS has been verified.
func (t *Token) HolderKey() (crypto.PublicKey, error) {
	// cnf must be signed in the open: the holder must not choose to be unbound.
	jwk, ok := t.JWS.Object.Get("cnf").Member("jwk")
	if !ok {
		return nil, fmt.Errorf("%w: the issuer has named no key of the holder", ErrKeyBinding)
	}
	return jose.ParseJWK(jwk)
}

// Expect is what a verifier asks of a key binding.
type Expect struct {
	// Nonce and Audience must be those of the verifier's request. At least one
	// is required; one that is "" is not compared, which the caller must say.
	Nonce, Audience string
	// Now is the time of the check.
	Now time.Time
	// MaxAge is how long ago the key binding may have been made; 0 means five
	// minutes. A minute is allowed for clocks that differ.
	MaxAge time.Duration
}

const (
	defaultAge = 5 * time.Minute
	clockSkew  = time.Minute
)

// VerifyKeyBinding checks that the holder, by the key that HolderKey returns,
// presents exactly these disclosures to this verifier for this request (RFC 9901
// §7.3): signature, iat, aud, nonce and sd_hash. Verify JWS first. The error
// matches ErrKeyBinding, more exactly ErrNonce or ErrAudience, or is one of JWS.Verify or jose.ReadClaims.
func (t *Token) VerifyKeyBinding(holder crypto.PublicKey, expect Expect) error {
	switch {
	case t.KeyBinding == nil:
		return fmt.Errorf("%w: there is none", ErrKeyBinding)
	case expect.Nonce == "" && expect.Audience == "" || expect.Now.IsZero():
		return fmt.Errorf("%w: the verifier has not said what it expects", ErrKeyBinding)
	}
	if err := t.KeyBinding.Verify(holder); err != nil {
		return fmt.Errorf("verifying key binding: %w", err)
	}
	claims, err := jose.ReadClaims(t.KeyBinding.Object)
	if err != nil {
		return fmt.Errorf("verifying key binding: %w", err)
	}
	maxAge := expect.MaxAge
	if maxAge == 0 {
		maxAge = defaultAge
	}
	hash := t.KeyBinding.Object.Get("sd_hash")
	age := expect.Now.Sub(claims.IssuedAt)
	switch {
	case claims.Nonce == "" || expect.Nonce != "" && !equal(claims.Nonce, expect.Nonce):
		return ErrNonce
	case len(claims.Audience) != 1 || expect.Audience != "" && claims.Audience[0] != expect.Audience:
		return ErrAudience
	case claims.IssuedAt.IsZero() || age > maxAge+clockSkew || age < -clockSkew:
		return fmt.Errorf("%w: made too long ago or in the future", ErrKeyBinding)
	case !claims.Expires.IsZero() && !expect.Now.Before(claims.Expires),
		claims.NotBefore.After(expect.Now.Add(clockSkew)):
		return fmt.Errorf("%w: not within its own time", ErrKeyBinding)
	case hash.Kind() != strictjson.String || !equal(hash.Text(), digest(t.hash, t.bound)):
		return fmt.Errorf("%w: it is for other disclosures", ErrKeyBinding)
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// quote writes a string as JSON, without the escapes for HTML.
func quote(s string) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string cannot fail
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
