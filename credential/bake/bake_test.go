package bake

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	imagepng "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/testdata"
)

const (
	someJSON  = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x:1"}`
	otherJSON = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x:2"}`
	someJWS   = "eyJhbGciOiJFUzI1NiJ9.eyJpZCI6InVybjp4OjEifQ.c2lnbmF0dXJl"
)

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := imagepng.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func text(kind, head, body string) []byte { return appendChunk(nil, kind, head, []byte(body)) }

func baked(keyword, body string) []byte { return text("iTXt", keyword+"\x00\x00\x00\x00\x00", body) }

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// with puts chunks behind the header.
func with(t testing.TB, chunks ...[]byte) []byte {
	p := picture(t)
	const header = 8 + 12 + 13
	return bytes.Join([][]byte{p[:header], bytes.Join(chunks, nil), p[header:]}, nil)
}

func sized(t testing.TB, width, height uint32) []byte {
	p := picture(t)
	binary.BigEndian.PutUint32(p[16:], width)
	binary.BigEndian.PutUint32(p[20:], height)
	binary.BigEndian.PutUint32(p[29:], crc32.ChecksumIEEE(p[12:29]))
	return p
}

func svgOf(body string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">` + body + `<g/></svg>`
}

func TestReadRefuses(t *testing.T) {
	const element = "<openbadges:credential>" + someJSON + "</openbadges:credential>"
	whole := with(t, baked("openbadgecredential", someJSON))
	badSum := bytes.Clone(whole)
	badSum[60] ^= 1
	long := bytes.Clone(whole)
	binary.BigEndian.PutUint32(long[33:], 1<<31)
	tests := map[string]struct {
		image []byte
		want  error
	}{
		"nothing":            {nil, ErrFormat},
		"text":               {[]byte("hello"), ErrFormat},
		"JPEG":               {[]byte("\xff\xd8\xff\xe0"), ErrFormat},
		"HTML":               {[]byte("<html><svg/></html>"), ErrFormat},
		"no credential":      {picture(t), ErrNoCredential},
		"two that differ":    {with(t, baked("openbadgecredential", someJSON), baked("openbadgecredential", otherJSON)), ErrAmbiguous},
		"CLR and badge":      {with(t, baked("openbadgecredential", someJSON), baked("clrcredential", otherJSON)), ErrAmbiguous},
		"two older":          {with(t, baked("openbadges", someJSON), text("tEXt", "openbadges\x00", "https://example.org/a")), ErrAmbiguous},
		"tEXt":               {with(t, text("tEXt", "openbadgecredential\x00", someJSON)), ErrMalformed},
		"zTXt":               {with(t, text("zTXt", "openbadgecredential\x00\x00", deflate(someJSON))), ErrMalformed},
		"tEXt beside iTXt":   {with(t, baked("openbadgecredential", someJSON), text("tEXt", "openbadgecredential\x00", otherJSON)), ErrMalformed},
		"bomb":               {with(t, text("iTXt", "openbadgecredential\x00\x01\x00\x00\x00", deflate("{"+strings.Repeat(" ", 20<<20)))), ErrTooLarge},
		"zTXt bomb":          {with(t, text("zTXt", "openbadges\x00\x00", deflate(strings.Repeat(" ", 20<<20)))), ErrTooLarge},
		"broken zlib":        {with(t, text("iTXt", "openbadgecredential\x00\x01\x00\x00\x00", "nonsense")), ErrMalformed},
		"trailing zlib":      {with(t, text("iTXt", "openbadgecredential\x00\x01\x00\x00\x00", deflate(someJSON)+"x")), ErrMalformed},
		"flag 2":             {with(t, text("iTXt", "openbadgecredential\x00\x02\x00\x00\x00", someJSON)), ErrMalformed},
		"cut chunk":          {with(t, text("iTXt", "openbadgecredential\x00\x00\x00en", "")), ErrMalformed},
		"empty":              {with(t, baked("openbadgecredential", " ")), ErrMalformed},
		"no credential text": {with(t, baked("openbadgecredential", "https://example.org/badge")), ErrMalformed},
		"bad UTF-8":          {with(t, baked("openbadgecredential", "{\"a\":\"\xff\"}")), ErrMalformed},
		"checksum":           {badSum, ErrMalformed},
		"long chunk":         {long, ErrMalformed},
		"cut":                {whole[:len(whole)-5], ErrMalformed},
		"trailing":           {append(bytes.Clone(whole), 0), ErrMalformed},
		"second picture":     {append(bytes.Clone(whole), whole...), ErrMalformed},
		"second header":      {with(t, text("IHDR", string(whole[16:29]), "")), ErrMalformed},
		"many chunks":        {with(t, bytes.Repeat(text("tEXt", "a\x00", ""), 1000)), ErrTooLarge},
		"wide":               {sized(t, 4097, 1), ErrTooLarge},
		"high":               {sized(t, 1, 30000), ErrTooLarge},
		"flat":               {sized(t, 0, 1), ErrMalformed},
		"huge":               {append(bytes.Clone(whole), make([]byte, MaxImage)...), ErrTooLarge},

		"SVG without":          {[]byte(svgOf("")), ErrNoCredential},
		"other namespace":      {[]byte(`<svg xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0/">` + element + `</svg>`), ErrNoCredential},
		"no namespace":         {[]byte(`<svg>` + element + `</svg>`), ErrNoCredential},
		"two elements":         {[]byte(svgOf(element + strings.Replace(element, "urn:x:1", "urn:x:2", 1))), ErrAmbiguous},
		"verify and body":      {[]byte(svgOf(`<openbadges:credential verify="` + someJWS + `">` + someJSON + `</openbadges:credential>`)), ErrAmbiguous},
		"verify twice":         {[]byte(svgOf(`<openbadges:credential verify="` + someJWS + `" verify="a.b.c"/>`)), ErrMalformed},
		"comment inside":       {[]byte(svgOf(`<openbadges:credential>{<!-- -->}</openbadges:credential>`)), ErrMalformed},
		"element inside":       {[]byte(svgOf(`<openbadges:credential>{}<g/></openbadges:credential>`)), ErrMalformed},
		"entity":               {[]byte(`<!DOCTYPE svg [<!ENTITY a "b">]>` + svgOf(element)), ErrMalformed},
		"undeclared entity":    {[]byte(svgOf("&a;" + element)), ErrMalformed},
		"two document types":   {[]byte(`<!DOCTYPE svg><!DOCTYPE svg>` + svgOf(element)), ErrMalformed},
		"style sheet":          {[]byte(`<?xml-stylesheet href="a"?>` + svgOf(element)), ErrMalformed},
		"UTF-16":               {[]byte(`<?xml version="1.0" encoding="utf-16"?>` + svgOf(element)), ErrMalformed},
		"two roots":            {[]byte(svgOf(element) + `<svg/>`), ErrMalformed},
		"text after":           {[]byte(svgOf(element) + `x`), ErrMalformed},
		"open":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg">`), ErrMalformed},
		"crossed":              {[]byte(`<svg><a><b></a></b></svg>`), ErrMalformed},
		"deep":                 {[]byte(`<svg>` + strings.Repeat("<g>", 300) + strings.Repeat("</g>", 300) + `</svg>`), ErrTooLarge},
		"many attributes":      {[]byte(`<svg><g ` + attributes(300) + `/></svg>`), ErrTooLarge},
		"attribute of many":    {[]byte(`<svg><g ` + attributes(30) + ` a1=""/></svg>`), ErrMalformed},
		"credential as root":   {[]byte(`<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0"><svg/></o:credential>`), ErrFormat},
		"empty element":        {[]byte(svgOf(`<openbadges:credential/>`)), ErrMalformed},
		"URL in verify of 3.0": {[]byte(svgOf(`<openbadges:credential verify="https://example.org/"/>`)), ErrMalformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Read(test.image)
			if !errors.Is(err, test.want) || got.Credential != nil {
				t.Errorf("Read: %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)) + `=""`)
	}
	return strings.Replace(b.String(), "a001", "a1", 1)
}

func TestRead(t *testing.T) {
	tests := map[string]struct {
		image []byte
		want  Baked
	}{
		"JSON": {with(t, baked("openbadgecredential", " "+someJSON+"\n")), Baked{PNG, OpenBadges3, []byte(someJSON), nil}},
		"JWS":  {with(t, baked("openbadgecredential", someJWS)), Baked{PNG, OpenBadges3, []byte(someJWS), nil}},
		"CLR":  {with(t, baked("clrcredential", someJSON)), Baked{PNG, CLR2, []byte(someJSON), nil}},
		"with a language": {
			with(t, text("iTXt", "openbadgecredential\x00\x00\x00en\x00badge\x00", someJSON)), Baked{PNG, OpenBadges3, []byte(someJSON), nil},
		},
		"compressed": {
			with(t, text("iTXt", "openbadgecredential\x00\x01\x00\x00\x00", deflate(someJSON))),
			Baked{PNG, OpenBadges3, []byte(someJSON), []Irregularity{Compressed}},
		},
		"the same twice": {
			with(t, baked("openbadgecredential", someJSON), baked("openbadgecredential", someJSON)),
			Baked{PNG, OpenBadges3, []byte(someJSON), []Irregularity{Repeated}},
		},
		"older beside": {
			with(t, text("tEXt", "openbadges\x00", "https://example.org/a"), baked("openbadgecredential", someJSON)),
			Baked{PNG, OpenBadges3, []byte(someJSON), []Irregularity{OlderBadge}},
		},
		"older URL":  {with(t, text("tEXt", "openbadges\x00", "https://example.org/a")), Baked{PNG, OpenBadges2, []byte("https://example.org/a"), nil}},
		"older JSON": {with(t, baked("openbadges", `{"type":"Assertion"}`)), Baked{PNG, OpenBadges2, []byte(`{"type":"Assertion"}`), nil}},
		"other keyword": {
			with(t, baked("OpenBadgeCredential", otherJSON), baked("openbadgecredential", someJSON)), Baked{PNG, OpenBadges3, []byte(someJSON), nil},
		},

		"SVG text":        {[]byte(svgOf(`<openbadges:credential>{&quot;a&quot;:1}</openbadges:credential>`)), Baked{SVG, OpenBadges3, []byte(`{"a":1}`), nil}},
		"SVG CDATA split": {[]byte(svgOf("<openbadges:credential> <![CDATA[{\"a\":]]><![CDATA[1}]]>\n</openbadges:credential>")), Baked{SVG, OpenBadges3, []byte(`{"a":1}`), nil}},
		"SVG verify":      {[]byte(svgOf(`<openbadges:credential verify="` + someJWS + `"/>`)), Baked{SVG, OpenBadges3, []byte(someJWS), nil}},
		"SVG other prefix": {
			[]byte(`<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g><ob:credential xmlns:ob="https://purl.imsglobal.org/ob/v3p0">{}</ob:credential></s:g></s:svg>`),
			Baked{SVG, OpenBadges3, []byte(`{}`), nil},
		},
		"SVG default namespace": {[]byte(`<svg><credential xmlns="https://purl.imsglobal.org/ob/v3p0">{}</credential></svg>`), Baked{SVG, OpenBadges3, []byte(`{}`), nil}},
		"SVG older": {
			[]byte("\xef\xbb\xbf" + `<svg xmlns:o="http://openbadges.org"><o:assertion verify="https://example.org/a"><![CDATA[{"a":1}]]></o:assertion></svg>`),
			Baked{SVG, OpenBadges2, []byte(`https://example.org/a`), nil},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Read(test.image)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	svgs := map[string]string{
		"plain":       `<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>`,
		"empty":       `<svg width="1" />`,
		"prefixed":    "<?xml version=\"1.0\"?>\n<!-- a > b -->\n<s:svg xmlns:s='http://www.w3.org/2000/svg'>\n</s:svg>\n<!-- end -->",
		"declared":    svgOf(""),
		"other":       `<svg xmlns:openbadges="http://openbadges.org"><openbadges:assertion verify="https://example.org/a"/><g/></svg>`,
		"baked":       svgOf(`<g><openbadges:credential>` + otherJSON + `</openbadges:credential></g>`),
		"byte order":  "\xef\xbb\xbf<svg/>",
		"two inside":  svgOf(`<openbadges:credential>{}</openbadges:credential>  <openbadges:credential>` + otherJSON + `</openbadges:credential>`),
		"with a type": `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"><svg><g/></svg>`,
	}
	images := map[string][]byte{
		"PNG": picture(t), "PNG baked": with(t, baked("openbadgecredential", otherJSON), baked("openbadges", otherJSON), text("tEXt", "Title\x00", "x")),
	}
	for name, s := range svgs {
		images["SVG "+name] = []byte(s)
	}
	for name, image := range images {
		for _, credential := range []string{someJSON, someJWS} {
			t.Run(name, func(t *testing.T) {
				once, err := Write(image, []byte("\n"+credential+"\n"))
				if err != nil {
					t.Fatal(err)
				}
				got, err := Read(once)
				if err != nil || string(got.Credential) != credential || got.Irregular != nil || got.Standard != OpenBadges3 {
					t.Fatalf("read %q, %v from %q", got.Credential, err, once)
				}
				if name == "PNG" {
					if _, err := imagepng.Decode(bytes.NewReader(once)); err != nil {
						t.Error(err)
					}
				}
				again, err := Write(once, []byte(credential))
				if err != nil || !bytes.Equal(again, once) {
					t.Errorf("baking again gives %q, %v, not %q", again, err, once)
				}
			})
		}
	}
}

// TestWriteTouchesNothingElse takes what was added out again.
func TestWriteTouchesNothingElse(t *testing.T) {
	png := with(t, text("tEXt", "Title\x00", "x"))
	baked, err := Write(png, []byte(someJSON))
	if err != nil {
		t.Fatal(err)
	}
	chunk := text("iTXt", "openbadgecredential\x00\x00\x00\x00\x00", someJSON)
	if got := bytes.Replace(baked, chunk, nil, 1); !bytes.Equal(got, png) {
		t.Error("something else of the PNG changed")
	}
	svg := []byte("<svg\n  a = 'x>y' ><!-- & --><g>\r\n</g></svg>\r\n")
	baked, err = Write(svg, []byte(`{"a":"</x>]]>&"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "<svg\n  a = 'x>y'  xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\">" +
		"<openbadges:credential><![CDATA[{\"a\":\"\\u003c/x\\u003e]]\\u003e\\u0026\"}]]></openbadges:credential><!-- & --><g>\r\n</g></svg>\r\n"
	if diff := cmp.Diff(want, string(baked)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		image, credential string
		want              error
	}{
		"picture":     {"GIF89a", someJSON, ErrFormat},
		"array":       {"<svg/>", "[]", ErrCredential},
		"broken JSON": {"<svg/>", "{", ErrCredential},
		"URL":         {"<svg/>", "https://example.org", ErrCredential},
		"nothing":     {"<svg/>", " ", ErrCredential},
		"markup":      {"<svg/>", `a.b.c"/><x`, ErrCredential},
		"large":       {"<svg/>", `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, ErrTooLarge},
		"bad SVG":     {"<svg>", someJSON, ErrMalformed},
	} {
		if got, err := Write([]byte(test.image), []byte(test.credential)); !errors.Is(err, test.want) || got != nil {
			t.Errorf("%s: %q, %v, want %v", name, got, err, test.want)
		}
	}
}

func TestSamples(t *testing.T) {
	dir := testdata.Shared(t, "openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources")
	for name, want := range map[string]struct {
		standard Standard
		first    string
	}{
		"ob30/simple-json.png":              {OpenBadges3, "{"},
		"ob30/simple-json.svg":              {OpenBadges3, "{"},
		"ob30/simple-jwt.png":               {OpenBadges3, "ey"},
		"ob30/simple-jwt.svg":               {OpenBadges3, "ey"},
		"ob30/simple-jwt_v1.png":            {OpenBadges3, "ey"},
		"ob30/simple-jwt_v1.svg":            {OpenBadges3, "ey"},
		"ob20/simple-badge.png":             {OpenBadges2, "{"},
		"ob20/assets/beths-robot-badge.png": {0, ""},
		"ob20/assets/robotics-badge.png":    {0, ""},
	} {
		image, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(image)
		if got.Standard != want.standard || !strings.HasPrefix(string(got.Credential), want.first) || want.standard > 0 && (err != nil || got.Irregular != nil) {
			t.Errorf("%s: %s %.40q %v %v", name, got.Standard, got.Credential, got.Irregular, err)
		}
		t.Logf("%s: %v %.60q %v", name, got.Standard, got.Credential, err)
		if want.standard == OpenBadges3 {
			again, err := Write(image, got.Credential)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if read, err := Read(again); err != nil || !bytes.Equal(read.Credential, got.Credential) {
				t.Errorf("%s: baked again: %v", name, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(with(f, baked("openbadgecredential", someJSON)))
	f.Add(with(f, text("iTXt", "openbadgecredential\x00\x01\x00\x00\x00", deflate(someJSON))))
	f.Add([]byte(svgOf(`<openbadges:credential><![CDATA[` + someJSON + `]]></openbadges:credential>`)))
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE svg><svg xmlns:o="http://openbadges.org"><o:assertion verify="` + someJWS + `"/></svg>`))
	f.Add([]byte(svgOf(`<script/><style>@import "a";</style><image xlink:href="//a" onload="b"/><foreignObject/>`)))
	f.Add([]byte(svgOf(`<use href="#a"/><g style="fill:url(#a)"/>`)))
	f.Fuzz(func(t *testing.T, image []byte) {
		testdata.Bounded(t, func() { _, _ = Read(image) })
		got, err := Read(image)
		if (err == nil) != (len(got.Credential) > 0) {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, credential := range []string{someJSON, someJWS} {
			written, err := Write(image, []byte(credential))
			if err != nil {
				continue
			}
			if Detect(written) == SVG {
				passive(t, written)
			}
			got, err := Read(written)
			if err != nil || string(got.Credential) != credential {
				t.Fatalf("baked %q into %q, got %q, %v", credential, image, got.Credential, err)
			}
		}
	})
}

func FuzzWriteCredential(f *testing.F) {
	f.Add(someJSON)
	f.Add(someJWS)
	f.Add("{\"a\":\"]]>\ufffe<&\u2028\"}")
	png, svg := picture(f), []byte(`<svg/>`)
	f.Fuzz(func(t *testing.T, credential string) {
		for _, image := range [][]byte{png, svg} {
			written, err := Write(image, []byte(credential))
			if errors.Is(err, ErrCredential) || errors.Is(err, ErrTooLarge) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(written)
			want := strings.TrimSpace(credential)
			if Detect(image) == SVG && strings.HasPrefix(want, "{") {
				want = strings.ReplaceAll(escapeMarkup.Replace(want), "\r\n", "\n")
				want = strings.ReplaceAll(want, "\r", "\n")
			}
			if err != nil || string(got.Credential) != want {
				t.Fatalf("%q became %q, %v", credential, got.Credential, err)
			}
		}
	})
}
