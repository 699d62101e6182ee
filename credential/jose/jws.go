package jose

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"

	"laurel/credential/strictjson"
)

// Limits of a compact JWS, in bytes.
const (
	// MaxJWS bounds the whole; it is checked before anything is decoded.
	MaxJWS = 1 << 20
	// maxHeader bounds the encoded header. An RSA-4096 key fits.
	maxHeader = 4 * maxJWK / 3
	// maxKeyID bounds kid and the other strings of the header.
	maxKeyID = 512
)

// Header is what the protected header of a JWS says. All of it is the word of
// whoever made the JWS: see the package comment on keys.
type Header struct {
	// Algorithm is alg, one of the names that VerifySignature knows.
	Algorithm string
	// KeyID is kid, at most 512 characters that can stand in a URL, or "".
	KeyID string
	// Type is typ in lower case without a leading "application/", or "".
	Type string
	// ContentType is cty in the same form, or "".
	ContentType string
	// Issuer is iss (VC-JOSE-COSE §4.1), or "".
	Issuer string
	// Key is the public key that the member jwk holds, nil when there is none.
	// On its own it proves nothing: anybody can put a key there.
	Key crypto.PublicKey
	// Others are the names of parameters without a meaning here, in order. Open
	// Badges 3.0 §8.2.2 allows none; VC-JOSE-COSE has them ignored.
	Others []string
}

// JWS is a JSON Web Signature in compact serialisation (RFC 7515 §7.1) that has
// passed the gate: it is well formed. That says nothing about its signature.
type JWS struct {
	Header Header
	// Payload is the payload as decoded: one JSON object.
	Payload []byte
	// Object is the strict reading of Payload.
	Object strictjson.Value

	signingInput []byte
	signature    []byte
}

// Parse is the gate that every compact JWS passes before anything believes it,
// stricter than RFC 7515 where that is lenient to no purpose:
//
//   - exactly three parts of canonical unpadded base64url, none empty, nothing
//     before or after
//   - header and payload strict JSON objects (package strictjson)
//   - alg one of the algorithms of this package, so neither none nor HMAC
//   - no crit and no b64, zip, enc, jku, x5u, x5c or x5t: parameters that change
//     how the JWS is read, or make readers fetch or trust keys
//   - jwk, when it is there, a sound public key without private members
//   - kid in the characters of a URL, without dot segments and control characters
//
// The JSON serialisations are refused. data must not be changed while the JWS is
// in use. Errors match ErrMalformed, ErrAlgorithm, ErrHeader or, for jwk, the
// errors of ParseJWK.
func Parse(data []byte) (*JWS, error) {
	if len(data) > MaxJWS {
		return nil, malformed("longer than %d bytes", MaxJWS)
	}
	first := bytes.IndexByte(data, '.')
	last := bytes.LastIndexByte(data, '.')
	if first < 0 || first == last || bytes.Count(data[first+1:last], []byte{'.'}) != 0 {
		return nil, malformed("it does not have three parts")
	}
	if first > maxHeader {
		return nil, malformed("header longer than %d bytes", maxHeader)
	}
	parts := [3][]byte{}
	for i, encoded := range [][]byte{data[:first], data[first+1 : last], data[last+1:]} {
		decoded, err := decodePart(encoded)
		if err != nil {
			return nil, malformed("part %d is not canonical unpadded base64url", i+1)
		}
		parts[i] = decoded
	}
	header, err := parseObject(parts[0], "header")
	if err != nil {
		return nil, err
	}
	j := &JWS{Payload: parts[1], signature: parts[2], signingInput: data[:last]}
	if j.Header, err = readHeader(header); err != nil {
		return nil, err
	}
	if j.Object, err = parseObject(parts[1], "payload"); err != nil {
		return nil, err
	}
	return j, nil
}

// decodePart decodes one part; it must not be empty.
func decodePart(encoded []byte) ([]byte, error) {
	for _, c := range encoded {
		if !isBase64URL(c) {
			return nil, ErrMalformed
		}
	}
	if len(encoded) == 0 {
		return nil, ErrMalformed
	}
	return decodeBase64(string(encoded))
}

func isBase64URL(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func parseObject(data []byte, what string) (strictjson.Value, error) {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return strictjson.Value{}, fmt.Errorf("%w: %s: %w", ErrMalformed, what, err)
	}
	if doc.Root().Kind() != strictjson.Object {
		return strictjson.Value{}, malformed("the %s is not a JSON object", what)
	}
	return doc.Root(), nil
}

