package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"laurel/credential/bbs"
	"laurel/credential/cose"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
	"laurel/did"
)

// securing is one way to secure a badge, and to put other content under the
// signature that is there.
type securing struct {
	name   string
	secure func(l *lab, badge object) []byte
	// content takes the content out, graft puts another in its place.
	content func(t testing.TB, secured []byte) object
	graft   func(t testing.TB, secured []byte, content object) []byte
	// wrap puts what was secured into something else; nil leaves it.
	wrap func(l *lab, secured []byte) []byte
	// isReordered says that the content in its place again is other bytes, and
	// that they count.
	isReordered bool
}

func (s securing) wrapped(l *lab, secured []byte) []byte {
	if s.wrap == nil {
		return secured
	}
	return s.wrap(l, secured)
}

// issuerKeys are the keys that the issuer of generated badges lists, by the
// fragment that names them.
type issuerKeys map[string]crypto.Signer

// serveKeys makes keys of every kind and serves the issuer's document with them.
func serveKeys(l *lab) issuerKeys {
	l.Helper()
	seed := bytes.Repeat([]byte{1}, 32)
	p256, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		l.Fatal(err)
	}
	p384, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes.Repeat([]byte{1}, 48))
	if err != nil {
		l.Fatal(err)
	}
	bls, err := bbs.KeyGen(seed, nil, nil)
	if err != nil {
		l.Fatal(err)
	}
	keys := issuerKeys{"key-1": l.key, "p256": p256, "p384": p384, "bls": bls}
	listed := map[string]string{}
	for name, key := range keys {
		if listed[issuerID+"#"+name], err = did.EncodeMultikey(key.Public()); err != nil {
			l.Fatal(err)
		}
	}
	keys["rsa"] = rsaKey()
	jwk, err := jose.MarshalJWK(keys["rsa"].Public())
	if err != nil {
		l.Fatal(err)
	}
	document := controllerDocument(issuerID, listed)
	document["verificationMethod"] = append(document["verificationMethod"].([]any), object{
		"id": issuerID + "#rsa", "type": "JsonWebKey", "controller": issuerID, "publicKeyJwk": json.RawMessage(jwk),
	})
	document["assertionMethod"] = append(document["assertionMethod"].([]any), issuerID+"#rsa")
	l.serve(issuerID, document)
	return keys
}

// securings are all the ways in which a badge is issued here.
func securings(keys issuerKeys) []securing {
	var all []securing
	for _, s := range []struct{ suite, key string }{
		{dataintegrity.EdDSARDFC2022, "key-1"},
		{dataintegrity.EdDSAJCS2022, "key-1"},
		{dataintegrity.Ed25519Signature2020, "key-1"},
		{dataintegrity.ECDSARDFC2019, "p256"},
		{dataintegrity.ECDSARDFC2019, "p384"},
		{dataintegrity.ECDSAJCS2019, "p256"},
		{dataintegrity.ECDSAJCS2019, "p384"},
		{dataintegrity.ECDSASD2023, "p256"},
		{dataintegrity.BBS2023, "bls"},
	} {
		all = append(all, withProof(s.suite, s.key, keys[s.key]))
	}
	for _, key := range []string{"key-1", "p256", "p384"} {
		token := securing{name: "vc+jwt " + key, content: payloadOf, graft: graftPayload, secure: func(l *lab, badge object) []byte {
			return l.token(badge, keys[key], issuerID+"#"+key)
		}}
		all = append(all, token)
	}
	token := all[len(all)-1]
	for _, key := range []string{"rsa", "p256"} {
		all = append(all, securing{
			name: "Open Badges JWT " + key, content: payloadOf, graft: graftPayload, isReordered: true,
			secure: func(l *lab, badge object) []byte { return l.openBadge(badge, keys[key], issuerID+"#"+key) },
		})
	}
	disclosures := securing{name: "SD-JWT, what is disclosed", secure: disclosing, content: disclosuresOf, graft: graftDisclosures}
	return append(
		all,
		securing{name: "VC-JWT 1.1", secure: versionOne, content: payloadOf, graft: graftPayload},
		securing{name: "SD-JWT", secure: disclosing, content: payloadOf, graft: graftPayload, isReordered: true},
		disclosures,
		securing{name: "COSE", secure: messageOf, content: messageContent, graft: graftMessage},
		token.within("an envelope", func(l *lab, secured []byte) []byte { return marshal(l, l.enveloped("application/vc+jwt", secured)) }),
		disclosures.within("an envelope, disclosed", func(l *lab, secured []byte) []byte { return marshal(l, l.enveloped("application/dc+sd-jwt", secured)) }),
		token.within("PNG", inPicture(pngImage)), all[0].within("SVG", inPicture(svgImage)),
	)
}

