package verifier

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"sync"

	"laurel/credential/strictjson"
)

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// svgHead is how far into a text the root element of an SVG must begin.
const svgHead = 4 << 10

// documents are the trees of what is read, for the next to be read.
var documents = sync.Pool{New: func() any { return new(strictjson.Document) }}

// release gives back the tree of what read returned. Nothing may refer to it
// any more; a Report does not.
func release(root strictjson.Value) {
	if document := root.Document(); document != nil {
		document.Clear()
		documents.Put(document)
	}
}

// read tells the format of the input and, of JSON, gives its root. The error
// is ErrNotReadable.
func read(data []byte) (Format, strictjson.Value, error) {
	trimmed := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, pngSignature):
		return FormatPNG, strictjson.Value{}, nil
	case isSVG(trimmed):
		return FormatSVG, strictjson.Value{}, nil
	case isCompactJWS(trimmed):
		return FormatJWS, strictjson.Value{}, nil
	}
	document := documents.Get().(*strictjson.Document)
	if err := document.Reset(data, strictjson.Limits{}); err != nil {
		documents.Put(document)
		return "", strictjson.Value{}, fmt.Errorf("%w: %w", ErrNotReadable, err)
	}
	root := document.Root()
	if isOpenBadges2(root) {
		return FormatOpenBadges2, root, nil
	}
	return FormatJSON, root, nil
}

func isSVG(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(text, []byte("<")) && bytes.Contains(text[:min(len(text), svgHead)], []byte("<svg"))
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

// isOpenBadges2 reports whether the document is an assertion of Open Badges 1
// or 2.
func isOpenBadges2(root strictjson.Value) bool {
	var older, assertion bool
	for contexts := root.Get("@context").Items(); contexts.Next(); {
		context := contexts.Value()
		older = older || context.Is("https://w3id.org/openbadges/v2") || context.Is("https://w3id.org/openbadges/v1")
	}
	for types := root.Get("type").Items(); types.Next(); {
		assertion = assertion || types.Value().Is("Assertion")
	}
	return older && assertion
}
