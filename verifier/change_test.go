package verifier

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"testing"

	"laurel/credential/cose"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
	"laurel/internal/testdata"
)

// form is a valid badge in one form, and the part of it that the issuer signed or
// that says where that is. Of a picture, the rest is nobody's word.
type form struct {
	name       string
	data       []byte
	begin, end int
	// isBinary says that no byte is white space.
	isBinary bool
	// every is which bytes TestChanges changes, where it would take too long.
	every  int
	expect Expect
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
		return form{name: name, data: data, begin: begin, end: begin + len(part), every: 1}
	}
	whole := func(name string, data []byte, every int) form {
		return form{name: name, data: data, end: len(data), every: every}
	}
	binary := within("COSE", message, message)
	binary.isBinary = true
	// Without what a badge needs, which says nothing of a presentation. It was
	// asked for: one without a proof is a bundle of badges otherwise.
	shown := presentationOf(l, heldBadge(l))
	shown["@context"] = shown["@context"].([]any)[:1]
	presentation := whole("a presentation", l.present(shown, dataintegrity.Options{Domain: []string{"https://us.example"}, Challenge: "c"}), 5)
	presentation.expect = Expect{Domain: []string{"https://us.example"}, Challenge: "c"}
	keys := serveKeys(l)
	secured := func(suite, fragment string) []byte {
		return withProof(suite, fragment, keys[fragment]).secure(l, badge())
	}
	return []form{
		whole("ecdsa-rdfc-2019", secured(dataintegrity.ECDSARDFC2019, "p256"), 3),
		whole("ecdsa-jcs-2019 with P-384", secured(dataintegrity.ECDSAJCS2019, "p384"), 13),
		whole("Ed25519Signature2020", secured(dataintegrity.Ed25519Signature2020, "key-1"), 3),
		whole("ecdsa-sd-2023, derived", secured(dataintegrity.ECDSASD2023, "p256"), 11),
		whole("bbs-2023, derived", secured(dataintegrity.BBS2023, "bls"), 61),
		presentation,
		whole("Open Badges 2.0, signed", olderSigned(nil, nil)(l), 5),
		within("eddsa-rdfc-2022", signed, signed),
		within("eddsa-jcs-2022", jcs, jcs),
		binary,
		within("JWT", token, token),
		within("Open Badges JWT", open, open),
		within("SD-JWT", disclosed, disclosed),
		within("an envelope", marshal(l, l.enveloped("application/vc+jwt", token)), token),
		within("PNG", baked(pngImage, func(*lab) []byte { return token })(l), token),
		within("SVG", baked(svgImage, func(*lab) []byte { return token })(l), token),
		within("SVG with JSON", baked(svgImage, func(*lab) []byte { return signed })(l), signed),
	}
}

// isWhite reports whether a byte is white space, of JSON or around a text.
func isWhite(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// TestChanges changes every byte of a badge in every form, and takes some out and
// puts some in.
func TestChanges(t *testing.T) {
	l := newLab(t)
	all := forms(l)
	v := New(l.config)
	for _, form := range all {
		t.Run(form.name, func(t *testing.T) {
			report, err := v.Verify(t.Context(), form.data, form.expect)
			if err != nil || report.Verdict != VerdictValid {
				t.Fatalf("unchanged it is not valid: %v", err)
			}
			every := form.every
			if raceDetector {
				every *= 23 // it is ten times as slow
			}
			for i := form.begin; i < form.end; i += every {
				form.replace(t, v, i, form.data[i]^1)
				form.replace(t, v, i, form.data[i]^0x20)
			}
			for i := form.begin; i < form.end; i += 8*every + 3 {
				form.insert(t, v, i, form.data[i])
				form.remove(t, v, i)
			}
		})
	}
}

func (f form) isWhite(b byte) bool { return !f.isBinary && isWhite(b) }

// replace puts another byte in the place of one.
func (f form) replace(t *testing.T, v *Verifier, at int, by byte) {
	t.Helper()
	if f.isWhite(f.data[at]) || f.data[at] == by {
		return
	}
	data := bytes.Clone(f.data)
	data[at] = by
	f.isNotValid(t, v, data, at)
}

// insert puts a byte before one. In JSON a solidus may be written with an escape.
func (f form) insert(t *testing.T, v *Verifier, at int, b byte) {
	t.Helper()
	isSame := !f.isBinary && b == '\\' && f.data[at] == '/'
	if !f.isWhite(b) && !isSame {
		f.isNotValid(t, v, slices.Insert(bytes.Clone(f.data), at, b), at)
	}
}

// remove takes a byte out, but not the tag of a COSE message, which may be
// missing.
func (f form) remove(t *testing.T, v *Verifier, at int) {
	t.Helper()
	if !f.isWhite(f.data[at]) && (!f.isBinary || at > 0) {
		f.isNotValid(t, v, slices.Delete(bytes.Clone(f.data), at, at+1), at)
	}
}

// isNotValid makes sure that a badge that was changed is not valid.
func (f form) isNotValid(t *testing.T, v *Verifier, data []byte, at int) {
	t.Helper()
	var report *Report
	var err error
	testdata.Bounded(t, func() { report, err = v.Verify(context.Background(), data, f.expect) })
	if err != nil {
		return // not even readable
	}
	if report.Verdict == VerdictValid {
		t.Errorf("%s: valid with a change at %d: …%q…", f.name, at, data[max(0, at-20):min(len(data), at+20)])
	}
}

// FuzzChanges changes one byte to any other, puts one in or takes one out.
func FuzzChanges(f *testing.F) {
	l := newLab(f)
	all := forms(l)
	v := New(l.config)
	for i := range all {
		for how := range uint8(3) {
			f.Add(uint8(i), uint16(100), byte(1), how)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, by byte, how uint8) {
		form := all[int(which)%len(all)]
		place := form.begin + int(at)%(form.end-form.begin)
		switch how % 3 {
		case 0:
			form.replace(t, v, place, by)
		case 1:
			form.insert(t, v, place, by)
		case 2:
			form.remove(t, v, place)
		}
	})
}
