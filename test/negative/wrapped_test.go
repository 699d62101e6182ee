package negative

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"

	"laurel/credential/bake"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/verifier"
)

// chunk is a chunk of a PNG, with its sum.
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func iTXt(keyword, flags, text string) []byte {
	return chunk("iTXt", []byte(keyword+"\x00"+flags+text))
}

// pictureFamily is about badges baked into pictures.
func pictureFamily(c *corpus) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		c.Fatal(err)
	}
	plain := b.Bytes()
	signed := issue(c, badge())
	forged := changed(signed, func(o object) { o["name"] = "Doctor" })
	baked, err := bake.Write(plain, signed)
	if err != nil {
		c.Fatal(err)
	}
	sibling := c.good("picture", "a PNG", baked, usual())
	bad := func(name string, data []byte) { c.bad("picture", "PNG: "+name, sibling, data, usual()) }
	const head, plain3 = 33, "\x00\x00\x00\x00" // signature and IHDR; not compressed, no language, no translation
	in := func(chunks ...[]byte) []byte {
		return append(append(append([]byte{}, plain[:head]...), bytes.Join(chunks, nil)...), plain[head:]...)
	}
	good := iTXt("openbadgecredential", plain3, string(signed))
	if judge(c, &sample{data: in(good), world: usual()}).verdict != string(verifier.VerdictValid) {
		c.Fatal("a chunk is not written as it should be")
	}
	bad("no badge", plain)
	bad("a forged badge", in(iTXt("openbadgecredential", plain3, string(forged))))
	bad("a good and a forged badge", in(good, iTXt("openbadgecredential", plain3, string(forged))))
	bad("a forged and a good badge", in(iTXt("openbadgecredential", plain3, string(forged)), good))
	bad("a forged badge, compressed, and a good one", in(iTXt("openbadgecredential", "\x01\x00\x00\x00", "x"), good))
	for _, keyword := range []string{"OpenBadgeCredential", "openbadgecredential ", "openbadgecredentials", "credential", "", "XML:com.adobe.xmp"} {
		bad(fmt.Sprintf("the keyword %q", keyword), in(iTXt(keyword, plain3, string(signed))))
	}
	for name, text := range map[string]string{"nothing": "", "half": string(signed[:len(signed)/2]), "words": "a badge", "twice": string(signed) + string(signed), "an array": "[" + string(signed) + "]", "a number": "7", "a zero behind": string(signed) + "\x00", "bad UTF-8": strings.Replace(string(signed), "Peer", "\xff", 1), "an unsigned token": "eyJhbGciOiJub25lIn0.e30.", "a page": "<html>", "a URL by file": "file:///etc/passwd", "a byte order mark": "\ufeff" + string(signed)} {
		bad("a badge that is "+name, in(iTXt("openbadgecredential", plain3, text)))
	}
	for name, kind := range map[string]string{"tEXt": "tEXt", "zTXt": "zTXt", "a private chunk": "obCr"} {
		bad("in "+name, in(chunk(kind, append([]byte("openbadgecredential\x00"), signed...))))
	}
	bad("a bad sum", in(append(good[:len(good)-1:len(good)-1], good[len(good)-1]^1)))
	bad("behind the end", append(append([]byte{}, plain...), good...))
	bad("before the head", append(append(append([]byte{}, plain[:8]...), good...), plain[8:]...))
	bad("a huge length", in([]byte("\x7f\xff\xff\xffiTXtopenbadgecredential")))
	bad("a wrong signature", append([]byte("\x89PNG\r\n\x1a\r"), in(good)[8:]...))
	bad("a huge picture", changedBytes(in(good), 16, 0x7f, 0xff, 0xff, 0xff))
	bad("a picture of no width", changedBytes(in(good), 16, 0, 0, 0, 0))
	for i := 1; i < 20; i++ {
		bad(fmt.Sprintf("cut off after %d of 20", i), in(good)[:len(in(good))*i/20])
	}
	many := make([][]byte, 2000)
	for i := range many {
		many[i] = chunk("obCr", nil)
	}
	bad("2,000 chunks", in(append(many, good)...))
	const open = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="https://purl.imsglobal.org/ob/v3p0">`
	element := func(text string) string { return "<o:credential><![CDATA[" + text + "]]></o:credential>" }
	drawing := c.good("picture", "an SVG", []byte(open+element(string(signed))+"</svg>"), usual())
	for name, text := range map[string]string{
		"no badge": open + "</svg>", "a forged badge": open + element(string(forged)) + "</svg>", "two badges": open + element(string(signed)) + element(string(forged)) + "</svg>", "two badges the other way": open + element(string(forged)) + element(string(signed)) + "</svg>", "another namespace": strings.Replace(open, "v3p0", "v3p1", 1) + element(string(signed)) + "</svg>", "no namespace": `<svg xmlns="http://www.w3.org/2000/svg">` + "<credential>" + string(signed) + "</credential></svg>", "another element": open + strings.ReplaceAll(element(string(signed)), "credential>", "Credential>") + "</svg>",
		"an element within": open + "<o:credential><o:credential><![CDATA[" + string(signed) + "]]></o:credential></o:credential></svg>", "a comment in the badge": open + strings.Replace(element(string(signed)), "Peer", "]]><!-- x --><![CDATA[Doctor ", 1) + "</svg>", "an entity": `<!DOCTYPE svg [<!ENTITY a "Doctor">]>` + open + element(string(signed)) + "</svg>", "an outside entity": `<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + open + "<o:credential>&a;</o:credential></svg>", "laughs": `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>` + open + "<o:credential>&b;</o:credential></svg>", "an undefined entity": open + "<o:credential>&evil;</o:credential></svg>",
		"a stylesheet": `<?xml-stylesheet href="https://evil.example/a.xsl"?>` + open + element(string(signed)) + "</svg>", "no end": open + element(string(signed)), "something behind": open + element(string(signed)) + "</svg><svg/>", "another encoding": `<?xml version="1.0" encoding="UTF-7"?>` + open + element(string(signed)) + "</svg>", "bad UTF-8": open + element(strings.Replace(string(signed), "Peer", "\xff", 1)) + "</svg>", "an attribute and an element": strings.Replace(open+element(string(signed)), "<o:credential>", `<o:credential verify="eyJhbGciOiJub25lIn0.e30.AA">`, 1) + "</svg>", "an attribute of a forged token": open + `<o:credential verify="eyJhbGciOiJub25lIn0.e30.AA"/></svg>`, "an empty badge": open + element("") + "</svg>", "half a badge": open + element(string(signed[:len(signed)/2])) + "</svg>", "words": open + element("a badge") + "</svg>", "a badge in a comment": open + "<!--" + element(string(signed)) + "--></svg>", "a badge in a text": open + "<text><![CDATA[" + string(signed) + "]]></text></svg>", "no svg": strings.ReplaceAll(open+element(string(signed))+"</svg>", "svg", "html"), "deep": open + strings.Repeat("<g>", 5000) + element(string(signed)) + strings.Repeat("</g>", 5000) + "</svg>",
	} {
		c.bad("picture", "SVG: "+name, drawing, []byte(text), usual())
	}
}

