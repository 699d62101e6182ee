package rdfc

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError reports text that is not N-Quads.
type SyntaxError struct {
	// Line counts from 1.
	Line   int
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parsing N-Quads: line %d: %s", e.Line, e.Reason)
}

// ParseNQuads reads an N-Quads document (RDF 1.1 N-Quads). It is meant for
// tests and tools: credentials reach Canonicalize through JSON-LD. Quads come
// in the order of the document and are not deduplicated, and every one of them
// is acceptable to Canonicalize. The error is a *SyntaxError.
func ParseNQuads(data []byte) ([]Quad, error) {
	var quads []Quad
	number := 0
	for len(data) > 0 {
		number++
		end := bytes.IndexAny(data, "\r\n")
		text := data
		switch {
		case end < 0:
			data = nil
		case data[end] == '\r' && end+1 < len(data) && data[end+1] == '\n':
			text, data = data[:end], data[end+2:]
		default:
			text, data = data[:end], data[end+1:]
		}
		if !utf8.Valid(text) {
			return nil, &SyntaxError{Line: number, Reason: "invalid UTF-8"}
		}
		p := parser{rest: string(text)}
		p.space()
		if p.done() {
			continue
		}
		quad, reason := p.quad()
		if reason == "" {
			reason = check(&quad)
		}
		if reason != "" {
			return nil, &SyntaxError{Line: number, Reason: reason}
		}
		quads = append(quads, quad)
	}
	return quads, nil
}

// check holds a quad to the rules Canonicalize has.
func check(quad *Quad) (reason string) {
	w := workspaces.Get().(*workspace)
	defer w.release()
	r := &record{}
	if reason := w.loadSubject(r, &quad.Subject); reason != "" {
		return "subject: " + reason
	}
	if position, reason := w.loadQuad(r, quad); reason != "" {
		return position + ": " + reason
	}
	return ""
}

// parser reads one line.
type parser struct{ rest string }

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// done reports whether only a comment is left.
func (p *parser) done() bool { return p.rest == "" || p.rest[0] == '#' }

func (p *parser) quad() (q Quad, reason string) {
	for _, place := range []*Term{&q.Subject, &q.Predicate, &q.Object} {
		if *place, reason = p.term(); reason != "" {
			return q, reason
		}
		p.space()
	}
	if !strings.HasPrefix(p.rest, ".") {
		if q.Graph, reason = p.term(); reason != "" {
			return q, reason
		}
		p.space()
	}
	if !strings.HasPrefix(p.rest, ".") {
		return q, "full stop expected"
	}
	p.rest = p.rest[1:]
	if p.space(); !p.done() {
		return q, "text after the full stop"
	}
	return q, ""
}

func (p *parser) term() (t Term, reason string) {
	switch {
	case strings.HasPrefix(p.rest, "<"):
		t.Kind = IRI
		t.Value, reason = p.iri()
	case strings.HasPrefix(p.rest, "_:"):
		t.Kind = BlankNode
		t.Value = p.label()
	case strings.HasPrefix(p.rest, `"`):
		t.Kind = Literal
		if t.Value, reason = p.quoted(); reason != "" {
			return t, reason
		}
		switch {
		case strings.HasPrefix(p.rest, "@"):
			end := 1
			for end < len(p.rest) && p.rest[end] != ' ' && p.rest[end] != '\t' && p.rest[end] != '.' && p.rest[end] != '<' && p.rest[end] != '_' {
				end++
			}
			t.Language, p.rest = p.rest[1:end], p.rest[end:]
			if t.Language == "" {
				reason = "empty language tag"
			}
		case strings.HasPrefix(p.rest, "^^<"):
			p.rest = p.rest[2:]
			if t.Datatype, reason = p.iri(); reason == "" && t.Datatype == "" {
				reason = "empty datatype"
			}
		}
	default:
		reason = "term expected"
	}
	return t, reason
}

// label reads a blank node label: all that may stand in one, but no full stop
// at its end.
func (p *parser) label() string {
	rest := p.rest[2:]
	end := 0
	for i, r := range rest {
		if !labelRune(r) && !labelInnerRune(r) {
			break
		}
		if r != '.' {
			end = i + utf8.RuneLen(r)
		}
	}
	p.rest = rest[end:]
	return rest[:end]
}

func (p *parser) iri() (value, reason string) {
	end := strings.IndexByte(p.rest, '>')
	if end < 0 {
		return "", "unterminated IRI"
	}
	raw := p.rest[1:end]
	p.rest = p.rest[end+1:]
	return unescape(raw, false)
}

func (p *parser) quoted() (value, reason string) {
	for end := 1; end < len(p.rest); end++ {
		switch p.rest[end] {
		case '\\':
			end++
		case '"':
			raw := p.rest[1:end]
			p.rest = p.rest[end+1:]
			return unescape(raw, true)
		}
	}
	return "", "unterminated literal"
}

// unescape undoes UCHAR and, in a literal, ECHAR escapes.
func unescape(raw string, literal bool) (value, reason string) {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw, ""
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		if i++; i == len(raw) {
			return "", "unfinished escape"
		}
		if at := strings.IndexByte(`tbnrf"'\`, raw[i]); literal && at >= 0 {
			b.WriteByte("\t\b\n\r\f\"'\\"[at])
			continue
		}
		digits := map[byte]int{'u': 4, 'U': 8}[raw[i]]
		if digits == 0 || i+digits >= len(raw) {
			return "", "unknown escape"
		}
		code, err := strconv.ParseUint(raw[i+1:i+1+digits], 16, 32)
		if err != nil || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
			return "", "escape that is no character"
		}
		b.WriteRune(rune(code))
		i += digits
	}
	return b.String(), ""
}
