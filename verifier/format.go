package verifier

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"laurel/credential/bake"
	"laurel/credential/cose"
	"laurel/credential/openbadges2"
	"laurel/credential/strictjson"
)

// documents are the trees of what is read, for the next to be read.
var documents = sync.Pool{New: func() any { return new(strictjson.Document) }}

// submission is what was handed in, as far as it was read.
type submission struct {
	format  Format
	root    strictjson.Value // of JSON
	text    []byte           // of a JWS or SD-JWT, without white space around it; the address of a link
	baked   *bake.Baked      // of a picture, nil when there is none in it
	fault   error            // of package bake, why there is none, or of package cose
	message *cose.Message    // of COSE
}

// release gives back the tree of JSON. Nothing may refer to it any more; a
// Report does not.
func (in *submission) release() {
	if document := in.root.Document(); document != nil {
		document.Clear()
		documents.Put(document)
	}
}

// read tells the format of the input and takes it out of what it is wrapped in.
// The error is ErrNotReadable.
func read(data []byte) (submission, error) {
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		switch {
		case bake.Detect(data) != 0:
			return readPicture(data)
		case isCompactJWS(trimmed):
			return submission{format: FormatJWS, text: trimmed}, nil
		case isSDJWT(trimmed):
			return submission{format: FormatSDJWT, text: trimmed}, nil
		case isCOSE(data):
			return readCOSE(data)
		case isLink(trimmed):
			return submission{format: FormatLink, text: trimmed}, nil
		}
	}
	document := documents.Get().(*strictjson.Document)
	if err := document.Reset(data, strictjson.Limits{}); err != nil {
		documents.Put(document)
		return submission{}, fmt.Errorf("%w: %w", ErrNotReadable, err)
	}
	root := document.Root()
	if openbadges2.Is(root) {
		return submission{format: FormatOpenBadges2, root: root}, nil
	}
	if address, ok := root.Member("url"); ok && root.Len() == 1 && isLink([]byte(address.Text())) {
		in := submission{format: FormatLink, root: root, text: []byte(address.Text())}
		return in, nil
	}
	return submission{format: FormatJSON, root: root}, nil
}

// readPicture looks for a badge in a picture. A picture that is not whole is not
// readable; one without a badge, or with several, is something to report on.
func readPicture(data []byte) (submission, error) {
	in := submission{format: FormatPNG}
	if bake.Detect(data) == bake.SVG {
		in.format = FormatSVG
	}
	baked, err := bake.Read(data)
	switch {
	case errors.Is(err, bake.ErrMalformed) || errors.Is(err, bake.ErrFormat):
		return submission{}, fmt.Errorf("%w: %w", ErrNotReadable, err)
	case err != nil:
		in.fault = err
	default:
		in.baked = &baked
	}
	return in, nil
}

// isCOSE reports whether data begins like a COSE_Sign1 message: an array of four,
// with its tag or without. No text does.
func isCOSE(data []byte) bool {
	const tag, array = 0xd2, 0x84
	return len(data) > 1 && (data[0] == array || data[0] == tag && data[1] == array)
}

// readCOSE reads a COSE_Sign1 message. One that is not whole is not readable; one
// that says what must not be said is something to report on.
func readCOSE(data []byte) (submission, error) {
	message, err := cose.Parse(data)
	if errors.Is(err, cose.ErrMalformed) {
		return submission{}, fmt.Errorf("%w: %w", ErrNotReadable, err)
	}
	return submission{format: FormatCOSE, message: message, fault: err}, nil
}

// isLink reports whether text is one https URL and nothing else.
func isLink(text []byte) bool {
	const most = 2 << 10
	if len(text) > most || !bytes.HasPrefix(text, []byte("https://")) || bytes.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' }) {
		return false
	}
	u, err := url.Parse(string(text))
	return err == nil && u.Host != ""
}

// isSDJWT reports whether text is a compact JWS followed by disclosures.
func isSDJWT(text []byte) bool {
	jws, _, found := bytes.Cut(text, []byte("~"))
	return found && isCompactJWS(jws)
}

// isCompactJWS reports whether text is three parts in base64url of which the
// first is a JSON object: a JWS in compact serialization (RFC 7515 §3.1).
func isCompactJWS(text []byte) bool {
	encoded, rest, _ := bytes.Cut(text, []byte("."))
	if len(encoded) == 0 || bytes.ContainsFunc(encoded, notBase64URL) {
		return false
	}
	payload, signature, ok := bytes.Cut(rest, []byte("."))
	if !ok || bytes.ContainsFunc(payload, notBase64URL) || bytes.ContainsFunc(signature, notBase64URL) {
		return false
	}
	header := make([]byte, base64.RawURLEncoding.DecodedLen(len(encoded)))
	n, err := base64.RawURLEncoding.Decode(header, encoded)
	if err != nil {
		return false
	}
	document, err := strictjson.Parse(header[:n])
	return err == nil && document.Root().Kind() == strictjson.Object
}

func notBase64URL(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
}
