package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwk"

	"laurel/credential/strictjson"
)

// maxJWK is the largest JWK that is read, in bytes. An RSA-4096 key with a
// certificate chain stays below it.
const maxJWK = 8 << 10

// privateMembers are the names that RFC 7518 and its successors give to private
// and symmetric key material. Nobody has a reason to publish them.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// kind is one row of the table of supported keys.
type kind struct {
	kty, crv   string
	algorithms []string // what alg may be; the first is what we publish
	size       int      // bytes of a coordinate
	curve      elliptic.Curve
}

var kinds = []kind{
	{kty: "OKP", crv: "Ed25519", algorithms: []string{"EdDSA", "Ed25519"}, size: ed25519.PublicKeySize},
	{kty: "EC", crv: "P-256", algorithms: []string{"ES256"}, size: 32, curve: elliptic.P256()},
	{kty: "EC", crv: "P-384", algorithms: []string{"ES384"}, size: 48, curve: elliptic.P384()},
	{kty: "RSA", algorithms: []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
}

// unsupportedCurves are curves of JOSE that belong to a key type and that
// Laurel does not verify with; any other name is a mistake or worse.
var unsupportedCurves = map[string][]string{
	"OKP": {"X25519", "Ed448", "X448"},
	"EC":  {"P-521", "secp256k1"},
}

// ParseJWK reads a public signing key: an ed25519.PublicKey, an
// *ecdsa.PublicKey on P-256 or P-384, or an *rsa.PublicKey of 2048 to 4096 bits.
//
// The key is what its members say and nothing else: coordinates have their exact
// length in canonical unpadded base64url, members of another key type are
// refused, and alg, use and key_ops must allow verification when they are there.
// Members without a meaning for the key (kid, x5c, ext, iss and unknown ones)
// do not count; certificates are never looked at.
//
// Errors match ErrPrivateKey, ErrInvalidKey or ErrUnsupportedKey. They never
// quote the key.
func ParseJWK(v strictjson.Value) (crypto.PublicKey, error) {
	if v.Kind() != strictjson.Object {
		return nil, invalidKey("a JWK is an object, not %s", v.Kind())
	}
	if len(v.Raw()) > maxJWK {
		return nil, invalidKey("JWK larger than %d bytes", maxJWK)
	}
	for _, name := range privateMembers {
		if v.Get(name).Exists() {
			return nil, fmt.Errorf("%w: member %q of a JWK", ErrPrivateKey, name)
		}
	}
	k, err := kindOf(v)
	if err != nil {
		return nil, err
	}
	if err := k.checkUse(v); err != nil {
		return nil, err
	}
	members, err := k.members(v)
	if err != nil {
		return nil, err
	}
	return k.load(members)
}

// text returns a member that must be a string when it is there.
func text(v strictjson.Value, name string) (string, error) {
	member, ok := v.Member(name)
	if ok && member.Kind() != strictjson.String {
		return "", invalidKey("member %q of a JWK is %s, not string", name, member.Kind())
	}
	return member.Text(), nil
}

// kindOf finds the row for kty and crv.
func kindOf(v strictjson.Value) (kind, error) {
	kty, err := text(v, "kty")
	if err != nil {
		return kind{}, err
	}
	crv, err := text(v, "crv")
	if err != nil {
		return kind{}, err
	}
	if kty == "" {
		return kind{}, invalidKey("JWK without kty")
	}
	known := false
	for _, k := range kinds {
		if k.kty != kty {
			continue
		}
		if k.crv == crv {
			return k, nil
		}
		known = true
	}
	switch {
	case !known:
		return kind{}, &UnsupportedKeyError{Kind: fmt.Sprintf("JWK key type %.16q", kty)}
	case slices.Contains(unsupportedCurves[kty], crv):
		return kind{}, &UnsupportedKeyError{Kind: crv}
	default:
		return kind{}, invalidKey("crv of a JWK does not belong to its kty %s", kty)
	}
}

// checkUse refuses a key that says of itself that it is not for verifying
// signatures, or for another algorithm than it can serve.
func (k kind) checkUse(v strictjson.Value) error {
	for _, name := range []string{"alg", "use", "kid"} {
		value, err := text(v, name)
		if err != nil {
			return err
		}
		if !v.Get(name).Exists() {
			continue
		}
		switch {
		case name == "alg" && !slices.Contains(k.algorithms, value):
			return invalidKey("alg of a JWK does not fit a %s key", k.name())
		case name == "use" && value != "sig":
			return invalidKey("use of a JWK is not sig")
		}
	}
	operations, ok := v.Member("key_ops")
	if !ok {
		return nil
	}
	if operations.Kind() != strictjson.Array {
		return invalidKey("key_ops of a JWK is not an array")
	}
	seen := make(map[string]bool)
	for operation := range operations.Elements() {
		if operation.Kind() != strictjson.String || seen[operation.Text()] {
			return invalidKey("key_ops of a JWK is not a list of distinct strings")
		}
		seen[operation.Text()] = true
	}
	if !seen["verify"] {
		return invalidKey("key_ops of a JWK does not allow verify")
	}
	return nil
}

// name is the kind in words.
func (k kind) name() string {
	if k.crv != "" {
		return k.crv
	}
	return k.kty
}

// members reads the members that make the key, and checks encodings and
// lengths. Members of another key type are refused: which of two keys a JWK
// means must not depend on the reader.
func (k kind) members(v strictjson.Value) (map[string]string, error) {
	names := map[string][]string{"OKP": {"x"}, "EC": {"x", "y"}, "RSA": {"n", "e"}}[k.kty]
	for _, name := range []string{"x", "y", "n", "e"} {
		if !slices.Contains(names, name) && v.Get(name).Exists() {
			return nil, invalidKey("member %q does not belong in a JWK with kty %s", name, k.kty)
		}
	}
	members := map[string]string{"kty": k.kty}
	if k.crv != "" {
		members["crv"] = k.crv
	} else if v.Get("crv").Exists() {
		return nil, invalidKey(`member "crv" does not belong in a JWK with kty %s`, k.kty)
	}
	for _, name := range names {
		encoded, err := text(v, name)
		if err != nil {
			return nil, err
		}
		decoded, err := decodeBase64(encoded)
		if err != nil {
			return nil, invalidKey("member %q of a JWK is not canonical unpadded base64url", name)
		}
		if !k.fits(name, decoded) {
			return nil, invalidKey("member %q of a JWK has the wrong length", name)
		}
		members[name] = encoded
	}
	return members, nil
}

// fits checks the length of a member: a coordinate has all its bytes (RFC 7518
// §6.2.1.2), an integer no leading zero (§2). The bounds on integers stand here
// because the library cuts a long exponent down to its low 64 bits.
func (k kind) fits(name string, value []byte) bool {
	if k.size != 0 {
		return len(value) == k.size
	}
	limit := maxRSABits / 8
	if name == "e" {
		limit = 4
	}
	return len(value) > 0 && len(value) <= limit && value[0] != 0
}

// decodeBase64 accepts exactly the one encoding of each byte string. The
// standard decoder passes over line breaks, hence the comparison.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, err
	}
	if base64.RawURLEncoding.EncodeToString(b) != s {
		return nil, base64.CorruptInputError(0)
	}
	return b, nil
}

// load gives a JWK made of the checked members to the library, and checks what
// comes back.
func (k kind) load(members map[string]string) (crypto.PublicKey, error) {
	data, err := json.Marshal(members)
	if err != nil {
		return nil, invalidKey("encoding JWK: %v", err)
	}
	var raw any
	err = guard(func() error {
		key, err := jwk.ParseKey(data)
		if err != nil {
			return err
		}
		return key.Raw(&raw)
	})
	if err != nil {
		return nil, err
	}
	if ec, ok := raw.(*ecdsa.PublicKey); ok && ec.Curve != k.curve {
		return nil, invalidKey("JWK is not on %s", k.crv)
	}
	if err := CheckPublicKey(raw); err != nil {
		return nil, err
	}
	return raw, nil
}

// guard runs code of a library that may panic on a malformed key. No panic of
// it may reach a caller, who may be outside every other recover.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = invalidKey("key makes the library panic")
		}
	}()
	if err := f(); err != nil {
		return invalidKey("%v", err)
	}
	return nil
}
