// Package cose reads and makes COSE_Sign1 messages (RFC 9052 §4.2) that hold a
// credential or a presentation: application/vc+cose and vp+cose of VC-JOSE-COSE
// §3.3.
//
// As in package jose, a message passes a gate of our own before the library sees
// it, Parse says what the message claims to be and believes nothing of it, and
// the caller brings a key that is bound to the issuer. The library,
// github.com/veraison/go-cose, keeps the form: it takes messages apart, puts
// them together, and makes the bytes that are signed. Signatures and keys are
// those of package jose, so that one table says which algorithm goes with which
// key. This package is the only importer of the library.
package cose

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
	gocose "github.com/veraison/go-cose"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// Errors of messages. Those of package jose come through: jose.ErrAlgorithm,
// jose.ErrSignature, jose.ErrType, jose.ErrClaims and the errors of keys.
var (
	// ErrMalformed says that something is not a COSE_Sign1 message, not one in
	// the strict form, or that its payload is not a strict JSON object.
	ErrMalformed = errors.New("malformed COSE_Sign1")
	// ErrHeader says that a header parameter is refused, or stands in the wrong
	// header.
	ErrHeader = errors.New("header of COSE_Sign1 not allowed")
)

// MaxSize bounds a message in bytes.
const MaxSize = 1 << 20

// Values of typ.
const (
	TypeCredential   = "application/vc+cose"
	TypePresentation = "application/vp+cose"
)

// Labels of header parameters (RFC 9052 §3.1, RFC 9360 §2, RFC 9596, RFC 9597).
const (
	labelAlgorithm   = int64(1)
	labelCritical    = int64(2)
	labelContentType = int64(3)
	labelKeyID       = int64(4)
	labelClaims      = int64(15)
	labelType        = int64(16)
	claimIssuer      = int64(1)
)

// refused are labels that no message may have: crit, because nothing is
// understood beyond this package, and certificates and the places to fetch them
// from, because keys come from the issuer.
var refused = []int64{labelCritical, 32, 33, 34, 35}

// algorithms pairs the numbers of COSE (RFC 9053 §2, RFC 8812 §2) with the names
// of JOSE.
var algorithms = map[int64]string{
	int64(gocose.AlgorithmES256): "ES256", int64(gocose.AlgorithmES384): "ES384", int64(gocose.AlgorithmES512): "ES512",
	int64(gocose.AlgorithmEdDSA): "EdDSA", int64(gocose.AlgorithmRS256): "RS256", int64(gocose.AlgorithmPS256): "PS256",
}

// strict reads headers: no duplicate labels, no indefinite lengths, no tags,
// nothing after the item.
var strict = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		IntDec: cbor.IntDecConvertSignedOrFail, UTF8: cbor.UTF8RejectInvalid, MaxNestedLevels: 8, MaxMapPairs: 32, MaxArrayElements: 32,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// Message is a COSE_Sign1 message that has passed the gate. Nothing in it is
// trusted before Verify.
type Message struct {
	// Algorithm is alg in the name of JOSE, such as "ES256".
	Algorithm string
	// KeyID is kid, at most 512 bytes, often a URL; nil when there is none.
	KeyID []byte
	// Type is typ and ContentType the content type, in lower case and without
	// "application/"; "" when absent.
	Type, ContentType string
	// Issuer is iss among the CWT claims of the header, or "".
	Issuer string
	// Payload is the payload: one strict JSON object.
	Payload []byte

	message gocose.Sign1Message
}

// Parse reads a COSE_Sign1 message, with or without its tag. Refused are:
// indefinite lengths, duplicate labels, tags inside, anything after the message,
// a detached payload, crit, certificates, an algorithm that package jose does not
// verify, and whatever in the unprotected header would have a meaning; only kid
// may stand there. data must not be changed while the Message is in use.
//
// Errors match ErrMalformed, ErrHeader or jose.ErrAlgorithm.
func Parse(data []byte) (*Message, error) {
	if len(data) > MaxSize {
		return nil, malformed("longer than %d bytes", MaxSize)
	}
	const tag = 0xd2 // 18, in its one byte
	tagged := data
	if len(data) > 0 && data[0] == tag {
		data = data[1:]
	} else {
		tagged = append([]byte{tag}, data...)
	}
	var items []cbor.RawMessage
	if err := strict.Unmarshal(data, &items); err != nil || len(items) != 4 {
		return nil, malformed("not an array of four")
	}
	protected, err := byteString(items[0], "protected header")
	if err != nil {
		return nil, err
	}
	m := &Message{}
	if err := m.readHeaders(protected, items[1]); err != nil {
		return nil, err
	}
	if m.Payload, err = byteString(items[2], "payload"); err != nil {
		return nil, err
	}
	if _, err = byteString(items[3], "signature"); err != nil {
		return nil, err
	}
	doc, err := strictjson.Parse(m.Payload)
	if err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrMalformed, err)
	}
	if doc.Root().Kind() != strictjson.Object {
		return nil, malformed("the payload is not a JSON object")
	}
	if err := guard(func() error { return m.message.UnmarshalCBOR(tagged) }); err != nil {
		return nil, malformed("%v", err)
	}
	if !bytes.Equal(m.message.Payload, m.Payload) {
		return nil, malformed("two readers see two payloads")
	}
	return m, nil
}

// byteString reads an item that must be a byte string with something in it.
func byteString(item cbor.RawMessage, what string) ([]byte, error) {
	if len(item) == 0 || item[0]>>5 != 2 {
		return nil, malformed("the %s is not a byte string", what)
	}
	var b []byte
	if err := strict.Unmarshal(item, &b); err != nil || len(b) == 0 {
		return nil, malformed("the %s is empty", what)
	}
	return b, nil
}

