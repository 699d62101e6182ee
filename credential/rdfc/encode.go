package rdfc

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Canonical N-Quads, RDFC-1.0 section 5. A term is appended as it is and then
// looked at where it lies; what is not plain is looked at again.

// What a byte is not plain for.
const (
	notIRI      uint8 = 1 << iota // in an IRI: controls, space and <>"{}|^`\
	notText                       // in a literal: controls, " and \
	beyondASCII                   // it takes a look at the character
)

var classes = func() (classes [256]uint8) {
	for c := range classes {
		switch {
		case c >= utf8.RuneSelf:
			classes[c] = beyondASCII
		case c < ' ' || c == 0x7f || c == '"' || c == '\\':
			classes[c] = notIRI | notText
		}
	}
	for _, c := range " <>{}|^`" {
		classes[c] = notIRI
	}
	return classes
}()

// classify joins the classes of bytes.
func classify(b []byte) (found uint8) {
	for ; len(b) >= 8; b = b[8:] {
		found |= classes[b[0]] | classes[b[1]] | classes[b[2]] | classes[b[3]] |
			classes[b[4]] | classes[b[5]] | classes[b[6]] | classes[b[7]]
	}
	for _, c := range b {
		found |= classes[c]
	}
	return found
}

// isPlainText reports that no byte of a text has a class that keeps it from
// being a literal as it stands. It looks at eight bytes at a time and may fail
// to recognise a plain text.
func isPlainText(b []byte) bool {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		word := binary.LittleEndian.Uint64(b)
		quote := word ^ low*'"'
		backslash := word ^ low*'\\'
		// Below 0x20, equal to either, 0x7f, or beyond ASCII.
		if ((word-low*0x20)|(quote-low)|(backslash-low)|(word+low)|word)&high != 0 {
			return false
		}
	}
	return classify(b)&(notText|beyondASCII) == 0
}

// appendIRI appends an IRI in angle brackets, or says why it is none.
func appendIRI(dst []byte, iri string) ([]byte, string) {
	dst = append(dst, '<')
	start := len(dst)
	dst = append(dst, iri...)
	b := dst[start:]
	if !hasScheme(b) {
		return dst, "IRI without a scheme"
	}
	if classify(b)&(notIRI|beyondASCII) != 0 {
		if reason := checkIRI(b); reason != "" {
			return dst, reason
		}
	}
	return append(dst, '>'), ""
}

// checkIRI says what in an IRI may not stand there.
func checkIRI(b []byte) (reason string) {
	for len(b) > 0 {
		size := 1
		switch c := b[0]; {
		case c >= utf8.RuneSelf:
			var r rune
			r, size = utf8.DecodeRune(b)
			if r == utf8.RuneError && size == 1 {
				return "IRI is not valid UTF-8"
			}
			if r < 0xa0 || r == 0xfffe || r == 0xffff {
				return "character not allowed in an IRI"
			}
		case c <= ' ', c == 0x7f:
			return "character not allowed in an IRI"
		default:
			switch c {
			case '<', '>', '"', '{', '}', '|', '^', '`', '\\':
				return "character not allowed in an IRI"
			}
		}
		b = b[size:]
	}
	return ""
}