func changedBytes(data []byte, at int, with ...byte) []byte {
	copy(data[at:], with)
	head := data[12:29]
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(head))
	return data
}

// companyFamily is about what comes with a badge. What is wrong with an
// endorsement is told and does not bear on the badge; a wrong digest does.
func companyFamily(c *corpus) {
	endorsement := func(change func(o object)) object {
		o := object{
			"@context": at(badge(), "@context"), "id": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b41", "type": array{"VerifiableCredential", "EndorsementCredential"}, "name": "An endorsement", "issuer": object{"id": "did:key:" + multikey(foreign()["ed"]), "type": array{"Profile"}},
			"validFrom": "2026-02-02T09:00:00Z", "credentialSubject": object{"id": at(badge(), "credentialSubject", "achievement", "id"), "type": array{"EndorsementSubject"}, "endorsementComment": "Good."},
		}
		change(o)
		return o
	}
	sign := func(o object, key crypto.Signer) object {
		method := "did:key:" + multikey(foreign()["ed"]) + "#" + multikey(foreign()["ed"])
		return decode(everySuite[0].issueWith(c, o, key, method))
	}
	with := func(e any) []byte {
		b := badge()
		b["endorsement"] = array{e}
		return issueText(c, b)
	}
	add := func(name, sibling string, data []byte) {
		c.add(sample{family: "endorsement", name: name, sibling: sibling, data: data, world: usual(), about: verifier.CodeEndorsement})
	}
	add("good", "", with(sign(endorsement(func(object) {}), foreign()["ed"])))
	const sibling = "endorsement/good"
	for name, e := range map[string]object{
		"by another key": sign(endorsement(func(object) {}), keys()["ed"]), "unsigned": endorsement(func(object) {}), "over": sign(endorsement(func(o object) { o["validUntil"] = "2026-06-15T11:59:59Z" }), foreign()["ed"]), "not yet": sign(endorsement(func(o object) { o["validFrom"] = "2027-06-15T11:59:59Z" }), foreign()["ed"]), "by nobody": decode(changed(encode(sign(endorsement(func(object) {}), foreign()["ed"])), func(o object) { proofOf(o)["proofValue"] = "z" })),
		"for authentication": decode(signWith(c, endorsement(func(object) {}), foreign()["ed"], "did:key:"+multikey(foreign()["ed"])+"#"+multikey(foreign()["ed"]), dataintegrity.Authentication)), "with a status out of reach": sign(endorsement(func(o object) { o["credentialStatus"] = statusEntry("revocation", listURL, "5") }), foreign()["ed"]),
	} {
		add(name, sibling, with(e))
	}
	tampered := sign(endorsement(func(object) {}), foreign()["ed"])
	at(tampered, "credentialSubject").(object)["endorsementComment"] = "Excellent."
	add("changed", sibling, with(tampered))
	moved := sign(endorsement(func(o object) {
		at(o, "credentialSubject").(object)["id"] = "https://badges.example.edu/achievements/7"
	}), foreign()["ed"])
	c.add(sample{family: "endorsement", name: "of something else", sibling: sibling, data: with(moved), world: usual(), about: verifier.CodeEndorsementElsewhere})

	digest := "sha384-" + strings.Repeat("A", 64)
	for name, resource := range map[string]any{
		"a digest of nothing": object{"id": at(badge(), "@context", 0), "digestSRI": digest}, "a digest of words": object{"id": at(badge(), "@context", 0), "digestSRI": "words"}, "a digest in no base": object{"id": at(badge(), "@context", 0), "digestMultibase": "xAAAA"}, "a digest that is short": object{"id": at(badge(), "@context", 0), "digestMultibase": "uEiAA"}, "one of two wrong": array{object{"id": "urn:a:b", "digestSRI": digest}, object{"id": at(badge(), "@context", 0), "digestSRI": digest}}, "no id": object{"digestSRI": digest}, "a text": "https://www.w3.org/ns/credentials/v2", "no digest": object{"id": at(badge(), "@context", 0)},
		"an unknown hash that is wrong": object{"id": at(badge(), "@context", 0), "digestSRI": "sha256-AAAA"}, "a digest that is a number": object{"id": at(badge(), "@context", 0), "digestSRI": 7},
	} {
		b := badge()
		b["relatedResource"] = resource
		c.bad("related", name, "loss/a badge signed by hand", issueText(c, b), usual())
	}
}

