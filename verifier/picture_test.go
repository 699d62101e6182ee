package verifier

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"laurel/credential/bake"
)

func pngImage(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// baked is a badge in a picture.
func baked(image func(t testing.TB) []byte, credential func(l *lab) []byte) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.Helper()
		picture, err := bake.Write(image(l), credential(l))
		if err != nil {
			l.Fatal(err)
		}
		return picture
	}
}

func svgImage(testing.TB) []byte { return []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`) }

func pictureScenarios() []scenario {
	const namespace = `<svg xmlns:o="https://purl.imsglobal.org/ob/v3p0">`
	good := changed(func(object) {})
	token := func(l *lab) []byte { return l.token(badge(), l.key, methodID) }
	return []scenario{
		{"a PNG", baked(pngImage, good), VerdictValid, CodeSignature},
		{"an SVG", baked(svgImage, good), VerdictValid, CodeSignature},
		{"a PNG with a token", baked(pngImage, token), VerdictValid, CodeSignature},
		{"an SVG with a token", baked(svgImage, token), VerdictValid, CodeSignature},
		{"a PNG with a changed badge", baked(pngImage, tampered(func(b object) { b["name"] = "Doctor" })), VerdictInvalid, CodeSignatureInvalid},
		{"a picture", func(l *lab) []byte { return pngImage(l) }, VerdictInvalid, CodePictureEmpty},
		{"a drawing", func(l *lab) []byte { return svgImage(l) }, VerdictInvalid, CodePictureEmpty},
		{"a picture with two badges", input(namespace + `<o:credential>{"a":1}</o:credential><o:credential>{"a":2}</o:credential></svg>`), VerdictInvalid, CodePictureAmbiguous},
		{"a picture with half a badge", input(namespace + `<o:credential>{"a":</o:credential></svg>`), VerdictInvalid, CodePictureUnreadable},
		{"a picture with the same badge twice", func(l *lab) []byte {
			element := "<o:credential><![CDATA[" + string(good(l)) + "]]></o:credential>"
			return []byte(namespace + element + element + "</svg>")
		}, VerdictValid, CodeSignature},
		{"a link", behind("https://badges.example.edu/credentials/1", good, `https://badges.example.edu/credentials/1`), VerdictValid, CodeSignature},
		{"a link in JSON", behind("https://badges.example.edu/credentials/1", good, ` {"url": "https://badges.example.edu/credentials/1"}`), VerdictValid, CodeSignature},
		{"a link to a picture", behind("https://a.example/x.png", baked(pngImage, good), "https://a.example/x.png\n"), VerdictValid, CodeSignature},
		{"a link to nothing", input("https://a.example/"), VerdictIndeterminate, CodeLinkUnavailable},
		{"a link to a page", behind("https://a.example/", input("<html>"), "https://a.example/"), VerdictInvalid, CodeLinkNoBadge},
		{"a link to a link", behind("https://a.example/", input("https://b.example/"), "https://a.example/"), VerdictInvalid, CodeLinkNoBadge},
		{"a deep drawing", input(`<svg>` + strings.Repeat("<g>", 300) + strings.Repeat("</g>", 300) + `</svg>`), VerdictIndeterminate, CodeTooComplex},
	}
}

// behind serves something and hands in a link.
func behind(url string, served func(l *lab) []byte, link string) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.world.documents[url] = served(l)
		return []byte(link)
	}
}

func TestPictureIsSaid(t *testing.T) {
	l := newLab(t)
	report := l.verify(pngImage(t))
	check, _ := report.Decisive()
	if report.Format != FormatPNG || !strings.Contains(check.Message, "please send me the link to the badge") {
		t.Errorf("%s: %s", report.Format, check.Message)
	}
	if got := l.verify(baked(svgImage, changed(func(object) {}))(l)); got.Format != FormatSVG {
		t.Errorf("format %s", got.Format)
	}
}