func (s securing) within(name string, wrap func(l *lab, secured []byte) []byte) securing {
	s.name, s.wrap = name, wrap
	return s
}

func inPicture(image func(t testing.TB) []byte) func(l *lab, secured []byte) []byte {
	return func(l *lab, secured []byte) []byte { return baked(image, func(*lab) []byte { return secured })(l) }
}

// withProof secures with a proof; of a suite with selective disclosure, it shows
// the whole badge but for its name.
func withProof(suite, fragment string, key crypto.Signer) securing {
	isSelective := suite == dataintegrity.ECDSASD2023 || suite == dataintegrity.BBS2023
	return securing{
		name: suite + " " + fragment, content: decode,
		graft: func(t testing.TB, _ []byte, content object) []byte { return marshal(t, content) },
		secure: func(l *lab, badge object) []byte {
			options := dataintegrity.Options{Cryptosuite: suite, VerificationMethod: issuerID + "#" + fragment}
			if !isSelective {
				return l.prove(badge, key, options)
			}
			options.MandatoryPointers = []string{"/issuer", "/validFrom"}
			var pointers []string
			for _, name := range slices.Sorted(maps.Keys(badge)) {
				if name != "@context" && name != "type" && name != "name" {
					pointers = append(pointers, "/"+name)
				}
			}
			derived, err := l.config.Suites.Derive(context.Background(), l.prove(badge, key, options), dataintegrity.DeriveOptions{SelectivePointers: pointers})
			if err != nil {
				l.Fatal(err)
			}
			return derived
		},
	}
}

// prove adds a proof with a key of any kind.
func (l *lab) prove(badge object, key crypto.Signer, options dataintegrity.Options) []byte {
	l.Helper()
	options.Created = testNow.Add(-time.Hour)
	signed, err := l.config.Suites.Sign(context.Background(), marshal(l, badge), key, options)
	if err != nil {
		l.Fatal(err)
	}
	return signed
}

// payloadOf reads the payload of a JWS, also of one with disclosures behind it.
func payloadOf(t testing.TB, secured []byte) object {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(string(secured), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, payload)
}

func graftPayload(t testing.TB, secured []byte, content object) []byte {
	t.Helper()
	parts := strings.SplitN(string(secured), ".", 3)
	parts[1] = base64.RawURLEncoding.EncodeToString(marshal(t, content))
	return []byte(strings.Join(parts, "."))
}

// versionOne is a badge of version 1.1 of the data model in the claim vc.
func versionOne(l *lab, badge object) []byte {
	v1 := maps.Clone(badge)
	v1["@context"] = badgeV1()["@context"].([]any)[:2]
	v1["issuanceDate"], v1["expirationDate"] = v1["validFrom"], v1["validUntil"]
	delete(v1, "validFrom")
	delete(v1, "validUntil")
	from, err := time.Parse(time.RFC3339, v1["issuanceDate"].(string))
	if err != nil {
		l.Fatal(err)
	}
	return l.payload(`,"typ":"JWT","kid":"`+methodID+`"`, object{
		"iss": issuerID, "sub": subject(v1)["id"], "jti": v1["id"], "nbf": from.Unix(), "vc": v1,
	})
}

