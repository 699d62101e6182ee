// Package sdjwt reads, makes and presents JWTs with selective disclosure (RFC
// 9901), and takes credentials out of them: those of VC-JOSE-COSE (typ vc+sd-jwt
// and vp+sd-jwt) and SD-JWT VC (typ dc+sd-jwt).
//
// An issuer signs digests in place of members; the holder hands on the
// disclosures of those that a verifier may see. Parse puts the disclosures that
// came with the JWT in their places and refuses whatever RFC 9901 §7.1 refuses,
// so that Token.Payload is what the issuer signed, less what is held back. Like
// package jose, which does the signatures, it believes nothing by itself: verify
// Token.JWS with a key of the issuer before Payload is used, and the key binding
// with the key that the payload then names.
package sdjwt

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // the hashes of the table
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// Errors of SD-JWTs. Those of package jose come through: jose.ErrMalformed for
// the JWT itself, jose.ErrType, jose.ErrClaims …
var (
	// ErrMalformed says that something is not an SD-JWT.
	ErrMalformed = errors.New("malformed SD-JWT")
	// ErrDisclosure says that disclosures and digests do not fit together: a
	// disclosure that no digest names, a digest twice, a name that is taken or
	// reserved.
	ErrDisclosure = errors.New("disclosure does not fit")
	// ErrHash says that _sd_alg names a hash that is not supported.
	ErrHash = errors.New("hash algorithm of disclosures not allowed")
	// ErrKeyBinding says that a key binding is missing, or is not what was asked
	// for.
	ErrKeyBinding = errors.New("key binding does not hold")
	// ErrNonce says that a key binding answers another request, or none. It is
	// an ErrKeyBinding.
	ErrNonce = fmt.Errorf("%w: another nonce", ErrKeyBinding)
	// ErrAudience says that a key binding is for another verifier, or for
	// several. It is an ErrKeyBinding.
	ErrAudience = fmt.Errorf("%w: another audience", ErrKeyBinding)
)

// Limits of one SD-JWT.
const (
	// MaxSize bounds the whole in bytes.
	MaxSize        = 2 << 20
	maxDisclosures = 1024
	maxDigests     = 8192
	maxDepth       = 64
)

// hashes are the values of _sd_alg, in the names of the IANA registry of named
// information.
var hashes = map[string]crypto.Hash{"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512}

// Reserved names (RFC 9901 §4).
const (
	nameDigests = "_sd"
	nameHash    = "_sd_alg"
	nameElement = "..."
)

// A Disclosure is a member or an element that the holder lets the verifier see.
type Disclosure struct {
	// Encoded is the disclosure as it stands in the SD-JWT.
	Encoded string
	// Pointer is the place (RFC 6901) of its value in Token.Payload.
	Pointer string
	// Name is the name of a member, "" for an element of an array.
	Name string

	element bool
	value   strictjson.Value
	parent  int // the disclosure whose value holds its digest, or -1
	used    bool
}

// Token is an SD-JWT, parsed and not verified.
type Token struct {
	// JWS is the JWT of the issuer. Its payload has digests in it; use Payload.
	JWS *jose.JWS
	// Disclosures are those that came with the JWT, in their order. Each has its
	// place in Payload.
	Disclosures []Disclosure
	// KeyBinding is the key binding JWT, nil when there is none. It counts only
	// after VerifyKeyBinding.
	KeyBinding *jose.JWS
	// Payload is the payload with the disclosures in their places and without
	// digests, as strict JSON.
	Payload []byte
	// Withheld is how many digests have no disclosure here. Some of them may be
	// decoys; any may stand for something that the holder keeps back.
	Withheld int

	hash    crypto.Hash
	bound   string // what the key binding signs: all before it
	digests map[string]int
	seen    map[string]bool
}

// Parse reads an SD-JWT with or without key binding in its compact form. It
// refuses what RFC 9901 §7.1 refuses, and besides it everything that
// jose.Parse refuses in the JWTs. data must not be changed while the Token is in
// use.
//
// Errors match ErrMalformed, ErrDisclosure, ErrHash or those of jose.Parse.
func Parse(data []byte) (*Token, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxSize)
	}
	first, last := bytes.IndexByte(data, '~'), bytes.LastIndexByte(data, '~')
	if first < 0 {
		return nil, fmt.Errorf("%w: it has no tilde", ErrMalformed)
	}
	if bytes.Count(data, []byte{'~'}) > maxDisclosures+1 {
		return nil, fmt.Errorf("%w: more than %d disclosures", ErrMalformed, maxDisclosures)
	}
	t := &Token{bound: string(data[:last+1]), digests: map[string]int{}, seen: map[string]bool{}}
	var err error
	if t.JWS, err = jose.Parse(data[:first]); err != nil {
		return nil, err
	}
	if last+1 < len(data) {
		if t.KeyBinding, err = jose.Parse(data[last+1:]); err != nil {
			return nil, fmt.Errorf("reading key binding: %w", err)
		}
		if t.KeyBinding.Header.Type != "kb+jwt" {
			return nil, fmt.Errorf("%w: typ is not kb+jwt", ErrKeyBinding)
		}
	}
	if err := t.readHash(); err != nil {
		return nil, err
	}
	if first < last {
		for encoded := range strings.SplitSeq(string(data[first+1:last]), "~") {
			if err := t.addDisclosure(encoded); err != nil {
				return nil, err
			}
		}
	}
	if err := t.process(); err != nil {
		return nil, err
	}
	return t, nil
}

