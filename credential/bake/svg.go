package bake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Namespaces.
const (
	svgNamespace        = "http://www.w3.org/2000/svg"
	openBadgesNamespace = "https://purl.imsglobal.org/ob/v3p0"
)

// elements are the elements that credentials are in.
var elements = map[xml.Name]Standard{
	{Space: openBadgesNamespace, Local: "credential"}:                   OpenBadges3,
	{Space: "https://purl.imsglobal.org/clr/v2p0", Local: "credential"}: CLR2,
	{Space: "http://openbadges.org", Local: "assertion"}:                OpenBadges2,
}

const (
	// maxElements and maxElementDepth bound an SVG.
	maxElements     = 200_000
	maxElementDepth = 256
	// maxAttributes bounds the attributes of one element.
	maxAttributes = 256
)

// span is a piece of a file.
type span struct{ start, end int }

// svg is an SVG file as far as it matters here.
type svg struct {
	data  []byte
	root  span // the start tag of the root element
	attrs []xml.Attr
	empty bool   // the root element is its start tag alone
	name  string // of the root element, as it is written
	drop  []span // document type declaration
	found []element
	// active says what would run or load something in a browser, "" when nothing
	// would.
	active string
}

// element is an element that a credential is in.
type element struct {
	span
	standard Standard
	verify   string // the attribute
	isSigned bool   // there is a verify attribute
	text     []byte
}

// svgReader goes through the tokens of an SVG.
type svgReader struct {
	*svg
	decoder  *xml.Decoder
	offset   int // of the decoder's input in the file
	depth    int
	elements int
	done     bool // the root element is closed
	inside   bool // the last of found is open
	typed    bool // there was a document type declaration
	style    styleReader
}

// parseSVG goes once through an SVG. What would have to be resolved or executed
// to know the text, entities, document types with a body, style sheets, is
// refused, and so is XML that is not well formed.
func parseSVG(data []byte) (*svg, error) {
	text := bytes.TrimPrefix(data, byteOrder)
	if !utf8.Valid(text) {
		return nil, malformed("the SVG is not UTF-8")
	}
	if crowded(text) {
		return nil, tooLarge("more attributes than an element of an SVG may have here")
	}
	r := &svgReader{svg: &svg{data: data}, offset: len(data) - len(text)}
	r.decoder = xml.NewDecoder(bytes.NewReader(text))
	for {
		start := r.at()
		token, err := r.decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && r.done:
			return r.svg, nil
		case err != nil:
			return nil, malformed("the SVG is not well-formed XML, or uses entities or an encoding that are not read here")
		}
		if err := r.take(token, span{start, r.at()}); err != nil {
			return nil, err
		}
	}
}

// crowded reports whether a start tag has too many attributes. The decoder would
// make all of them before it hands over the element.
func crowded(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '<')
		if at < 0 {
			return false
		}
		text = text[at:]
		end := ""
		switch {
		case bytes.HasPrefix(text, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(text, []byte("<![CDATA[")):
			end = "]]>"
		}
		if end != "" {
			_, rest, found := bytes.Cut(text, []byte(end))
			if !found {
				return false
			}
			text = rest
			continue
		}
		length, attributes := tag(text)
		if attributes > maxAttributes {
			return true
		}
		text = text[length:]
	}
}

// tag gives the length of the tag that text begins with, and how many attributes
// it has.
func tag(text []byte) (length, attributes int) {
	quote := byte(0)
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1, attributes
		case c == '"', c == '\'':
			quote = c
		case c == '=':
			attributes++
		}
	}
	return len(text), attributes
}

func (r *svgReader) at() int { return r.offset + int(r.decoder.InputOffset()) }

// take looks at one token.
func (r *svgReader) take(token xml.Token, at span) error {
	switch token := token.(type) {
	case xml.StartElement:
		return r.open(token, at)
	case xml.EndElement:
		r.lookAtEnd(r.depth)
		if r.depth--; r.depth == 0 {
			r.done, r.empty = true, at.start == at.end
		}
		if r.inside {
			r.found[len(r.found)-1].end, r.inside = at.end, false
		}
	case xml.CharData:
		switch {
		case r.inside:
			e := &r.found[len(r.found)-1]
			e.text = append(e.text, token...)
		case r.style.depth > 0:
			r.style.text.Write(token)
		case r.depth == 0 && len(bytes.TrimSpace(token)) > 0:
			return malformed("there is text outside the root element of the SVG")
		}
	case xml.Directive:
		if r.typed || r.depth > 0 || r.done || !bytes.HasPrefix(token, []byte("DOCTYPE")) || bytes.ContainsAny(token, "[]") {
			return malformed("the SVG has a document type of its own, which is not read here")
		}
		r.typed = true
		r.drop = append(r.drop, at)
	case xml.ProcInst:
		if token.Target != "xml" || at.start != r.offset {
			return malformed("the SVG has instructions for programs that read it")
		}
	case xml.Comment:
		if r.inside {
			return malformed("the element of the credential holds something else than the credential")
		}
	}
	return nil
}

