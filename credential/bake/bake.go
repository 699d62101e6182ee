// Package bake puts credentials into pictures and takes them out again, as
// section 5.3 of Open Badges 3.0 has it: a PNG carries one in an iTXt chunk, an
// SVG in an element of its own. Badges of Open Badges 2.0 and Comprehensive
// Learner Records, whose pictures are made the same way under other names, are
// read too.
//
// No pixel is decoded and nothing a picture refers to is looked at. A picture in
// which two readers could see different badges is refused, in both directions;
// so is one that is not whole.
//
// What comes out is text that somebody wrote into a picture. Whether it is a
// credential, and whose, is for package verifier to say.
package bake

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"laurel/credential/strictjson"
)

// Limits of a picture and of what is in it.
const (
	MaxImage      = 5 << 20 // bytes
	MaxDimension  = 4096    // pixels, each way, of a PNG
	MaxCredential = 1 << 20 // bytes
)

// The errors. Every other than ErrNoCredential means that the picture is not to
// be used; the text says why and quotes nothing of it.
var (
	// ErrFormat says that the bytes are neither a PNG nor an SVG.
	ErrFormat = errors.New("neither a PNG nor an SVG")
	// ErrNoCredential says that the picture is sound and no badge is in it.
	ErrNoCredential = errors.New("no credential in the picture")
	// ErrMalformed says that the picture breaks the rules of its format, or
	// carries a credential in a way that no rule allows.
	ErrMalformed = errors.New("malformed picture")
	// ErrAmbiguous says that there is more than one credential in the picture.
	ErrAmbiguous = errors.New("more than one credential in the picture")
	// ErrTooLarge says that the picture, or what is in it, exceeds a limit.
	ErrTooLarge = errors.New("picture too large")
	// ErrActive says that an SVG has content that would run or load something in
	// a browser: no badge is written into it. Reading such a picture is possible.
	ErrActive = errors.New("active content in the picture")
	// ErrCredential says that what is to be baked is neither a JSON object nor a
	// compact JWS.
	ErrCredential = errors.New("neither a JSON credential nor a compact JWS")
)

func malformed(reason string) error { return fmt.Errorf("%w: %s", ErrMalformed, reason) }
func tooLarge(reason string) error  { return fmt.Errorf("%w: %s", ErrTooLarge, reason) }

// Format is what kind of picture it is.
type Format uint8

// The formats.
const (
	PNG Format = iota + 1
	SVG
)

// String names the format.
func (f Format) String() string {
	if f == SVG {
		return "SVG"
	}
	return "PNG"
}

// Standard is which specification the name says under which a credential was
// found. The credential itself may say something else.
type Standard uint8

// The standards, in the order in which they are preferred.
const (
	OpenBadges3 Standard = iota + 1
	CLR2
	OpenBadges2
)

// String names the standard.
func (s Standard) String() string {
	switch s {
	case OpenBadges3:
		return "Open Badges 3.0"
	case CLR2:
		return "Comprehensive Learner Record 2.0"
	default:
		return "Open Badges 2.0"
	}
}

// Baked is what was found in a picture.
type Baked struct {
	Format   Format
	Standard Standard
	// Credential is the JSON, the compact JWS or, of OpenBadges2 only, the URL
	// of a hosted assertion, without white space around it.
	Credential []byte
	// Irregular says how the picture departs from the specification without
	// leaving a doubt about the credential.
	Irregular []Irregularity
}

// Irregularity is something that is put up with.
type Irregularity string

// The irregularities.
const (
	// Compressed: the text is compressed, which the specification forbids.
	Compressed Irregularity = "compressed"
	// Repeated: the same credential is there more than once.
	Repeated Irregularity = "repeated"
	// OlderBadge: there is a badge of Open Badges 2.0 beside the credential.
	OlderBadge Irregularity = "older_badge"
)

var (
	pngSignature = []byte("\x89PNG\r\n\x1a\n")
	byteOrder    = []byte("\xef\xbb\xbf")
)

// svgHead is how far into a text the root element of an SVG must begin.
const svgHead = 8 << 10

// Detect tells the format of a picture by its first bytes, 0 when they are of
// no picture that a credential can be in.
func Detect(image []byte) Format {
	if bytes.HasPrefix(image, pngSignature) {
		return PNG
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(image, byteOrder), " \t\r\n")
	head := text[:min(len(text), svgHead)]
	if bytes.HasPrefix(text, []byte("<")) && (bytes.Contains(head, []byte("<svg")) || bytes.Contains(head, []byte(":svg"))) {
		return SVG
	}
	return 0
}