func signWith(t testing.TB, o object, key crypto.Signer, method, purpose string) []byte {
	t.Helper()
	return sign(t, o, key, dataintegrity.Options{VerificationMethod: method, ProofPurpose: purpose})
}

// presentationFamily is about who presents.
func presentationFamily(c *corpus) {
	holder := edKey("h")
	id := "did:key:" + multikey(holder)
	method := id + "#" + multikey(holder)
	held := badge()
	at(held, "credentialSubject").(object)["id"] = id
	credential := decode(issue(c, held))
	form := func(credentials ...any) object {
		return object{"@context": at(badge(), "@context"), "type": array{"VerifiablePresentation"}, "holder": id, "verifiableCredential": array(credentials)}
	}
	options := dataintegrity.Options{VerificationMethod: method, ProofPurpose: dataintegrity.Authentication, Domain: []string{"https://us.example"}, Challenge: "c"}
	presented := sign(c, form(credential), holder, options)
	asked := verifier.Expect{Domain: []string{"https://us.example"}, Challenge: "c"}
	c.add(sample{family: "presentation", name: "good", data: presented, world: usual(), expect: asked})
	const sibling = "presentation/good"
	bad := func(name string, data []byte, expect verifier.Expect) {
		c.add(sample{family: "presentation", name: name, sibling: sibling, data: data, world: usual(), expect: expect})
	}
	for name, expect := range map[string]verifier.Expect{
		"another domain": {Domain: []string{"https://them.example"}, Challenge: "c"}, "another challenge": {Domain: asked.Domain, Challenge: "d"}, "a domain more": {Domain: []string{"https://us.example", "https://them.example"}, Challenge: "c"}, "a challenge in capitals": {Domain: asked.Domain, Challenge: "C"}, "a part of the domain": {Domain: []string{"us.example"}, Challenge: "c"},
	} {
		bad(name, presented, expect)
	}
	for _, path := range leaves(decode(presented)) {
		where := pointer(path)
		if where == "/@context/1" {
			continue // the badge has it too, and nothing else of the presentation needs it
		}
		bad("gone: "+where, changed(presented, func(o object) { remove(o, path) }), asked)
		if text, ok := at(decode(presented), path...).(string); ok {
			bad("changed: "+where, changed(presented, func(o object) { replace(o, path, text+"x") }), asked)
		}
	}
	for _, n := range proofChanges(everySuite[0], presented) {
		data := changed(presented, n.change)
		if string(data) != string(changed(presented, func(object) {})) && !strings.HasPrefix(n.name, `proofPurpose is "\"authentication`) && !strings.Contains(n.name, `challenge is "\"c`) {
			bad(c.unique("presentation", n.name), data, asked)
		}
	}
	attacker := foreign()["ed"]
	theirs := "did:key:" + multikey(attacker)
	by := options
	by.VerificationMethod = theirs + "#" + multikey(attacker)
	bad("by somebody else", sign(c, form(credential), attacker, by), asked)
	bad("by another key as the holder", sign(c, form(credential), attacker, options), asked)
	stolen := form(credential)
	stolen["holder"] = theirs
	c.add(sample{family: "presentation", name: "stolen", sibling: "presentation/bound", data: sign(c, stolen, attacker, by), world: usual(), expect: asked, about: verifier.CodeHolderBinding})
	c.add(sample{family: "presentation", name: "bound", data: presented, world: usual(), expect: asked, about: verifier.CodeHolderBinding})
	c.add(sample{family: "presentation", name: "unsigned, whose binding nobody shows", sibling: "presentation/bound", data: encode(form(credential)), world: usual(), about: verifier.CodeHolderBinding})
	bad("unsigned", encode(form(credential)), asked)
	bad("without its proof", changed(presented, func(o object) { delete(o, "proof") }), asked)
	forged := decode(encode(credential))
	forged["name"] = "Doctor"
	over := badge()
	over["validUntil"] = "2026-06-15T11:59:59Z"
	for name, inside := range map[string]array{
		"nothing": {}, "a forged badge": {forged}, "a good and a forged badge": {credential, forged}, "an unsigned badge": {decode(encode(badge()))}, "a badge that is over": {decode(issue(c, over))}, "an unsigned token": {"eyJhbGciOiJub25lIn0.e30."}, "another's badge": {decode(everySuite[0].issueWith(c, badge(), attacker, issuerID+"#ed"))}, "21 badges": many(21, func(int) any { return credential }), "an unknown envelope": {object{"@context": at(badge(), "@context"), "id": "data:application/x,abc", "type": "EnvelopedVerifiableCredential"}},
	} {
		c.bad("presentation", "with "+name, "presentation/nobody's", encode(form(inside...)), usual())
	}
	c.good("presentation", "nobody's", encode(form(credential)), usual())
	late := options
	late.Expires = now
	bad("over", sign(c, form(credential), holder, late), asked)
	for _, purpose := range []string{"assertionMethod", "keyAgreement", "capabilityInvocation"} {
		other := options
		other.ProofPurpose = purpose
		bad("signed for "+purpose, sign(c, form(credential), holder, other), asked)
	}
}