// readHash reads _sd_alg; sha-256 is the default (RFC 9901 §4.1.1).
func (t *Token) readHash() error {
	t.hash = crypto.SHA256
	name, ok := t.JWS.Object.Member(nameHash)
	if !ok {
		return nil
	}
	hash, known := hashes[name.Text()]
	if name.Kind() != strictjson.String || !known {
		return ErrHash
	}
	t.hash = hash
	return nil
}

// digest returns the digest of a disclosure, of the letters of its encoding.
func digest(hash crypto.Hash, encoded string) string {
	h := hash.New()
	h.Write([]byte(encoded))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (t *Token) addDisclosure(encoded string) error {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || encoded == "" || base64.RawURLEncoding.EncodeToString(decoded) != encoded {
		return fmt.Errorf("%w: disclosure %d is not canonical unpadded base64url", ErrMalformed, len(t.Disclosures))
	}
	doc, err := strictjson.Parse(decoded)
	if err != nil {
		return fmt.Errorf("%w: disclosure %d: %w", ErrMalformed, len(t.Disclosures), err)
	}
	var parts []strictjson.Value
	for part := range doc.Root().Elements() {
		parts = append(parts, part)
	}
	if doc.Root().Kind() != strictjson.Array || len(parts) != 2 && len(parts) != 3 || parts[0].Kind() != strictjson.String {
		return fmt.Errorf("%w: disclosure %d is not a salt, a name and a value", ErrMalformed, len(t.Disclosures))
	}
	d := Disclosure{Encoded: encoded, value: parts[len(parts)-1], element: len(parts) == 2, parent: -1}
	if !d.element {
		if parts[1].Kind() != strictjson.String {
			return fmt.Errorf("%w: the name of disclosure %d is not a string", ErrMalformed, len(t.Disclosures))
		}
		d.Name = parts[1].Text()
		if reserved(d.Name) {
			return fmt.Errorf("%w: disclosure %d has a reserved name", ErrDisclosure, len(t.Disclosures))
		}
	}
	sum := digest(t.hash, encoded)
	if _, twice := t.digests[sum]; twice {
		return fmt.Errorf("%w: the same disclosure twice", ErrDisclosure)
	}
	t.digests[sum] = len(t.Disclosures)
	t.Disclosures = append(t.Disclosures, d)
	return nil
}

func reserved(name string) bool {
	return name == nameDigests || name == nameHash || name == nameElement
}

// take marks a digest as met and returns its disclosure, -1 when there is none.
func (t *Token) take(v strictjson.Value, element bool, parent int) (int, error) {
	if v.Kind() != strictjson.String {
		return -1, fmt.Errorf("%w: a digest is not a string", ErrDisclosure)
	}
	sum := v.Text()
	if t.seen[sum] {
		return -1, fmt.Errorf("%w: a digest stands in two places", ErrDisclosure)
	}
	t.seen[sum] = true
	if len(t.seen) > maxDigests {
		return -1, fmt.Errorf("%w: more than %d digests", ErrDisclosure, maxDigests)
	}
	index, found := t.digests[sum]
	if !found {
		t.Withheld++
		return -1, nil
	}
	if t.Disclosures[index].element != element {
		return -1, fmt.Errorf("%w: a member stands for an element or an element for a member", ErrDisclosure)
	}
	t.Disclosures[index].used = true
	t.Disclosures[index].parent = parent
	return index, nil
}

// process writes Payload.
func (t *Token) process() error {
	var out bytes.Buffer
	w := writer{token: t, out: &out}
	if err := w.object(t.JWS.Object, place{parent: -1}); err != nil {
		return err
	}
	for i := range t.Disclosures {
		if !t.Disclosures[i].used {
			return fmt.Errorf("%w: no digest names disclosure %d", ErrDisclosure, i)
		}
	}
	// The last word on depth, size and names.
	doc, err := strictjson.Parse(out.Bytes())
	if err != nil {
		return fmt.Errorf("%w: with the disclosures in their places: %w", ErrDisclosure, err)
	}
	t.Payload = doc.Root().Raw()
	return nil
}

// writer writes the processed payload.
type writer struct {
	token *Token
	out   *bytes.Buffer
}

// place is where a value goes: its pointer, its depth, and the disclosure that
// it came in.
type place struct {
	pointer string
	depth   int
	parent  int
}

func (p place) in(token string) place {
	return place{pointer: p.pointer + "/" + strictjson.EscapePointer(token), depth: p.depth + 1, parent: p.parent}
}

func (w writer) value(v strictjson.Value, at place) error {
	if at.depth > maxDepth {
		return fmt.Errorf("%w: nested deeper than %d", ErrDisclosure, maxDepth)
	}
	switch v.Kind() {
	case strictjson.Object:
		return w.object(v, at)
	case strictjson.Array:
		return w.array(v, at)
	default:
		w.out.Write(v.Raw())
		return nil
	}
}

func (w writer) object(v strictjson.Value, at place) error {
	w.out.WriteByte('{')
	empty := true
	for name, value := range v.Fields() {
		switch {
		case name.Is(nameDigests), name.Is(nameHash) && at.depth == 0:
			continue
		case reserved(name.Text()):
			return fmt.Errorf("%w: a reserved name stands where it has no meaning", ErrDisclosure)
		}
		w.comma(&empty)
		w.out.Write(name.Raw())
		w.out.WriteByte(':')
		if err := w.value(value, at.in(name.Text())); err != nil {
			return err
		}
	}
	if err := w.members(v, at, &empty); err != nil {
		return err
	}
	w.out.WriteByte('}')
	return nil
}

// members writes the disclosed members of an object.
func (w writer) members(v strictjson.Value, at place, empty *bool) error {
	digests, ok := v.Member(nameDigests)
	if !ok {
		return nil
	}
	if digests.Kind() != strictjson.Array {
		return fmt.Errorf("%w: _sd is not an array", ErrDisclosure)
	}
	added := map[string]bool{}
	for sum := range digests.Elements() {
		index, err := w.token.take(sum, false, at.parent)
		if err != nil {
			return err
		}
		if index < 0 {
			continue
		}
		d := &w.token.Disclosures[index]
		if v.Get(d.Name).Exists() || added[d.Name] {
			return fmt.Errorf("%w: the name of disclosure %d is taken", ErrDisclosure, index)
		}
		added[d.Name] = true
		inside := at.in(d.Name)
		inside.parent = index
		d.Pointer = inside.pointer
		w.comma(empty)
		w.out.Write(quote(d.Name))
		w.out.WriteByte(':')
		if err := w.value(d.value, inside); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) array(v strictjson.Value, at place) error {
	w.out.WriteByte('[')
	empty, index := true, 0
	for element := range v.Elements() {
		inside := at.in(fmt.Sprint(index))
		if sum, ok := element.Member(nameElement); ok {
			if element.Len() != 1 {
				return fmt.Errorf("%w: an element has more than its digest", ErrDisclosure)
			}
			found, err := w.token.take(sum, true, at.parent)
			if err != nil {
				return err
			}
			if found < 0 {
				continue
			}
			d := &w.token.Disclosures[found]
			d.Pointer, inside.parent, element = inside.pointer, found, d.value
		}
		w.comma(&empty)
		if err := w.value(element, inside); err != nil {
			return err
		}
		index++
	}
	w.out.WriteByte(']')
	return nil
}

func (w writer) comma(empty *bool) {
	if !*empty {
		w.out.WriteByte(',')
	}
	*empty = false
}
