package sdjwt

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// saltSize is 128 bits (RFC 9901 §9.3).
const saltSize = 16

// IssueOptions say how an SD-JWT is made.
type IssueOptions struct {
	// Signing holds kid, iss, typ and cty of the header and the source of
	// randomness. A Type of "" becomes TypeCredential or TypePresentation by the
	// type of the payload, and cty vc or vp with it.
	Signing jose.SigningOptions
	// Disclose lists what the holder may hold back, as JSON Pointers into the
	// payload: members and elements of arrays. A pointer into another one makes
	// a disclosure inside a disclosure.
	Disclose []string
	// Decoys is how many digests of nothing stand beside those in each object
	// that has any, so that their number tells less.
	Decoys int
	// Hash is _sd_alg: "sha-256" (the value for ""), "sha-384" or "sha-512".
	Hash string
	// Holder is the key that presentations must be made with; nil for none. It
	// becomes cnf.
	Holder crypto.PublicKey
	// Random is the source of salts and decoys; crypto/rand.Reader in
	// production.
	Random io.Reader
}

// neverHidden are the members of a credential that a verifier must see to
// process it at all (VC-JOSE-COSE §3.2.1), and those of an SD-JWT VC.
var neverHidden = append([]string{"/@context", "/type", "/credentialStatus", "/credentialSchema", "/relatedResource"}, alwaysOpen...)

// Issue makes an SD-JWT with all its disclosures from a payload, which must be a
// strict JSON object without the names that SD-JWT reserves. Members that a
// verifier needs to process a credential cannot be listed in Disclose.
//
// The result has passed Parse. Errors match ErrDisclosure, ErrHash, or are those
// of jose.Sign.
func Issue(payload []byte, signer crypto.Signer, options IssueOptions) (string, error) {
	doc, err := strictjson.Parse(payload)
	if err != nil || doc.Root().Kind() != strictjson.Object {
		return "", fmt.Errorf("%w: the payload is not a strict JSON object", jose.ErrMalformed)
	}
	if options.Hash == "" {
		options.Hash = "sha-256"
	}
	hash, known := hashes[options.Hash]
	if !known {
		return "", ErrHash
	}
	h := hider{hash: hash, options: options, hide: map[string]bool{}}
	for _, pointer := range options.Disclose {
		if slices.ContainsFunc(neverHidden, func(name string) bool { return pointer == name || strings.HasPrefix(pointer, name+"/") }) {
			return "", fmt.Errorf("%w: %s must stand in the open", ErrDisclosure, pointer)
		}
		h.hide[pointer] = true
	}
	if err := h.object(doc.Root(), ""); err != nil {
		return "", err
	}
	for pointer, open := range h.hide {
		if open {
			return "", fmt.Errorf("%w: nothing stands at %q", ErrDisclosure, pointer)
		}
	}
	signed, err := jose.Sign(h.out.Bytes(), signer, header(doc.Root(), options.Signing))
	if err != nil {
		return "", err
	}
	token := signed + "~"
	for _, disclosure := range h.disclosures {
		token += disclosure + "~"
	}
	if _, err := Parse([]byte(token)); err != nil {
		return "", fmt.Errorf("checking own SD-JWT: %w", err)
	}
	return token, nil
}

// header fills in typ and cty.
func header(root strictjson.Value, options jose.SigningOptions) jose.SigningOptions {
	if options.Type != "" {
		return options
	}
	options.Type, options.ContentType = TypeCredential, "vc"
	for name := range root.Get("type").OneOrMany() {
		if name.Is("VerifiablePresentation") {
			options.Type, options.ContentType = TypePresentation, "vp"
		}
	}
	return options
}

// hider writes a payload with digests in the places of what can be held back.
type hider struct {
	hash        crypto.Hash
	options     IssueOptions
	hide        map[string]bool // pointer → not met yet
	out         bytes.Buffer
	disclosures []string
}

// value returns what stands for a value below pointer.
func (h *hider) value(v strictjson.Value, pointer string) ([]byte, error) {
	if v.Kind() != strictjson.Object && v.Kind() != strictjson.Array {
		return v.Raw(), nil
	}
	outer := h.out
	h.out = bytes.Buffer{}
	defer func() { h.out = outer }()
	var err error
	if v.Kind() == strictjson.Object {
		err = h.object(v, pointer)
	} else {
		err = h.array(v, pointer)
	}
	return h.out.Bytes(), err
}

func (h *hider) object(v strictjson.Value, pointer string) error {
	h.out.WriteByte('{')
	empty := true
	comma := func() {
		if !empty {
			h.out.WriteByte(',')
		}
		empty = false
	}
	var digests []string
	for name, member := range v.Fields() {
		if reserved(name.Text()) {
			return fmt.Errorf("%w: the payload has a reserved name", ErrDisclosure)
		}
		at := pointer + "/" + strictjson.EscapePointer(name.Text())
		value, err := h.value(member, at)
		if err != nil {
			return err
		}
		if _, listed := h.hide[at]; listed {
			h.hide[at] = false
			sum, err := h.disclose(name.Raw(), value)
			if err != nil {
				return err
			}
			digests = append(digests, sum)
			continue
		}
		comma()
		h.out.Write(name.Raw())
		h.out.WriteByte(':')
		h.out.Write(value)
	}
	if len(digests) > 0 {
		comma()
		if err := h.writeDigests(digests); err != nil {
			return err
		}
	}
	if pointer == "" {
		comma()
		if err := h.writeTop(); err != nil {
			return err
		}
	}
	h.out.WriteByte('}')
	return nil
}