// open looks at a start tag.
func (r *svgReader) open(start xml.StartElement, at span) error {
	r.depth++
	r.elements++
	switch {
	case r.elements > maxElements || r.depth > maxElementDepth || len(start.Attr) > maxAttributes:
		return tooLarge("more elements, levels or attributes than an SVG may have here")
	case r.inside:
		return malformed("the element of the credential holds something else than the credential")
	case r.depth == 1:
		if r.done || r.root.end > 0 {
			return malformed("the SVG has more than one root element")
		}
		if start.Name.Local != "svg" || start.Name.Space != svgNamespace && start.Name.Space != "" {
			return ErrFormat
		}
		r.root, r.attrs = at, slices.Clone(start.Attr)
		r.name = rawName(r.data[at.start:at.end])
	}
	if repeats(start.Attr) {
		return malformed("an element of the SVG has an attribute twice")
	}
	standard := elements[start.Name]
	if standard == 0 {
		r.lookAtStart(start)
		return nil
	}
	e := element{span: at, standard: standard}
	for _, a := range start.Attr {
		if a.Name == (xml.Name{Local: "verify"}) {
			e.verify, e.isSigned = a.Value, true
		}
	}
	if r.depth == 1 {
		return ErrFormat
	}
	r.found, r.inside = append(r.found, e), true
	return nil
}

// rawName gives the name of an element as its start tag has it.
func rawName(tag []byte) string {
	name := bytes.TrimPrefix(tag, []byte("<"))
	if end := bytes.IndexAny(name, " \t\r\n/>"); end >= 0 {
		name = name[:end]
	}
	return string(name)
}

// repeats reports whether an attribute is there twice, which the decoder lets
// pass.
func repeats(attributes []xml.Attr) bool {
	if len(attributes) > 16 {
		seen := make(map[xml.Name]bool, len(attributes))
		for _, a := range attributes {
			if seen[a.Name] {
				return true
			}
			seen[a.Name] = true
		}
		return false
	}
	for i, a := range attributes {
		for _, b := range attributes[:i] {
			if a.Name == b.Name {
				return true
			}
		}
	}
	return false
}

// candidates gives what the elements hold. Where there is a verify attribute it
// counts; a body beside it is a second reading of an Open Badges 3.0 credential,
// and of an older badge a copy for those who cannot verify.
func (s *svg) candidates() []candidate {
	var found []candidate
	for _, e := range s.found {
		body := bytes.TrimSpace(e.text)
		if !e.isSigned {
			found = append(found, candidate{standard: e.standard, text: body})
			continue
		}
		found = append(found, candidate{standard: e.standard, text: bytes.TrimSpace([]byte(e.verify))})
		if len(body) > 0 && e.standard != OpenBadges2 {
			found = append(found, candidate{standard: e.standard, text: body})
		}
	}
	return found
}

// bake puts a credential as the first element into the root element, in the
// place of those that were there.
func (s *svg) bake(credential []byte) []byte {
	drop := s.drop
	for _, e := range s.found {
		drop = append(drop, e.span)
	}
	slices.SortFunc(drop, func(a, b span) int { return a.start - b.start })
	var b bytes.Buffer
	written := 0
	copyTo := func(end int) {
		for ; len(drop) > 0 && drop[0].start < end; drop = drop[1:] {
			b.Write(s.data[written:drop[0].start])
			written = drop[0].end
		}
		b.Write(s.data[written:end])
		written = end
	}
	tag := len(">")
	if s.empty {
		tag = len("/>")
	}
	copyTo(s.root.end - tag)
	declared, own := s.declaration()
	b.WriteString(declared + ">")
	written = s.root.end
	writeElement(&b, own, credential)
	if s.empty {
		b.WriteString("</" + s.name + ">")
	}
	copyTo(len(s.data))
	return b.Bytes()
}

// declaration gives what declares the namespace: an attribute for the root
// element or, where the prefix has another meaning there, one for the element
// itself.
func (s *svg) declaration() (root, own string) {
	const declaration = ` xmlns:openbadges="` + openBadgesNamespace + `"`
	for _, a := range s.attrs {
		if a.Name == (xml.Name{Space: "xmlns", Local: "openbadges"}) {
			if a.Value == openBadgesNamespace {
				return "", ""
			}
			return "", declaration
		}
	}
	return declaration, ""
}

func writeElement(b *bytes.Buffer, declaration string, credential []byte) {
	b.WriteString("<openbadges:credential" + declaration)
	if credential[0] != '{' {
		b.WriteString(` verify="` + string(credential) + `"></openbadges:credential>`)
		return
	}
	b.WriteString("><![CDATA[")
	_, _ = escapeMarkup.WriteString(b, string(credential))
	b.WriteString("]]></openbadges:credential>")
}

// escapeMarkup escapes in JSON what has a meaning in XML, and what XML cannot
// hold at all. All of it stands in strings only.
var escapeMarkup = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "\ufffe", `\ufffe`, "\uffff", `\uffff`)