// Read takes the credential out of a picture. An Open Badges 3.0 credential goes
// before an Open Badges 2.0 badge beside it. The result shares no memory with
// the picture.
func Read(image []byte) (Baked, error) {
	var found []candidate
	var err error
	format := Detect(image)
	switch {
	case format == 0:
		return Baked{}, ErrFormat
	case len(image) > MaxImage:
		return Baked{}, tooLarge("more than 5 MiB")
	case format == PNG:
		var p *png
		if p, err = parsePNG(image); err == nil {
			found, err = p.candidates()
		}
	default:
		var s *svg
		if s, err = parseSVG(image); err == nil {
			found = s.candidates()
		}
	}
	if err != nil {
		return Baked{}, err
	}
	return choose(format, found)
}

// Write bakes a credential, a JSON object or a compact JWS, into a picture and
// returns the new picture. Whatever credential was in it is gone; everything
// else stays byte for byte, but for the document type declaration of an SVG,
// which is dropped. In an SVG the characters <, > and & of JSON are written
// \u003c, \u003e and \u0026, so that no reader of XML can take them for markup.
//
// An SVG with scripts, event handlers, foreign objects or references to anything
// outside of it is ErrActive.
//
// The same errors as for Read, except ErrNoCredential and ErrAmbiguous, and
// ErrActive and ErrCredential.
func Write(image, credential []byte) ([]byte, error) {
	credential = bytes.TrimSpace(credential)
	if len(credential) > MaxCredential {
		return nil, tooLarge("credential of more than 1 MiB")
	}
	if !isJSON(credential) && !isJWS(credential) {
		return nil, ErrCredential
	}
	var baked []byte
	format := Detect(image)
	switch {
	case format == 0:
		return nil, ErrFormat
	case len(image) > MaxImage:
		return nil, tooLarge("more than 5 MiB")
	case format == PNG:
		p, err := parsePNG(image)
		if err != nil {
			return nil, err
		}
		baked = p.bake(credential)
	default:
		s, err := parseSVG(image)
		if err != nil {
			return nil, err
		}
		if s.active != "" {
			return nil, fmt.Errorf("%w: %s", ErrActive, s.active)
		}
		baked = s.bake(credential)
	}
	// Nothing leaves here that would not come back.
	if _, err := Read(baked); err != nil {
		return nil, fmt.Errorf("reading baked picture again: %w", err)
	}
	return baked, nil
}

// candidate is a text in a picture that may be its credential.
type candidate struct {
	standard   Standard
	text       []byte
	compressed bool
}

// choose finds the one credential there is. Two that differ, or two of different
// standards, leave none; but an Open Badges 2.0 badge counts only where there is
// nothing else.
func choose(format Format, found []candidate) (Baked, error) {
	baked := Baked{Format: format}
	older := false
	var chosen *candidate
	for _, standard := range [...]Standard{OpenBadges3, CLR2, OpenBadges2} {
		for i := range found {
			c := &found[i]
			switch {
			case c.standard != standard:
			case chosen == nil:
				chosen = c
			case standard == OpenBadges2 && chosen.standard != OpenBadges2:
				older = true
			case c.standard != chosen.standard || !bytes.Equal(c.text, chosen.text):
				return Baked{}, ErrAmbiguous
			case !baked.has(Repeated):
				baked.Irregular = append(baked.Irregular, Repeated)
			}
		}
	}
	if chosen == nil {
		return Baked{}, ErrNoCredential
	}
	if err := chosen.check(); err != nil {
		return Baked{}, err
	}
	if chosen.compressed {
		baked.Irregular = append(baked.Irregular, Compressed)
	}
	if older {
		baked.Irregular = append(baked.Irregular, OlderBadge)
	}
	baked.Standard, baked.Credential = chosen.standard, bytes.Clone(chosen.text)
	return baked, nil
}

func (b *Baked) has(irregularity Irregularity) bool {
	for _, i := range b.Irregular {
		if i == irregularity {
			return true
		}
	}
	return false
}

// check looks at the shape of a text, not at what it says: braces for JSON,
// three parts for a JWS, a scheme for the address of a hosted assertion.
func (c *candidate) check() error {
	text := c.text
	switch {
	case len(text) > MaxCredential:
		return tooLarge("credential of more than 1 MiB")
	case len(text) == 0:
		return malformed("the place of the credential is empty")
	case !utf8.Valid(text):
		return malformed("the credential is not UTF-8")
	case text[0] == '{', isJWS(text):
		return nil
	case c.standard == OpenBadges2 && (bytes.HasPrefix(text, []byte("https://")) || bytes.HasPrefix(text, []byte("http://"))):
		return nil
	}
	return malformed("what stands in the place of the credential is neither JSON nor a compact JWS")
}

func isJSON(text []byte) bool {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	_, err := strictjson.Parse(text)
	return err == nil
}

var compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

func isJWS(text []byte) bool { return compactJWS.Match(text) }