// writeDigests writes _sd in an order that says nothing of that of the members.
func (h *hider) writeDigests(digests []string) error {
	for range h.options.Decoys {
		salt, err := h.salt()
		if err != nil {
			return err
		}
		digests = append(digests, digest(h.hash, salt))
	}
	slices.Sort(digests)
	encoded, err := json.Marshal(digests)
	if err != nil {
		return fmt.Errorf("encoding digests: %w", err)
	}
	h.out.WriteString(`"` + nameDigests + `":`)
	h.out.Write(encoded)
	return nil
}

// writeTop writes the members of the top level that are not the payload's.
func (h *hider) writeTop() error {
	fmt.Fprintf(&h.out, `"%s":"%s"`, nameHash, h.options.Hash)
	if h.options.Holder == nil {
		return nil
	}
	jwk, err := jose.MarshalJWK(h.options.Holder)
	if err != nil {
		return fmt.Errorf("encoding key of holder: %w", err)
	}
	fmt.Fprintf(&h.out, `,"cnf":{"jwk":%s}`, jwk)
	return nil
}

func (h *hider) array(v strictjson.Value, pointer string) error {
	h.out.WriteByte('[')
	index := 0
	for element := range v.Elements() {
		if index > 0 {
			h.out.WriteByte(',')
		}
		at := fmt.Sprintf("%s/%d", pointer, index)
		value, err := h.value(element, at)
		if err != nil {
			return err
		}
		if _, listed := h.hide[at]; listed {
			h.hide[at] = false
			sum, err := h.disclose(nil, value)
			if err != nil {
				return err
			}
			value = fmt.Appendf(nil, `{"%s":"%s"}`, nameElement, sum)
		}
		h.out.Write(value)
		index++
	}
	h.out.WriteByte(']')
	return nil
}

// disclose makes a disclosure and returns its digest; name is nil for an
// element.
func (h *hider) disclose(name, value []byte) (string, error) {
	salt, err := h.salt()
	if err != nil {
		return "", err
	}
	text := `["` + salt + `",`
	if name != nil {
		text += string(name) + ","
	}
	text += string(value) + "]"
	encoded := base64.RawURLEncoding.EncodeToString([]byte(text))
	h.disclosures = append(h.disclosures, encoded)
	return digest(h.hash, encoded), nil
}

func (h *hider) salt() (string, error) {
	salt := make([]byte, saltSize)
	if h.options.Random == nil {
		return "", fmt.Errorf("making salt: no source of randomness")
	}
	if _, err := io.ReadFull(h.options.Random, salt); err != nil {
		return "", fmt.Errorf("making salt: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(salt), nil
}

// Binding is what a holder signs to present an SD-JWT.
type Binding struct {
	// Signer has the key of the holder.
	Signer crypto.Signer
	// Nonce and Audience come from the verifier's request.
	Nonce, Audience string
	// IssuedAt is the time of the presentation.
	IssuedAt time.Time
	// Random is as in jose.SigningOptions.
	Random io.Reader
}

// Present returns the SD-JWT with the disclosures for pointers only, which are
// Disclosure.Pointers, and those that they stand in. A pointer without a
// disclosure is an error that matches ErrDisclosure. With a binding, the key
// binding JWT follows; the key must be the one that the issuer named.
func (t *Token) Present(pointers []string, binding *Binding) (string, error) {
	chosen := make([]bool, len(t.Disclosures))
	for _, pointer := range pointers {
		index := slices.IndexFunc(t.Disclosures, func(d Disclosure) bool { return d.Pointer == pointer })
		if index < 0 {
			return "", fmt.Errorf("%w: there is none for %q", ErrDisclosure, pointer)
		}
		for ; index >= 0; index = t.Disclosures[index].parent {
			chosen[index] = true
		}
	}
	jwt, _, _ := strings.Cut(t.bound, "~")
	presented := jwt + "~"
	for i, d := range t.Disclosures {
		if chosen[i] {
			presented += d.Encoded + "~"
		}
	}
	if binding == nil {
		return presented, nil
	}
	bound, err := t.bind(presented, binding)
	if err != nil {
		return "", fmt.Errorf("binding presentation: %w", err)
	}
	return presented + bound, nil
}

// bind makes the key binding JWT (RFC 9901 §4.3).
func (t *Token) bind(presented string, binding *Binding) (string, error) {
	holder, err := t.HolderKey()
	if err != nil {
		return "", err
	}
	if !holder.(interface{ Equal(crypto.PublicKey) bool }).Equal(binding.Signer.Public()) {
		return "", fmt.Errorf("%w: the issuer has named another key", ErrKeyBinding)
	}
	if binding.Nonce == "" || binding.Audience == "" || binding.IssuedAt.IsZero() {
		return "", fmt.Errorf("%w: nonce, audience and time are required", ErrKeyBinding)
	}
	payload, err := json.Marshal(struct {
		Audience string `json:"aud"`
		IssuedAt int64  `json:"iat"`
		Nonce    string `json:"nonce"`
		Hash     string `json:"sd_hash"`
	}{binding.Audience, binding.IssuedAt.Unix(), binding.Nonce, digest(t.hash, presented)})
	if err != nil {
		return "", fmt.Errorf("encoding claims: %w", err)
	}
	return jose.Sign(payload, binding.Signer, jose.SigningOptions{Type: "kb+jwt", Random: binding.Random})
}