// olderFamily is about Open Badges 2.0.
func olderFamily(c *corpus) {
	const (
		vocabulary = "https://w3id.org/openbadges/v2"
		host       = "https://old.example.edu"
		assertion  = host + "/assertions/1"
		class      = host + "/classes/1"
		profile    = host + "/issuer"
		keyURL     = host + "/key"
		list       = host + "/revocations"
	)
	der, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		c.Fatal(err)
	}
	documents := map[string]object{
		profile: {"@context": vocabulary, "id": profile, "type": "Issuer", "name": "Old University", "url": host + "/", "email": "a@old.example.edu", "publicKey": keyURL, "revocationList": list},
		class:   {"@context": vocabulary, "id": class, "type": "BadgeClass", "name": "Robotics", "description": "Robots.", "image": host + "/r.png", "criteria": host + "/criteria", "issuer": profile},
		keyURL:  {"@context": vocabulary, "id": keyURL, "type": "CryptographicKey", "owner": profile, "publicKeyPem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
		list:    {"@context": vocabulary, "id": list, "type": "RevocationList", "issuer": profile, "revokedAssertions": array{host + "/assertions/7"}},
	}
	shown := func(how string) object {
		verification := object{"type": how}
		if how == "signed" {
			verification["creator"] = keyURL
		}
		return object{"@context": vocabulary, "id": assertion, "type": "Assertion", "badge": class, "issuedOn": "2016-12-31T23:59:59Z", "recipient": object{"type": "email", "hashed": false, "identity": "a@example.edu"}, "verification": verification}
	}
	w := usual()
	for url, document := range documents {
		w = w.with(url, document)
	}
	hosted := func(o object) *world { return w.with(assertion, o) }
	sibling := c.good("older", "hosted", encode(shown("hosted")), hosted(shown("hosted")))
	token := func(o object) []byte {
		return []byte(compact(c, `{"alg":"RS256","typ":"JWT"}`, string(encode(o)), rsaKey()))
	}
	signed := c.good("older", "signed", token(shown("signed")), w)
	changes := map[string]func(o object){
		"revoked": func(o object) { o["revoked"] = true }, "over": func(o object) { o["expires"] = "2026-06-15T11:59:59Z" }, "in the future": func(o object) { o["issuedOn"] = "2030-01-01T00:00:00Z" }, "no date": func(o object) { delete(o, "issuedOn") }, "a bad date": func(o object) { o["issuedOn"] = "soon" }, "a bad end": func(o object) { o["expires"] = "never" }, "no recipient": func(o object) { delete(o, "recipient") }, "a recipient without identity": func(o object) { o["recipient"] = object{"type": "email", "hashed": false} }, "no badge": func(o object) { delete(o, "badge") }, "another badge": func(o object) { o["badge"] = class + "0" }, "a badge that is a number": func(o object) { o["badge"] = 7 }, "no verification": func(o object) { delete(o, "verification") }, "an unknown verification": func(o object) { o["verification"] = object{"type": "magic"} }, "a recipient that is a text": func(o object) { o["recipient"] = "a@example.edu" }, "hashed that is a text": func(o object) { o["recipient"].(object)["hashed"] = "yes" },
		"a class of its own": func(o object) {
			o["badge"] = object{"id": class, "type": "BadgeClass", "name": "Doctor", "description": "D", "image": host + "/r.png", "criteria": host + "/c", "issuer": "https://evil.example/issuer"}
		},
	}
	for name, change := range changes {
		o := shown("hosted")
		change(o)
		if name != "no verification" && name != "revoked" {
			s := shown("signed")
			change(s)
			c.bad("older", "signed: "+name, signed, token(s), w)
		}
		if name == "no verification" {
			continue // a hosted badge is what the host says
		}
		c.bad("older", "hosted: "+name, sibling, encode(shown("hosted")), hosted(o))
	}
	for url := range documents {
		for name, answer := range map[string]any{"not there": statusError(404), "a page": []byte("<html>"), "out of reach": errUnreachable, "null": []byte("null"), "another": object{"id": "https://evil.example", "type": documents[url]["type"], "@context": vocabulary}} {
			where := url[strings.LastIndex(url, "/")+1:]
			c.bad("older", "signed: "+where+" is "+name, signed, token(shown("signed")), w.with(url, answer))
			if url == class || url == profile {
				c.bad("older", "hosted: "+where+" is "+name, sibling, encode(shown("hosted")), hosted(shown("hosted")).with(url, answer))
			}
		}
	}
	for name, answer := range map[string]any{"not there": statusError(404), "gone": statusError(410), "a page": []byte("<html>"), "out of reach": errUnreachable, "another": func() object { o := shown("hosted"); o["id"] = host + "/assertions/2"; return o }(), "signed": shown("signed")} {
		if name == "signed" {
			continue
		}
		c.bad("older", "hosted: the badge is "+name, sibling, encode(shown("hosted")), w.with(assertion, answer))
	}
	elsewhere := shown("hosted")
	elsewhere["id"] = "https://evil.example/assertions/1"
	c.bad("older", "hosted: elsewhere", sibling, encode(elsewhere), w.with("https://evil.example/assertions/1", elsewhere))
	c.bad("older", "signed: shown as JSON", signed, encode(shown("signed")), w)
	for _, alg := range []string{"none", "HS256", "ES256"} {
		c.bad("older", "signed: alg "+alg, signed, []byte(compact(c, fmt.Sprintf(`{"alg":%q}`, alg), string(encode(shown("signed"))), rsaKey())), w)
	}
	c.bad("older", "signed: by another key", signed, []byte(compact(c, `{"alg":"EdDSA"}`, string(encode(shown("signed"))), foreign()["ed"])), w)
	revoked := documents[list]
	for name, entries := range map[string]array{"by its id": {assertion}, "with a reason": {object{"id": assertion, "revocationReason": "twice"}}} {
		l := decode(encode(revoked))
		l["revokedAssertions"] = entries
		c.bad("older", "signed: revoked "+name, signed, token(shown("signed")), w.with(list, l))
	}
	for name, change := range map[string]func(o object){
		"of another owner": func(o object) { o["owner"] = "https://evil.example/issuer" }, "without a key": func(o object) { delete(o, "publicKeyPem") }, "that is no PEM": func(o object) { o["publicKeyPem"] = "x" }, "of another id": func(o object) { o["id"] = keyURL + "0" },
	} {
		k := decode(encode(documents[keyURL]))
		change(k)
		c.bad("older", "signed: a key "+name, signed, token(shown("signed")), w.with(keyURL, k))
	}
	other := shown("signed")
	other["verification"] = object{"type": "signed", "creator": "https://evil.example/key"}
	c.bad("older", "signed: a key that the issuer does not name", signed, token(other), w)
}