// readMap reads a header, which must be a map from numbers and texts.
func readMap(data []byte) (map[any]any, error) {
	if len(data) == 0 || data[0]>>5 != 5 {
		return nil, malformed("a header is not a map")
	}
	var header map[any]any
	if err := strict.Unmarshal(data, &header); err != nil {
		return nil, malformed("a header is not a map in the strict form")
	}
	for label := range header {
		switch label := label.(type) {
		case string:
		case int64:
			if slices.Contains(refused, label) {
				return nil, fmt.Errorf("%w: label %d", ErrHeader, label)
			}
		default:
			return nil, malformed("a label is neither a number nor a text")
		}
	}
	return header, nil
}

func (m *Message) readHeaders(protected, unprotected []byte) error {
	header, err := readMap(protected)
	if err != nil {
		return err
	}
	outside, err := readMap(unprotected)
	if err != nil {
		return err
	}
	for label := range outside {
		if label != labelKeyID {
			return fmt.Errorf("%w: it is not protected", ErrHeader)
		}
		if _, twice := header[label]; twice {
			return fmt.Errorf("%w: kid in both headers", ErrHeader)
		}
	}
	number, isNumber := header[labelAlgorithm].(int64)
	name, known := algorithms[number]
	if !isNumber || !known {
		return fmt.Errorf("%w: not one that Laurel verifies", jose.ErrAlgorithm)
	}
	m.Algorithm = name
	if m.KeyID, err = keyID(header, outside); err != nil {
		return err
	}
	if m.Type, err = mediaType(header, labelType); err != nil {
		return err
	}
	if m.ContentType, err = mediaType(header, labelContentType); err != nil {
		return err
	}
	m.Issuer, err = issuerOf(header)
	return err
}

func keyID(headers ...map[any]any) ([]byte, error) {
	for _, header := range headers {
		value, ok := header[labelKeyID]
		if !ok {
			continue
		}
		id, isBytes := value.([]byte)
		if !isBytes || len(id) == 0 || len(id) > 512 {
			return nil, fmt.Errorf("%w: kid is not 1 to 512 bytes", ErrHeader)
		}
		return id, nil
	}
	return nil, nil
}

func mediaType(header map[any]any, label int64) (string, error) {
	value, ok := header[label]
	if !ok {
		return "", nil
	}
	text, isText := value.(string)
	if !isText || text == "" || len(text) > 512 {
		return "", fmt.Errorf("%w: label %d is not a media type", ErrHeader, label)
	}
	return strings.TrimPrefix(strings.ToLower(text), "application/"), nil
}

// issuerOf reads iss of the CWT claims in the header (RFC 9597).
func issuerOf(header map[any]any) (string, error) {
	value, ok := header[labelClaims]
	if !ok {
		return "", nil
	}
	claims, isMap := value.(map[any]any)
	if !isMap {
		return "", fmt.Errorf("%w: the CWT claims are not a map", ErrHeader)
	}
	issuer, ok := claims[claimIssuer]
	if !ok {
		return "", nil
	}
	text, isText := issuer.(string)
	if !isText || text == "" {
		return "", fmt.Errorf("%w: iss is not a text with something in it", ErrHeader)
	}
	return text, nil
}

// types say what typ and the content type may be.
var types = map[string]jose.Header{
	"vc+cose": {Type: "vc+jwt", ContentType: "vc"}, "vp+cose": {Type: "vp+jwt", ContentType: "vp"},
	"vc-ld+cose": {Type: "vc+jwt", ContentType: "vc"}, "vp-ld+cose": {Type: "vp+jwt", ContentType: "vp"},
}

// Document takes the credential or presentation out of the payload, by the rules
// of VC-JOSE-COSE. Which of the two it is, typ says; a message without typ is
// what the caller expects by the media type under which it came, presentation or
// credential. Errors match jose.ErrType, jose.ErrClaims or jose.ErrMalformed.
func (m *Message) Document(presentation bool, options jose.Options) (document []byte, claims jose.Claims, err error) {
	header := types["vc+cose"]
	if presentation {
		header = types["vp+cose"]
	}
	if m.Type != "" && types[m.Type].Type != header.Type {
		return nil, jose.Claims{}, fmt.Errorf("%w: typ is not that of what was expected", jose.ErrType)
	}
	if m.ContentType != "" && m.ContentType != header.ContentType {
		return nil, jose.Claims{}, fmt.Errorf("%w: the content type is not that of what was expected", jose.ErrType)
	}
	header.Issuer = m.Issuer
	return jose.Unwrap(m.Payload, header, options)
}

// Verify checks the signature with a key of the caller's. Errors are those of
// jose.VerifySignature.
func (m *Message) Verify(key crypto.PublicKey) error {
	v := verifier{name: m.Algorithm, key: key}
	err := guard(func() error { return m.message.Verify(nil, &v) })
	if v.err != nil {
		return v.err
	}
	if err != nil || !v.asked {
		return fmt.Errorf("%w: %w", jose.ErrSignature, err)
	}
	return nil
}

// verifier gives the library the signatures of package jose.
type verifier struct {
	name  string
	key   crypto.PublicKey
	asked bool
	err   error
}

func (v *verifier) Algorithm() gocose.Algorithm { return numberOf(v.name) }

func (v *verifier) Verify(content, signature []byte) error {
	v.asked = true
	v.err = jose.VerifySignature(v.name, v.key, content, signature)
	return v.err
}

func numberOf(name string) gocose.Algorithm {
	for number, n := range algorithms {
		if n == name {
			return gocose.Algorithm(number)
		}
	}
	return 0
}

// guard keeps a panic of the library from leaving the package.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = malformed("it makes the library panic")
		}
	}()
	return f()
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
