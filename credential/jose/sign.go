package jose

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// SigningOptions say what stands in the protected header beside alg, which
// follows from the key. Empty strings are left out.
type SigningOptions struct {
	// KeyID is kid: for VC-JOSE-COSE the URL of a verification method of the
	// issuer, for Open Badges the URL at which the JWK can be had.
	KeyID string
	// Type is typ, ContentType cty, Issuer iss.
	Type, ContentType, Issuer string
	// Random is the source for signatures that need one; crypto/rand.Reader in
	// production. EdDSA needs none.
	Random io.Reader
}

// Sign makes a compact JWS. The payload must be a strict JSON object and is
// signed as it is. The algorithm is EdDSA, ES256, ES384 or RS256, by the key.
// The result has passed Parse and Verify. Errors are those of CreateSignature,
// or match ErrHeader or ErrMalformed.
func Sign(payload []byte, signer crypto.Signer, options SigningOptions) (string, error) {
	a, err := algorithmOf(signer)
	if err != nil {
		return "", err
	}
	header := struct {
		Algorithm   string `json:"alg"`
		ContentType string `json:"cty,omitempty"`
		Issuer      string `json:"iss,omitempty"`
		KeyID       string `json:"kid,omitempty"`
		Type        string `json:"typ,omitempty"`
	}{a.name, options.ContentType, options.Issuer, options.KeyID, options.Type}
	encoded, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("encoding header: %w", err)
	}
	var b strings.Builder
	b.WriteString(base64.RawURLEncoding.EncodeToString(encoded))
	b.WriteByte('.')
	b.WriteString(base64.RawURLEncoding.EncodeToString(payload))
	_, signature, err := CreateSignature(options.Random, signer, []byte(b.String()))
	if err != nil {
		return "", err
	}
	b.WriteByte('.')
	b.WriteString(base64.RawURLEncoding.EncodeToString(signature))
	// What is refused when it comes in never goes out.
	if _, err := Parse([]byte(b.String())); err != nil {
		return "", fmt.Errorf("checking own signature: %w", err)
	}
	return b.String(), nil
}

// SignVC secures a credential or presentation of VCDM 2.0 under
// ProfileVCJOSECOSE, as it is: typ and cty follow from its type and replace
// those of options. A presentation may hold credentials only as
// EnvelopedVerifiableCredential; holding it to that is the caller's part, as is
// validating the document. Errors are those of Sign and Open.
func SignVC(document []byte, signer crypto.Signer, options SigningOptions) (string, error) {
	root, err := parseObject(document, "payload")
	if err != nil {
		return "", err
	}
	options.Type, options.ContentType = "vc+jwt", "vc"
	if hasType(root, "VerifiablePresentation") {
		options.Type, options.ContentType = "vp+jwt", "vp"
	}
	return signOpened(document, signer, options)
}

// SignOpenBadge secures a credential of VCDM 2.0 under ProfileOpenBadges: the
// registered claims are made from the credential, which must have an id, an
// issuer, validFrom and one subject with an id, and go beside its members; typ
// is JWT. Claims that the credential already has must agree. Errors are those
// of Sign, or match ErrClaims.
func SignOpenBadge(document []byte, signer crypto.Signer, options SigningOptions) (string, error) {
	root, err := parseObject(document, "payload")
	if err != nil {
		return "", err
	}
	claims, err := claimsOf(root)
	if err != nil {
		return "", err
	}
	payload := append([]byte{}, without(root, registered)...)
	payload = append(payload[:len(payload)-1], ',')
	encoded, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding claims: %w", err)
	}
	options.Type, options.ContentType = "JWT", ""
	return signOpened(append(payload, encoded[1:]...), signer, options)
}

// badgeClaims are the claims of Open Badges 3.0 §8.2.4.
type badgeClaims struct {
	Expires   *int64 `json:"exp,omitempty"`
	Issuer    string `json:"iss"`
	ID        string `json:"jti"`
	NotBefore int64  `json:"nbf"`
	Subject   string `json:"sub"`
}

func claimsOf(root strictjson.Value) (badgeClaims, error) {
	issuer, issuerPath := identified(root.Get("issuer"), "/issuer")
	subject, subjectPath := identified(root.Get("credentialSubject"), "/credentialSubject")
	c := badgeClaims{Issuer: issuer.Text(), ID: root.Get("id").Text(), Subject: subject.Text()}
	for _, required := range []struct{ claim, value, path string }{
		{"iss", c.Issuer, issuerPath}, {"jti", c.ID, "/id"}, {"sub", c.Subject, subjectPath},
	} {
		if required.value == "" {
			return badgeClaims{}, &ClaimError{Claim: required.claim, Path: required.path, Reason: "the credential lacks what the claim says"}
		}
	}
	from, err := seconds("nbf", root.Get("validFrom"), "/validFrom")
	if err != nil {
		return badgeClaims{}, err
	}
	c.NotBefore = from.Unix()
	if until := root.Get("validUntil"); until.Exists() {
		t, err := seconds("exp", until, "/validUntil")
		if err != nil {
			return badgeClaims{}, err
		}
		expires := t.Unix()
		c.Expires = &expires
	}
	return c, nil
}

func seconds(claim string, v strictjson.Value, path string) (time.Time, error) {
	t, _, err := credential.ParseDateTimeStamp(v.Text())
	if err != nil || v.Kind() != strictjson.String || t.Unix() < 0 || t.Unix() > maxNumericDate {
		return time.Time{}, &ClaimError{Claim: claim, Path: path, Reason: "the credential lacks what the claim says"}
	}
	return t, nil
}

// signOpened signs and opens what it signed.
func signOpened(payload []byte, signer crypto.Signer, options SigningOptions) (string, error) {
	token, err := Sign(payload, signer, options)
	if err != nil {
		return "", err
	}
	if _, err := Open([]byte(token), Options{}); err != nil {
		return "", fmt.Errorf("checking own JWT: %w", err)
	}
	return token, nil
}
