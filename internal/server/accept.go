package server

import (
	"mime"
	"strconv"
	"strings"
)

// accepted is one entry of an Accept header.
type accepted struct {
	kind, subtype string
	quality       float64
}

// acceptance is an Accept header (RFC 9110 section 12.5.1), read.
type acceptance []accepted

// parseAccept leaves out what it cannot read.
func parseAccept(header string) acceptance {
	var a acceptance
	for entry := range strings.SplitSeq(header, ",") {
		name, params, err := mime.ParseMediaType(entry)
		kind, subtype, ok := strings.Cut(name, "/")
		if err != nil || !ok {
			continue
		}
		quality := 1.0
		if q, ok := params["q"]; ok {
			if quality, err = strconv.ParseFloat(q, 64); err != nil || !(quality >= 0 && quality <= 1) {
				continue
			}
		}
		a = append(a, accepted{kind, subtype, quality})
		if len(a) == 32 {
			break
		}
	}
	return a
}

// quality is how much the client wants a media type, 0 for not at all. The most
// specific entry counts. An empty header asks for nothing in particular.
func (a acceptance) quality(mediaType string) float64 {
	kind, subtype, _ := strings.Cut(mediaType, "/")
	best, quality := 0, 0.0
	for _, entry := range a {
		specific := 0
		switch {
		case entry.kind == kind && entry.subtype == subtype:
			specific = 3
		case entry.kind == kind && entry.subtype == "*":
			specific = 2
		case entry.kind == "*" && entry.subtype == "*":
			specific = 1
		}
		if specific > best {
			best, quality = specific, entry.quality
		}
	}
	return quality
}

// choose picks the media type that the client likes best, of equal ones the
// first. One that likes none gets the first: the type says what it is, and
// refusing would help nobody.
func choose(header string, offers []string) string {
	accept := parseAccept(header)
	chosen, quality := offers[0], accept.quality(offers[0])
	for _, offer := range offers[1:] {
		if q := accept.quality(offer); q > quality {
			chosen, quality = offer, q
		}
	}
	return chosen
}
