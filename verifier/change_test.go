package verifier

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"

	"laurel/credential/cose"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
)

// form is a valid badge in one form, and the part of it that the issuer signed or
// that says where that is. Of a picture, the rest is nobody's word.
type form struct {
	name       string
	data       []byte
	begin, end int
}

// forms are badges in every form. None has a tag of a language or an escape in
// JSON, where letters of either case mean the same.
func forms(l *lab) []form {
	l.Helper()
	must := func(data []byte, err error) []byte {
		l.Helper()
		if err != nil {
			l.Fatal(err)
		}
		return data
	}
	unsigned := marshal(l, badge())
	text, err := sdjwt.Issue(unsigned, l.key, sdjwt.IssueOptions{
		Signing: jose.SigningOptions{KeyID: methodID}, Disclose: []string{"/name", "/credentialSubject/achievement/criteria"}, Random: rand.Reader,
	})
	disclosed := must([]byte(text), err)
	signed := l.issue(badge())
	jcs := l.sign(badge(), l.key, dataintegrity.Options{Cryptosuite: "eddsa-jcs-2022"})
	message := must(cose.Sign(unsigned, l.key, cose.SignOptions{KeyID: methodID}))
	open := l.openBadge(badge(), l.key, methodID)
	token := l.token(badge(), l.key, methodID)
	within := func(name string, data, part []byte) form {
		begin := bytes.Index(data, part)
		if begin < 0 {
			l.Fatalf("%s: the badge does not stand in it", name)
		}
		return form{name, data, begin, begin + len(part)}
	}
	return []form{
		within("eddsa-rdfc-2022", signed, signed),
		within("eddsa-jcs-2022", jcs, jcs),
		within("COSE", message, message),
		within("JWT", token, token),
		within("Open Badges JWT", open, open),
		within("SD-JWT", disclosed, disclosed),
		within("an envelope", marshal(l, l.enveloped("application/vc+jwt", token)), token),
		within("PNG", baked(pngImage, func(*lab) []byte { return token })(l), token),
		within("SVG", baked(svgImage, func(*lab) []byte { return token })(l), token),
		within("SVG with JSON", baked(svgImage, func(*lab) []byte { return signed })(l), signed),
	}
}

// isWhite reports whether a byte is white space of JSON.
func isWhite(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// TestChanges changes every byte of a badge in every form.
func TestChanges(t *testing.T) {
	l := newLab(t)
	v := New(l.config)
	for _, form := range forms(l) {
		t.Run(form.name, func(t *testing.T) {
			report, err := v.Verify(t.Context(), form.data, Expect{})
			if err != nil || report.Verdict != VerdictValid {
				t.Fatalf("unchanged it is not valid: %v", err)
			}
			every := 1
			if raceDetector {
				every = 7 // it is ten times as slow
			}
			for i := form.begin; i < form.end; i += every {
				for _, by := range []byte{1, 0x20} {
					changes(t, v, form, i, by)
				}
			}
		})
	}
}

// changes changes one byte and makes sure that what comes out is not valid.
func changes(t *testing.T, v *Verifier, form form, at int, by byte) {
	t.Helper()
	if isWhite(form.data[at]) || by == 0 {
		return
	}
	data := bytes.Clone(form.data)
	data[at] ^= by
	report, err := v.Verify(context.Background(), data, Expect{})
	if err != nil {
		return // not even readable
	}
	if report.Verdict == VerdictValid {
		t.Errorf("%s: valid with %q for %q at %d: …%q…", form.name, data[at], form.data[at], at, data[max(0, at-20):min(len(data), at+20)])
	}
}

// FuzzChanges changes one byte to any other.
func FuzzChanges(f *testing.F) {
	l := newLab(f)
	v, all := New(l.config), forms(l)
	for i := range all {
		f.Add(uint8(i), uint16(100), byte(1))
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, by byte) {
		form := all[int(which)%len(all)]
		changes(t, v, form, form.begin+int(at)%(form.end-form.begin), by)
	})
}