// recipientFamily asks for somebody else.
func recipientFamily(c *corpus) {
	b := badge()
	at(b, "credentialSubject").(object)["identifier"] = array{object{"type": "IdentityObject", "identityHash": "student@example.edu", "identityType": "emailAddress", "hashed": false}}
	data := issueText(c, b)
	c.add(sample{family: "recipient", name: "the right one", data: data, world: usual(), expect: verifier.Expect{Email: "student@example.edu"}})
	for _, email := range []string{"other@example.edu", "student@example.org", "student", "@example.edu", "student@example.edu.evil.example", "student@example.edu\n", "student@example.edu,other@example.edu", "sha256$abc", "*", "%"} {
		c.add(sample{family: "recipient", name: fmt.Sprintf("%q", email), sibling: "recipient/the right one", data: data, world: usual(), expect: verifier.Expect{Email: email}})
	}
	for _, id := range []string{"did:key:z6Mk", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b12", "x", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11#a"} {
		c.add(sample{family: "recipient", name: "the id " + id, sibling: "recipient/the right one", data: data, world: usual(), expect: verifier.Expect{ID: id}})
	}
	c.add(sample{family: "recipient", name: "nobody named", sibling: "recipient/the right one", data: issueText(c, badge()), world: usual(), expect: verifier.Expect{Email: "student@example.edu"}})
}

