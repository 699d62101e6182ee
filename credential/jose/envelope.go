package jose

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// Envelope is what an EnvelopedVerifiableCredential or …Presentation (VCDM 2.0
// §4.13, §4.14.1) carries in the data: URL that is its id.
type Envelope struct {
	// MediaType is the media type in lower case without parameters, such as
	// "application/vc+jwt".
	MediaType string
	// Data is what is inside: the text of a JWT or SD-JWT, the bytes of a
	// COSE_Sign1.
	Data []byte
	// Presentation tells EnvelopedVerifiablePresentation from …Credential.
	Presentation bool
}

// enveloped are the media types that an envelope may have. The last ones are
// older names that are still found.
var enveloped = map[string]struct{ credential, presentation, base64 bool }{
	"application/vc+jwt":       {credential: true},
	"application/vc+sd-jwt":    {credential: true},
	"application/dc+sd-jwt":    {credential: true},
	"application/vc+cose":      {credential: true, base64: true},
	"application/vp+jwt":       {presentation: true},
	"application/vp+sd-jwt":    {presentation: true},
	"application/vp+cose":      {presentation: true, base64: true},
	"application/jwt":          {credential: true, presentation: true},
	"application/vc-ld+jwt":    {credential: true},
	"application/vc-ld+sd-jwt": {credential: true},
	"application/vc-ld+cose":   {credential: true, base64: true},
	"application/vp-ld+jwt":    {presentation: true},
	"application/vp-ld+sd-jwt": {presentation: true},
	"application/vp-ld+cose":   {presentation: true, base64: true},
}

// IsEnvelope reports whether a value says that it is an envelope. It may be a
// bad one.
func IsEnvelope(v strictjson.Value) bool {
	return hasType(v, "EnvelopedVerifiableCredential") || hasType(v, "EnvelopedVerifiablePresentation")
}

// ParseEnvelope takes an envelope apart: the first context must be that of
// VCDM 2.0, the type the one word, the id a data: URL with a media type that
// secures what the type says. Nothing else may be in it that could be taken for
// the secured thing. What Data holds is not examined. Errors match ErrMalformed
// or ErrType.
func ParseEnvelope(v strictjson.Value) (Envelope, error) {
	isCredential, isPresentation := hasType(v, "EnvelopedVerifiableCredential"), hasType(v, "EnvelopedVerifiablePresentation")
	types := 0
	for range v.Get("type").OneOrMany() {
		types++
	}
	if v.Kind() != strictjson.Object || isCredential == isPresentation || types != 1 {
		return Envelope{}, fmt.Errorf("%w: not of the one type EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation", ErrType)
	}
	if !hasContext(v, credential.ContextV2) {
		return Envelope{}, fmt.Errorf("%w: the envelope lacks the context of version 2.0", ErrType)
	}
	for name := range v.Members() {
		if name != "@context" && name != "id" && name != "type" {
			return Envelope{}, fmt.Errorf("%w: the envelope has a member besides @context, id and type", ErrType)
		}
	}
	id := v.Get("id")
	if id.Kind() != strictjson.String {
		return Envelope{}, malformed("the id of an envelope is not a data: URL")
	}
	e, err := ParseDataURL(id.Text())
	if err != nil {
		return Envelope{}, err
	}
	if e.Presentation = isPresentation; !enveloped[e.MediaType].presentation && isPresentation || !enveloped[e.MediaType].credential && isCredential {
		return Envelope{}, fmt.Errorf("%w: the media type of the data: URL does not fit the type of the envelope", ErrType)
	}
	return e, nil
}

// ParseDataURL reads the data: URL (RFC 2397) of an envelope. A JWT stands in
// it as it is; the bytes of COSE are in base64, with or without padding.
func ParseDataURL(url string) (Envelope, error) {
	rest, ok := strings.CutPrefix(url, "data:")
	head, data, comma := strings.Cut(rest, ",")
	if !ok || !comma || data == "" {
		return Envelope{}, malformed("the id of an envelope is not a data: URL")
	}
	head, isBase64 := strings.CutSuffix(strings.ToLower(head), ";base64")
	kind, known := enveloped[head]
	if !known {
		return Envelope{}, fmt.Errorf("%w: the data: URL has a media type that secures nothing", ErrType)
	}
	if kind.base64 != isBase64 {
		return Envelope{}, malformed("the data: URL is in base64 where it must not be, or is not where it must")
	}
	if !isBase64 {
		if strings.ContainsAny(data, "%?# ") {
			return Envelope{}, malformed("the data: URL is not a JWT as it stands")
		}
		return Envelope{MediaType: head, Data: []byte(data)}, nil
	}
	decoded, err := DecodeBase64(data)
	if err != nil {
		return Envelope{}, err
	}
	return Envelope{MediaType: head, Data: decoded}, nil
}

// DecodeBase64 decodes standard base64 with or without padding. It must be the
// one encoding of its bytes, on one line. The error matches ErrMalformed.
func DecodeBase64(text string) ([]byte, error) {
	bare := strings.TrimRight(text, "=")
	b, err := base64.RawStdEncoding.Strict().DecodeString(bare)
	if err != nil || base64.RawStdEncoding.EncodeToString(b) != bare ||
		len(text) != len(bare) && base64.StdEncoding.EncodeToString(b) != text {
		return nil, malformed("not canonical base64")
	}
	return b, nil
}

// MarshalEnvelope returns an envelope around what MediaType and Data say.
func MarshalEnvelope(e Envelope) ([]byte, error) {
	kind, known := enveloped[e.MediaType]
	if !known || len(e.Data) == 0 {
		return nil, fmt.Errorf("%w: the media type secures nothing", ErrType)
	}
	name := "EnvelopedVerifiableCredential"
	if e.Presentation {
		name = "EnvelopedVerifiablePresentation"
	}
	url := "data:" + e.MediaType
	if kind.base64 {
		url += ";base64," + base64.StdEncoding.EncodeToString(e.Data)
	} else {
		url += "," + string(e.Data)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Context string `json:"@context"`
		ID      string `json:"id"`
		Type    string `json:"type"`
	}{credential.ContextV2, url, name})
	if err != nil {
		return nil, fmt.Errorf("encoding envelope: %w", err)
	}
	data := bytes.TrimSuffix(out.Bytes(), []byte{'\n'})
	root, err := parseObject(data, "envelope")
	if err != nil {
		return nil, err
	}
	if _, err := ParseEnvelope(root); err != nil {
		return nil, err
	}
	return data, nil
}