// hasScheme reports whether an IRI is absolute: RDF 1.1 knows no relative ones.
func hasScheme(iri []byte) bool {
	if len(iri) > 6 && (string(iri[:6]) == "https:" || string(iri[:5]) == "http:") {
		return true
	}
	for i, c := range iri {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && c == ':':
			return true
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return false
}

// appendLiteral appends a literal, or says why it is none.
func appendLiteral(dst []byte, t *Term) ([]byte, string) {
	dst = append(dst, '"')
	dst, valid := appendText(dst, t.Value)
	if !valid {
		return dst, "literal is not valid UTF-8"
	}
	dst = append(dst, '"')
	switch {
	case t.Language != "":
		if t.Datatype != "" && t.Datatype != RDFLangString {
			return dst, "language tag on a literal of another datatype"
		}
		if !validLanguage(t.Language) {
			return dst, "malformed language tag"
		}
		dst = append(dst, '@')
		return append(dst, t.Language...), ""
	case t.Datatype == "" || t.Datatype == XSDString:
		return dst, ""
	case t.Datatype == RDFLangString:
		return dst, "literal of datatype rdf:langString without a language tag"
	}
	return appendIRI(append(dst, '^', '^'), t.Datatype)
}

// appendText appends the lexical form of a literal and reports whether it is
// valid UTF-8.
func appendText[T string | []byte](dst []byte, form T) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, form...)
	b := dst[start:]
	if isPlainText(b) {
		return dst, true
	}
	found := classify(b)
	switch {
	case found&(notText|beyondASCII) == 0:
		return dst, true
	case found&beyondASCII != 0 && !utf8.Valid(b):
		return dst, false
	case found&notText == 0 && !bytes.Contains(b, []byte("\xef\xbf")): // where U+FFFE and U+FFFF would be
		return dst, true
	}
	return appendEscaped(dst[:start], form), true
}

// appendEscaped appends the lexical form of a literal with its escapes.
func appendEscaped[T string | []byte](dst []byte, form T) []byte {
	const hex = "0123456789ABCDEF"
	done := 0 // up to where form is written
	for i := range len(form) {
		c := form[i]
		switch {
		case c == 0xbe || c == 0xbf: // U+FFFE and U+FFFF are not Chars of XML 1.1
			if i >= 2 && form[i-2] == 0xef && form[i-1] == 0xbf {
				dst = append(append(dst, form[done:i-2]...), '\\', 'u', 'F', 'F', 'F', hex[c&15])
				done = i + 1
			}
		case classes[c]&notText != 0:
			dst = append(append(dst, form[done:i]...), '\\')
			if letter := letters[c]; letter != 0 {
				dst = append(dst, letter)
			} else {
				dst = append(dst, 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			done = i + 1
		}
	}
	return append(dst, form[done:]...)
}

// letters are what stands behind the backslash of the short escapes.
var letters = [256]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}

// validLanguage reports whether a language tag has the form of BCP 47:
// subtags of one to eight letters or digits, the first of letters only.
func validLanguage(tag string) bool {
	length, first := 0, true
	for i := 0; i < len(tag); i++ {
		c := tag[i]
		switch {
		case c == '-':
			if length == 0 {
				return false
			}
			length, first = 0, false
			continue
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case '0' <= c && c <= '9' && !first:
		default:
			return false
		}
		if length++; length > 8 {
			return false
		}
	}
	return length > 0
}

// validLabel reports whether a label, without its "_:", is a
// BLANK_NODE_LABEL of N-Quads.
func validLabel(label string) bool {
	last := rune('.')
	for i, r := range label {
		if !labelRune(r) && (i == 0 || !labelInnerRune(r)) {
			return false
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(label[i:]); size == 1 {
				return false
			}
		}
		last = r
	}
	return last != '.'
}

// labelRune is PN_CHARS_U or a digit.
func labelRune(r rune) bool {
	switch {
	case r < 0x80:
		return 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || r == '_' || r == ':'
	case r < 0x300:
		return r >= 0xc0 && r != 0xd7 && r != 0xf7
	}
	return 0x370 <= r && r <= 0x1fff && r != 0x37e ||
		r == 0x200c || r == 0x200d ||
		0x2070 <= r && r <= 0x218f || 0x2c00 <= r && r <= 0x2fef ||
		0x3001 <= r && r <= 0xd7ff || 0xf900 <= r && r <= 0xfdcf ||
		0xfdf0 <= r && r <= 0xfffd || 0x10000 <= r && r <= 0xeffff
}

// labelInnerRune is what PN_CHARS and the full stop add to labelRune.
func labelInnerRune(r rune) bool {
	return r == '-' || r == '.' || r == 0xb7 || 0x300 <= r && r <= 0x36f || r == 0x203f || r == 0x2040
}