// envelopeFamily is about credentials in a data: URL.
func envelopeFamily(c *corpus) {
	token := compact(c, fmt.Sprintf(`{"alg":"EdDSA","typ":"vc+jwt","kid":%q}`, issuerID+"#ed"), string(encode(badge())), keys()["ed"])
	data, err := jose.MarshalEnvelope(jose.Envelope{MediaType: "application/vc+jwt", Data: []byte(token)})
	if err != nil {
		c.Fatal(err)
	}
	sibling := c.good("envelope", "a token", data, usual())
	forged := strings.Replace(token, ".", ".e30", 1)
	for name, change := range map[string]func(o object){
		"no id": func(o object) { delete(o, "id") }, "no context": func(o object) { delete(o, "@context") }, "another context": func(o object) { o["@context"] = "https://evil.example/" }, "an id that is a number": func(o object) { o["id"] = 7 }, "an id that is a link": func(o object) { o["id"] = "https://badges.example.edu/credentials/1" }, "a text": func(o object) { o["id"] = "data:text/plain," + token }, "no media type": func(o object) { o["id"] = "data:," + token }, "a forged token": func(o object) { o["id"] = "data:application/vc+jwt," + forged }, "nothing": func(o object) { o["id"] = "data:application/vc+jwt," }, "an unsigned token": func(o object) { o["id"] = "data:application/vc+jwt,eyJhbGciOiJub25lIn0.e30." }, "another media type": func(o object) { o["id"] = "data:application/vp+jwt," + token }, "an SD-JWT that is none": func(o object) { o["id"] = "data:application/vc+sd-jwt," + token }, "COSE that is none": func(o object) { o["id"] = "data:application/vc+cose;base64,AAAA" },
		"a second credential": func(o object) { o["credentialSubject"] = at(badge(), "credentialSubject") }, "an issuer": func(o object) { o["issuer"] = issuerID }, "a name": func(o object) { o["name"] = "Doctor" }, "both types": func(o object) { o["type"] = array{"EnvelopedVerifiableCredential", "VerifiableCredential"} }, "no type": func(o object) { delete(o, "type") }, "a presentation's type": func(o object) { o["type"] = "EnvelopedVerifiablePresentation" }, "a proof": func(o object) { o["proof"] = object{} }, "base64": func(o object) { o["id"] = "data:application/vc+jwt;base64," + b64([]byte(forged)) },
		"an envelope within": func(o object) { o["id"] = "data:application/vc+ld+json," + string(data) },
	} {
		c.bad("envelope", name, sibling, changed(data, change), usual())
	}
}