// refused are the header parameters that no JWS may have, each with its reason.
var refused = map[string]string{
	"crit": "no extension is understood",
	"b64":  "the payload is always encoded",
	"zip":  "compression belongs to encryption", "enc": "encryption is not a signature",
	"epk": "encryption is not a signature", "p2c": "encryption is not a signature", "p2s": "encryption is not a signature",
	"jku": "keys come from the issuer", "x5u": "keys come from the issuer", "x5c": "keys come from the issuer",
	"x5t": "keys come from the issuer", "x5t#S256": "keys come from the issuer",
}

func readHeader(v strictjson.Value) (Header, error) {
	var h Header
	targets := map[string]*string{
		"alg": &h.Algorithm, "kid": &h.KeyID, "typ": &h.Type, "cty": &h.ContentType, "iss": &h.Issuer,
	}
	for name, value := range v.Members() {
		if reason, ok := refused[name]; ok {
			return Header{}, fmt.Errorf("%w: %s: %s", ErrHeader, name, reason)
		}
		if name == "jwk" {
			key, err := ParseJWK(value)
			if err != nil {
				return Header{}, fmt.Errorf("reading jwk of header: %w", err)
			}
			h.Key = key
			continue
		}
		target, known := targets[name]
		if !known {
			h.Others = append(h.Others, name)
			continue
		}
		text := value.Text()
		if value.Kind() != strictjson.String || text == "" || len(text) > maxKeyID {
			return Header{}, fmt.Errorf("%w: %s is not a string of 1 to %d bytes", headerClass(name), name, maxKeyID)
		}
		*target = text
	}
	if _, ok := algorithmNamed(h.Algorithm); !ok {
		return Header{}, fmt.Errorf("%w: not one that Laurel verifies", ErrAlgorithm)
	}
	if h.KeyID != "" && !soundKeyID(h.KeyID) {
		return Header{}, fmt.Errorf("%w: kid is neither a URL nor a plain name", ErrHeader)
	}
	h.Type, h.ContentType = mediaType(h.Type), mediaType(h.ContentType)
	if h.ContentType == "jwt" {
		return Header{}, fmt.Errorf("%w: cty: nested JWTs are not read", ErrHeader)
	}
	return h, nil
}

// headerClass keeps a bad alg apart from the rest, because it is how forgeries
// start.
func headerClass(name string) error {
	if name == "alg" {
		return ErrAlgorithm
	}
	return ErrHeader
}

// mediaType brings typ and cty into one form: RFC 7515 §4.1.9 leaves out
// "application/", and media types do not heed case.
func mediaType(text string) string {
	return strings.TrimPrefix(strings.ToLower(text), "application/")
}

// soundKeyID reports whether kid can be a URL or a plain name. What it names is
// looked up in the documents of the issuer; the strings that are refused here
// are those that only ever stand in attacks on what does the looking up.
func soundKeyID(kid string) bool {
	for i := range len(kid) {
		c := kid[i]
		if !isBase64URL(c) && !strings.ContainsRune("._~:/?#@!$&+,=%", rune(c)) {
			return false
		}
	}
	lower := strings.ToLower(kid)
	for _, bad := range []string{"%00", "%0a", "%0d", "%2f", "%5c", "%2e%2e"} {
		if strings.Contains(lower, bad) {
			return false
		}
	}
	for segment := range strings.FieldsFuncSeq(lower, func(r rune) bool { return strings.ContainsRune("/?#", r) }) {
		if segment == ".." || segment == "." {
			return false
		}
	}
	scheme, rest, found := strings.Cut(lower, ":")
	if !found {
		return !strings.HasPrefix(lower, "/")
	}
	if strings.HasPrefix(rest, "/") {
		return (scheme == "https" || scheme == "http") && strings.HasPrefix(rest, "//") && len(rest) > 2
	}
	return scheme != "file" && scheme != "data" && scheme != "javascript"
}

// Verify checks the signature with a key of the caller's: one that the issuer's
// own documents hold. Errors are those of VerifySignature.
func (j *JWS) Verify(key crypto.PublicKey) error {
	return VerifySignature(j.Header.Algorithm, key, j.signingInput, j.signature)
}
