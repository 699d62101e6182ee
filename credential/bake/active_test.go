package bake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// Whatever runs or loads something is refused when writing and put up with when
// reading: the badge in a picture that somebody else made can still be checked.
func TestActiveContent(t *testing.T) {
	const element = "<openbadges:credential>" + someJSON + "</openbadges:credential>"
	for name, body := range map[string]string{
		"script":                    `<script>alert(1)</script>`,
		"script in capitals":        `<SCRIPT/>`,
		"script with a prefix":      `<s:script xmlns:s="http://www.w3.org/2000/svg" href="#a"/>`,
		"script of no namespace":    `<script xmlns=""/>`,
		"script deep inside":        `<g><g><defs><script/></defs></g></g>`,
		"handler":                   `<g onload="a()"/>`,
		"handler in capitals":       `<g ONCLICK="a()"/>`,
		"handler with a prefix":     `<g x:onload="a()" xmlns:x="urn:x"/>`,
		"foreign object":            `<foreignObject/>`,
		"HTML":                      `<p xmlns="http://www.w3.org/1999/xhtml"/>`,
		"frame":                     `<iframe/>`,
		"picture from elsewhere":    `<image href="https://example.org/a.png"/>`,
		"picture from beside":       `<image href="a.png"/>`,
		"picture of another host":   `<image xlink:href="//example.org/a" xmlns:xlink="http://www.w3.org/1999/xlink"/>`,
		"undeclared prefix":         `<use xlink:href="a.svg#a"/>`,
		"script as a reference":     `<a href=" JavaScript:alert(1)"/>`,
		"letters as numbers":        `<a href="&#106;avascript:alert(1)"/>`,
		"SVG in a data URL":         `<image href="data:image/svg+xml;base64,PHN2Zy8+"/>`,
		"text in a data URL":        `<image href="data:text/html,a"/>`,
		"animated reference":        `<set attributeName="xlink:href" to="a"/>`,
		"animated handler":          `<animate attributeName=" onload" to="a"/>`,
		"base":                      `<g xml:base="https://example.org/"/>`,
		"style sheet":               `<style>@import "a.css";</style>`,
		"style sheet in pieces":     `<style>@im<!-- -->po<![CDATA[rt]]> "a.css";</style>`,
		"style with an element":     `<style>@im<g/>port "a";</style>`,
		"style that loads":          `<style>g{fill:url( 'https://example.org/a')}</style>`,
		"second style that loads":   `<style>g{fill:url(#a)}</style><g><style>g{fill:URL(a)}</style></g>`,
		"style with an escape":      `<style>g{fill:u\72l(a)}</style>`,
		"style of an element":       `<g style="background:url(//example.org)"/>`,
		"style with a set":          `<g style="background:image-set('a' 1x)"/>`,
		"paint from elsewhere":      `<g fill="url(a.svg#a)"/>`,
		"paint with an escape":      `<g fill="u\72l(a)"/>`,
		"second paint":              `<g fill="url(#a) url(b)"/>`,
		"animation to an outside":   `<animate attributeName="fill" values="url(#a);url(b)"/>`,
		"behind the badge":          element + `<script/>`,
		"older handler with a name": `<handler type="application/ecmascript"/>`,
	} {
		t.Run(name, func(t *testing.T) {
			if written, err := Write([]byte(svgOf(body)), []byte(someJWS)); !errors.Is(err, ErrActive) || written != nil {
				t.Errorf("writing: %v", err)
			} else if !strings.Contains(err.Error(), ": ") {
				t.Errorf("nothing is said of what it is: %v", err)
			}
			if got, err := Read([]byte(svgOf(strings.Replace(body, element, "", 1) + element))); err != nil || string(got.Credential) != someJSON {
				t.Errorf("reading: %v", err)
			}
		})
	}
	if _, err := Write([]byte(`<svg onload="a()"/>`), []byte(someJWS)); !errors.Is(err, ErrActive) {
		t.Errorf("the root element: %v", err)
	}
}

func TestPassiveContent(t *testing.T) {
	for name, body := range map[string]string{
		"reference within":     `<defs><g id="a"/></defs><use href="#a"/><use xlink:href="#a" xmlns:xlink="http://www.w3.org/1999/xlink"/>`,
		"picture within":       `<image href="data:image/png;base64,iVBORw0KGgo="/>`,
		"style":                `<style type="text/css"><![CDATA[ .a{fill:#fff;stroke:url(#b);filter:url("#c")} ]]></style>`,
		"attributes":           `<g style="fill:url(#a)" clip-path="url('#b')" transform="rotate(45) translate(1,2)"/>`,
		"metadata":             `<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><a rdf:resource="https://example.org/"/></rdf:RDF></metadata>`,
		"animation":            `<animate attributeName="opacity" values="0;1" dur="1s"/>`,
		"text about a script":  `<text>&lt;script&gt; onload=a url(b)</text><!-- <script/> -->`,
		"empty reference":      `<a href=""/>`,
		"name that begins so":  `<scripts/>`,
		"a prefix that is one": `<g xmlns:onload="urn:x"/>`,
	} {
		written, err := Write([]byte(svgOf(body)), []byte(someJWS))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Contains(written, []byte(body)) {
			t.Errorf("%s: it was changed: %s", name, written)
		}
	}
}

// passive fails the test when an SVG that was written has content of the plain
// kinds of active content. It reads the file on its own.
func passive(t *testing.T, picture []byte) {
	t.Helper()
	for decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(picture, byteOrder))); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if name := start.Name.Local; strings.EqualFold(name, "script") || strings.EqualFold(name, "foreignObject") {
			t.Fatalf("written with %s: %q", name, picture)
		}
		for _, a := range start.Attr {
			name, value := strings.ToLower(a.Name.Local), strings.TrimSpace(a.Value)
			isHandler := a.Name.Space != "xmlns" && strings.HasPrefix(name, "on")
			if isHandler || a.Name.Space != "xmlns" && name == "href" && value != "" && value[0] != '#' && !strings.HasPrefix(strings.ToLower(value), "data:image/") {
				t.Fatalf("written with %s=%q: %q", name, value, picture)
			}
		}
	}
}