func disclosing(l *lab, badge object) []byte {
	text, err := sdjwt.Issue(marshal(l, badge), l.key, sdjwt.IssueOptions{
		Signing: jose.SigningOptions{KeyID: methodID}, Disclose: []string{"/name", "/credentialSubject/achievement/criteria"}, Random: rand.Reader,
	})
	if err != nil {
		l.Fatal(err)
	}
	return []byte(text)
}

func disclosuresOf(t testing.TB, secured []byte) object {
	t.Helper()
	all := object{}
	parts := strings.Split(string(secured), "~")
	for i, part := range parts[1 : len(parts)-1] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		var disclosed any
		if err := json.Unmarshal(text, &disclosed); err != nil {
			t.Fatal(err)
		}
		all[strconv.Itoa(i)] = disclosed
	}
	return all
}

// graftDisclosures leaves those as they are that say what they said: how a
// disclosure is written counts.
func graftDisclosures(t testing.TB, secured []byte, content object) []byte {
	t.Helper()
	parts, old := strings.Split(string(secured), "~"), disclosuresOf(t, secured)
	for name, disclosed := range content {
		if bytes.Equal(marshal(t, disclosed), marshal(t, old[name])) {
			continue
		}
		i, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		parts[1+i] = base64.RawURLEncoding.EncodeToString(marshal(t, disclosed))
	}
	return []byte(strings.Join(parts, "~"))
}

func messageOf(l *lab, badge object) []byte {
	data, err := cose.Sign(marshal(l, badge), l.key, cose.SignOptions{KeyID: methodID})
	if err != nil {
		l.Fatal(err)
	}
	return data
}

// payloadIn finds the payload of a COSE message, a byte string with its length in
// two bytes.
func payloadIn(t testing.TB, secured []byte) (begin, end int) {
	t.Helper()
	begin = bytes.IndexByte(secured, '{')
	if begin < 3 || secured[begin-3] != 0x59 {
		t.Fatal("the payload is not where it should be")
	}
	return begin, begin + int(secured[begin-2])<<8 + int(secured[begin-1])
}

func messageContent(t testing.TB, secured []byte) object {
	begin, end := payloadIn(t, secured)
	return decode(t, secured[begin:end])
}

func graftMessage(t testing.TB, secured []byte, content object) []byte {
	begin, end := payloadIn(t, secured)
	payload := marshal(t, content)
	length := []byte{byte(len(payload) >> 8), byte(len(payload))}
	return slices.Concat(secured[:begin-2], length, payload, secured[end:])
}

