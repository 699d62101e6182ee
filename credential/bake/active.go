package bake

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// What no picture that is written here may hold: in a browser it would run, or
// tell others who looks at the badge. The names are compared without case and in
// every namespace; a name too many costs a picture, one too few its viewers.
var (
	activeElements = map[string]string{
		"script": "a script", "handler": "a script", "listener": "a script",
		"foreignobject": "a foreign object", "iframe": "another document", "embed": "another document", "object": "another document",
		"audio": "sound", "video": "a film", "animation": "another document", "canvas": "a canvas", "link": "a style sheet from outside",
	}
	// activeStyles load something without url( or run something, in one browser
	// or another.
	activeStyles = []string{"@import", "image-set(", "image(", "src(", "expression(", "-moz-binding", "behavior", "javascript:"}
	// rasters are how the address of a picture begins that is in the file itself
	// and can have nothing active in it.
	rasters = []string{"data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;"}
)

const (
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace"
)

// activeIn says in words what is active about an element, "" when nothing is.
func activeIn(start xml.StartElement) string {
	if words := activeElements[strings.ToLower(start.Name.Local)]; words != "" {
		return words
	}
	if start.Name.Space == xhtmlNamespace {
		return "a foreign object"
	}
	for _, a := range start.Attr {
		if words := activeAttribute(a); words != "" {
			return words
		}
	}
	return ""
}

func activeAttribute(a xml.Attr) string {
	name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.TrimSpace(a.Value))
	switch {
	case a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}):
		return ""
	case strings.HasPrefix(name, "on"):
		return "an event handler"
	case name == "href" || name == "src" || name == "ping":
		if value != "" && !isWithin(value) {
			return "a reference to something outside of it"
		}
	case name == "base" && (a.Name.Space == "xml" || a.Name.Space == xmlNamespace):
		return "a base for its references"
	case name == "attributename" && (strings.HasSuffix(value, "href") || strings.HasPrefix(value, "on")):
		return "an animated reference"
	}
	// Every attribute may be one that CSS reads.
	if name == "style" || strings.Contains(value, "(") || strings.Contains(value, "javascript:") {
		return activeStyle(value)
	}
	return ""
}

// isWithin reports whether a reference, in lower case, leads to the picture
// itself.
func isWithin(reference string) bool {
	if strings.HasPrefix(reference, "#") {
		return true
	}
	for _, raster := range rasters {
		if strings.HasPrefix(reference, raster) {
			return true
		}
	}
	return false
}

// activeStyle says what is active about CSS. An escape in it could write any of
// the words in another way.
func activeStyle(style string) string {
	style = strings.ToLower(style)
	if strings.Contains(style, `\`) {
		return "an escape in its style"
	}
	for _, word := range activeStyles {
		if strings.Contains(style, word) {
			return "a style that loads or runs something"
		}
	}
	for {
		_, rest, found := strings.Cut(style, "url(")
		if !found {
			return ""
		}
		style = strings.TrimLeft(rest, " \t\r\n\f\"'")
		if !isWithin(style) {
			return "a reference to something outside of it"
		}
	}
}

// styleReader gathers the text of a style element, which may stand in pieces.
type styleReader struct {
	depth int // of the element; 0 outside of one
	text  bytes.Buffer
}

// lookAtStart notes what is active about an element that is no credential.
func (r *svgReader) lookAtStart(start xml.StartElement) {
	words := activeIn(start)
	switch {
	case r.style.depth > 0:
		words = "an element in its style"
	case strings.EqualFold(start.Name.Local, "style"):
		r.style.depth = r.depth
	}
	r.note(words)
}

// lookAtEnd reads a style when its element ends. depth is that of what ends.
func (r *svgReader) lookAtEnd(depth int) {
	if r.style.depth == 0 || depth != r.style.depth {
		return
	}
	r.note(activeStyle(r.style.text.String()))
	r.style.depth = 0
	r.style.text.Reset()
}

func (r *svgReader) note(words string) {
	if r.active == "" {
		r.active = words
	}
}