// generatedBadge makes a badge that is valid, with any of its optional parts. No
// two things in it have one identifier.
func generatedBadge(t *rapid.T) object {
	text := rapid.OneOf(rapid.StringN(1, 12, -1), rapid.SampledFrom([]string{"é", "\u2028", "😀\u0000", "null", `"`, "-0", "_:c14n0", "]]>", "a\r\nb", "\ufffe"}))
	number := 0
	newID := func(label string) string {
		number++
		return fmt.Sprintf(rapid.SampledFrom([]string{"urn:x:%d", "https://badges.example/%d?q=a%%20b#c", "did:web:a.example:%d"}).Draw(t, label), number)
	}
	optional := func(of object, name string, value func() any) {
		if rapid.Bool().Draw(t, "has "+name) {
			of[name] = value()
		}
	}
	b := badge()
	b["id"], b["name"] = newID("badge"), text.Draw(t, "title")
	subject(b)["id"] = newID("subject")
	from := testNow.AddDate(0, 0, -rapid.IntRange(1, 4000).Draw(t, "days"))
	b["validFrom"] = from.Format(time.RFC3339)
	optional(b, "description", func() any { return text.Draw(t, "description") })
	optional(b, "awardedDate", func() any { return "2026-01-01T00:00:00+01:00" })
	optional(b, "evidence", func() any {
		return []any{object{"type": []any{"Evidence"}, "narrative": text.Draw(t, "evidence")}, object{"id": newID("evidence"), "type": []any{"Evidence"}}}
	})
	optional(subject(b), "activityStartDate", func() any { return "2026-01-01T00:00:00Z" })
	a := achievement(b)
	a["id"], a["name"], a["description"] = newID("achievement"), text.Draw(t, "name"), text.Draw(t, "words")
	a["criteria"] = object{"narrative": text.Draw(t, "narrative")}
	optional(a, "tag", func() any { return rapid.SliceOfNDistinct(text, 1, 4, rapid.ID).Draw(t, "tag") })
	optional(a, "creditsAvailable", func() any { return rapid.SampledFrom([]any{0.5, 3, 12.25, 1e6}).Draw(t, "credits") })
	optional(a, "image", func() any { return object{"id": newID("image"), "type": "Image", "caption": text.Draw(t, "caption")} })
	optional(a, "alignment", func() any {
		return []any{object{"type": []any{"Alignment"}, "targetName": text.Draw(t, "targetName"), "targetUrl": "https://example.org/" + strconv.Itoa(number)}}
	})
	return b
}

// changeLeaf changes one string, number or boolean of a document, and says which.
func changeLeaf(t *rapid.T, document object) string {
	type leaf struct {
		path   string
		change func()
	}
	var leaves []leaf
	var walk func(v any, path string, set func(any))
	walk = func(v any, path string, set func(any)) {
		add := func(other any) { leaves = append(leaves, leaf{path, func() { set(other) }}) }
		switch v := v.(type) {
		case object:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], path+"/"+name, func(other any) { v[name] = other })
			}
		case []any:
			for i, element := range v {
				walk(element, path+"/"+strconv.Itoa(i), func(other any) { v[i] = other })
			}
		case string:
			add(v + "x")
		case float64:
			add(v + 1)
		case bool:
			add(!v)
		}
	}
	walk(document, "", nil)
	chosen := rapid.SampledFrom(leaves).Draw(t, "leaf")
	chosen.change()
	return chosen.path
}

// draws sets how many documents a property is tried with.
func draws(t *testing.T, usual, underRace int) {
	t.Helper()
	n := usual
	if raceDetector {
		n = underRace
	}
	old := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", old) })
}

// TestGeneratedCredentials: a badge that was issued is valid, whatever is in it
// and however it is secured, and is not when one leaf of it is changed.
func TestGeneratedCredentials(t *testing.T) {
	draws(t, 20, 3)
	l := newLab(t)
	all := securings(serveKeys(l))
	v := New(l.config)
	rapid.Check(t, func(t *rapid.T) {
		b := generatedBadge(t)
		verify := func(data []byte) *Report {
			report, err := v.Verify(context.Background(), data, Expect{})
			if err != nil {
				return &Report{Verdict: VerdictInvalid} // not even readable
			}
			return report
		}
		for _, s := range all {
			secured := s.secure(l, b)
			if report := verify(s.wrapped(l, secured)); report.Verdict != VerdictValid {
				t.Fatalf("%s: %s\n%s\n%s", s.name, report.Verdict, describe(report), secured)
			}
			content := s.content(l, secured)
			if same := s.graft(l, secured, content); !s.isReordered && verify(s.wrapped(l, same)).Verdict != VerdictValid {
				t.Fatalf("%s: what is the same is not valid: %q", s.name, same)
			}
			path := changeLeaf(t, content)
			changed := s.graft(l, secured, content)
			if verify(s.wrapped(l, changed)).Verdict == VerdictValid {
				t.Fatalf("%s: valid with another %s: %s", s.name, path, changed)
			}
		}
	})
}
