package negative

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"laurel/credential/dataintegrity"
	"laurel/credential/jcs"
	"laurel/credential/strictjson"
)

// good adds the badge that a suite signs, once.
func (s suite) good(c *corpus) (sibling string, signed []byte) {
	c.Helper()
	signed = s.issue(c, badge())
	if c.names["proof/"+s.label] {
		return "proof/" + s.label, signed
	}
	return c.good("proof", s.label, signed, usual()), signed
}

func proofOf(o object) object { return o["proof"].(object) }

// unique gives a name that no sample of the family has, by a number behind it.
func (c *corpus) unique(family, name string) string {
	for n, other := 2, name; ; n++ {
		if !c.names[family+"/"+other] {
			return other
		}
		other = name + " " + strconv.Itoa(n)
	}
}

// named is a change with a name.
type named struct {
	name   string
	change func(o object)
}

// put sets a member of a proof.
func put(member string, value any) named {
	return named{fmt.Sprintf("%s is %.40q", member, string(encode(value))), func(o object) { proofOf(o)[member] = value }}
}

// putAs sets a member to what differs from run to run.
func putAs(name, member string, value any) named {
	return named{member + " with " + name, func(o object) { proofOf(o)[member] = value }}
}

func without(member string) named {
	return named{"without " + member, func(o object) { delete(proofOf(o), member) }}
}

// proofChanges are changes of a proof that nobody signed.
func proofChanges(s suite, signed []byte) []named {
	value := proofOf(decode(signed))["proofValue"].(string)
	list := []named{
		without("type"), without("verificationMethod"), without("proofPurpose"), without("proofValue"), without("created"),
		put("type", "DataIntegrityproof"), put("type", array{"DataIntegrityProof"}), put("type", 1), put("type", "RsaSignature2018"), put("type", "JsonWebSignature2020"), put("type", "Ed25519Signature2018"),
		put("cryptosuite", "none"), put("cryptosuite", ""), put("cryptosuite", 1), put("cryptosuite", array{s.name}), put("cryptosuite", strings.ToUpper(s.name)), put("cryptosuite", s.name+" "),
		put("proofPurpose", "authentication"), put("proofPurpose", "AssertionMethod"), put("proofPurpose", array{"assertionMethod"}), put("proofPurpose", array{"authentication", "assertionMethod"}), put("proofPurpose", "https://w3id.org/security#assertionMethod"), put("proofPurpose", "keyAgreement"), put("proofPurpose", ""), put("proofPurpose", nil), put("proofPurpose", object{"id": "assertionMethod"}),
		put("verificationMethod", issuerID), put("verificationMethod", issuerID+"#"), put("verificationMethod", "#"+s.key), put("verificationMethod", issuerID+"#other"), put("verificationMethod", issuerID+"#"+s.key+"%20"), put("verificationMethod", issuerID+"?versionId=1#"+s.key), put("verificationMethod", issuerID+"/#"+s.key),
		put("verificationMethod", object{"id": issuerID + "#" + s.key}), put("verificationMethod", array{issuerID + "#" + s.key}), put("verificationMethod", 1), put("verificationMethod", "key"), put("verificationMethod", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11"), put("verificationMethod", strings.Replace(issuerID, "badges", "BADGES", 1)+"#"+s.key), put("verificationMethod", "did:WEB:badges.example.edu#"+s.key),
		put("created", "2026-06-15T10:59:59Z"), put("created", "2026-06-15T11:00:00+00:00"), put("created", "2026-06-15"), put("created", "yesterday"), put("created", 1780000000), put("created", "2027-01-01T00:00:00Z"), put("created", ""), put("created", nil), put("created", "2026-06-15t11:00:00z"), put("created", "2026-13-15T11:00:00Z"), put("created", array{"2026-06-15T11:00:00Z"}),
		put("expires", "2026-06-15T11:59:59Z"), put("expires", "2036-06-15T11:00:00Z"), put("expires", "never"), put("expires", now.Format(time.RFC3339)),
		put("domain", "example.edu"), put("domain", array{"a.example", "b.example"}), put("domain", array{}), put("domain", 1), put("challenge", "c"), put("challenge", array{"c"}), put("nonce", "n"), put("nonce", 1), put("id", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b19"), put("id", "relative"), put("id", ""),
		put("previousProof", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b19"), put("previousProof", array{}), put("previousProof", 1), put("jws", "e30..AA"), put("note", "more"), put("https://w3id.org/security#nonce", "n"), put("@type", "DataIntegrityProof"), put("@id", "urn:a:b"), put("@context", "https://evil.example/context"), put("@context", object{"proofPurpose": "https://evil.example/"}),
		put("proofValue", ""), put("proofValue", "z"), put("proofValue", nil), put("proofValue", 1), putAs("an array", "proofValue", array{value}), putAs("without its first letter", "proofValue", value[1:]), putAs("a letter more", "proofValue", value+"1"), putAs("a space in front", "proofValue", " "+value), putAs("a line break behind", "proofValue", value+"\n"), putAs("a letter less", "proofValue", value[:len(value)-1]), putAs("u in front", "proofValue", "uu"+value[1:]), putAs("z around", "proofValue", "z"+value[1:]+"z"), putAs("m in front", "proofValue", "m"+value[1:]), putAs("f in front", "proofValue", "f"+value[1:]), putAs("Z in front", "proofValue", "Z"+value[1:]), putAs("a one after the first letter", "proofValue", value[:1]+"1"+value[1:]), putAs("letters that look alike", "proofValue", value[:1]+"0OIl"+value[5:]), putAs("padding", "proofValue", value+"="),
		{"a proof that is an array in an array", func(o object) { o["proof"] = array{array{o["proof"]}} }},
		{"a proof that is a text", func(o object) { o["proof"] = string(encode(o["proof"])) }},
		{"a proof that is null", func(o object) { o["proof"] = nil }},
		{"no proofs", func(o object) { o["proof"] = array{} }},
		{"without a proof", func(o object) { delete(o, "proof") }},
		{"an empty proof", func(o object) { o["proof"] = object{} }},
		{"a proof under another name", func(o object) { o["Proof"] = o["proof"]; delete(o, "proof") }},
		{"a proof by its IRI", func(o object) { o["https://w3id.org/security#proof"] = o["proof"]; delete(o, "proof") }},
		{"a proof in a graph", func(o object) { o["proof"] = object{"@graph": array{o["proof"]}} }},
		{"the same proof twice and an id", func(o object) {
			p := maps.Clone(proofOf(o))
			p["id"] = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b19"
			o["proof"] = array{o["proof"], p}
		}},
		{"a second proof that is bad", func(o object) {
			p := maps.Clone(proofOf(o))
			p["created"] = "2026-06-15T10:00:00Z"
			o["proof"] = array{o["proof"], p}
		}},
		{"a first proof that is bad", func(o object) {
			p := maps.Clone(proofOf(o))
			p["created"] = "2026-06-15T10:00:00Z"
			o["proof"] = array{p, o["proof"]}
		}},
		{"seventeen proofs", func(o object) { o["proof"] = slices.Repeat(array{o["proof"]}, 17) }},
		{"a proof of a proof", func(o object) { proofOf(o)["proof"] = maps.Clone(proofOf(o)) }},
	}
	for _, other := range everySuite {
		if other.name == s.name || other.name == dataintegrity.Ed25519Signature2020 || s.name == dataintegrity.Ed25519Signature2020 {
			continue
		}
		if !slices.ContainsFunc(list, func(n named) bool { return n.name == put("cryptosuite", other.name).name }) {
			list = append(list, put("cryptosuite", other.name))
		}
	}
	if raw, err := base58.Decode(value[1:]); err == nil && value[0] == 'z' {
		list = append(list, rawValues(raw)...)
	}
	if value[0] == 'u' {
		list = append(list, selectiveValues(value)...)
	}
	if _, old := proofOf(decode(signed))["cryptosuite"]; old {
		list = append(list, without("cryptosuite"), put("type", "Ed25519Signature2020"))
	} else {
		list = slices.DeleteFunc(list, func(n named) bool { return n.name == `cryptosuite is "[\"Ed25519Signature2020\"]"` })
		list = append(list, put("type", "DataIntegrityProof"))
	}
	return list
}

// rawValues are other bytes in the place of a signature.
func rawValues(raw []byte) []named {
	value := func(name string, b []byte) named {
		return named{"a signature, " + name, func(o object) { proofOf(o)["proofValue"] = "z" + base58.Encode(b) }}
	}
	flipped := func(i int) []byte {
		b := slices.Clone(raw)
		b[i] ^= 1
		return b
	}
	half := len(raw) / 2
	return []named{
		value("its first bit", flipped(0)), value("its last bit", flipped(len(raw)-1)), value("a bit of its second half", flipped(half)),
		value("all zero", make([]byte, len(raw))), value("its first half zero", append(make([]byte, half), raw[half:]...)), value("its second half zero", append(slices.Clone(raw[:half]), make([]byte, half)...)),
		value("its halves exchanged", append(slices.Clone(raw[half:]), raw[:half]...)), value("one byte short", raw[:len(raw)-1]), value("one byte long", append(slices.Clone(raw), 0)), value("a zero in front", append([]byte{0}, raw...)),
		value("all ones", []byte(strings.Repeat("\xff", len(raw)))), value("the identity", append([]byte{1}, make([]byte, len(raw)-1)...)), value("twice", append(slices.Clone(raw), raw...)),
		value("as DER", append([]byte{0x30, byte(len(raw) + 4), 2, byte(half)}, append(append(slices.Clone(raw[:half]), 2, byte(half)), raw[half:]...)...)),
		{"a signature in base64url", func(o object) { proofOf(o)["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(raw) }},
		{"a signature in hexadecimal", func(o object) { proofOf(o)["proofValue"] = fmt.Sprintf("f%x", raw) }},
	}
}

// selectiveValues are other bytes in the place of a derived proof.
func selectiveValues(value string) []named {
	raw, err := base64.RawURLEncoding.DecodeString(value[1:])
	if err != nil {
		return nil
	}
	var list []named
	for i := 0; i < len(raw); i += max(len(raw)/40, 1) {
		b := slices.Clone(raw)
		b[i] ^= 1
		list = append(list, putAs("a bit of part "+strconv.Itoa(i*40/len(raw))+" changed", "proofValue", "u"+base64.RawURLEncoding.EncodeToString(b)))
	}
	for _, kind := range []byte{0, 1, 2, 3, 4, 5, 9, 10, 255} {
		if b := slices.Clone(raw); b[2] != kind {
			b[2] = kind
			list = append(list, putAs("kind "+strconv.Itoa(int(kind)), "proofValue", "u"+base64.RawURLEncoding.EncodeToString(b)))
		}
	}
	return append(list,
		named{"a derived proof in base58", func(o object) { proofOf(o)["proofValue"] = "z" + base58.Encode(raw) }},
		named{"a derived proof with a byte more", func(o object) {
			proofOf(o)["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(append(slices.Clone(raw), 0))
		}},
		named{"a derived proof with a byte less", func(o object) {
			proofOf(o)["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(raw[:len(raw)-1])
		}},
		named{"a derived proof with padding", func(o object) { proofOf(o)["proofValue"] = "u" + base64.URLEncoding.EncodeToString(raw) + "=" }},
		named{"a derived proof that is its head", func(o object) { proofOf(o)["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(raw[:3]) }},
		named{"a derived proof of nothing", func(o object) {
			proofOf(o)["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(append(slices.Clone(raw[:3]), 0x80))
		}},
	)
}

// proofFamily changes the proof, and signs with proofs that do not count.
func proofFamily(c *corpus) {
	for _, s := range everySuite {
		sibling, signed := s.good(c)
		for _, n := range proofChanges(s, signed) {
			if data := changed(signed, n.change); string(data) != string(changed(signed, func(object) {})) {
				c.add(sample{family: "proof", name: c.unique("proof", s.label+": "+n.name), sibling: sibling, data: data, world: usual(), random: s.selective})
			}
		}
		other := badge()
		other["id"] = "https://badges.example.edu/credentials/2"
		moved := decode(s.issue(c, other))["proof"]
		c.bad("proof", s.label+": the proof of another badge", sibling, changed(signed, func(o object) { o["proof"] = moved }), usual())
		base := dataintegrity.Options{Cryptosuite: s.name, VerificationMethod: issuerID + "#" + s.key}
		for name, alter := range map[string]func(o *dataintegrity.Options){
			"signed for authentication":   func(o *dataintegrity.Options) { o.ProofPurpose = dataintegrity.Authentication },
			"signed for key agreement":    func(o *dataintegrity.Options) { o.ProofPurpose = "keyAgreement" },
			"signed to be over":           func(o *dataintegrity.Options) { o.Expires = now.Add(-time.Minute) },
			"signed to be over this hour": func(o *dataintegrity.Options) { o.Expires = now },
			"signed in the future":        func(o *dataintegrity.Options) { o.Created = now.Add(2 * time.Minute) },
			"signed in a year":            func(o *dataintegrity.Options) { o.Created = now.Add(365 * 24 * time.Hour) },
		} {
			o := base
			alter(&o)
			if s.selective {
				break
			}
			c.bad("proof", s.label+": "+name, sibling, sign(c, badge(), keys()[s.key], o), usual())
		}
		if s.selective {
			base.MandatoryPointers = []string{"/issuer"}
			c.bad("proof", s.label+": a base proof", sibling, sign(c, badge(), keys()[s.key], base), usual())
		}
	}
}

// leaves lists the places of a document that the proof must cover, with a name
// for each: members, elements, and what they are in.
func leaves(root any) (paths [][]any) {
	var visit func(v any, path []any)
	visit = func(v any, path []any) {
		if len(path) > 0 {
			paths = append(paths, slices.Clone(path))
		}
		switch v := v.(type) {
		case object:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if len(path) > 0 || name != "proof" {
					visit(v[name], append(path, name))
				}
			}
		case array:
			for i := range v {
				visit(v[i], append(path, i))
			}
		}
	}
	visit(root, nil)
	return paths
}

func pointer(path []any) string {
	var b strings.Builder
	for _, step := range path {
		fmt.Fprintf(&b, "/%v", step)
	}
	return b.String()
}

// replace sets the value at a place; removed takes it away.
func replace(root any, path []any, value any) {
	around := at(root, path[:len(path)-1]...)
	switch last := path[len(path)-1].(type) {
	case string:
		around.(object)[last] = value
	case int:
		around.(array)[last] = value
	}
}

func remove(root any, path []any) {
	around := at(root, path[:len(path)-1]...)
	if name, ok := path[len(path)-1].(string); ok {
		delete(around.(object), name)
		return
	}
	i := path[len(path)-1].(int)
	replace(root, path[:len(path)-1], slices.Delete(slices.Clone(around.(array)), i, i+1))
}

// contentFamily changes each part of a signed badge, one at a time.
func contentFamily(c *corpus) {
	for _, s := range everySuite {
		sibling, signed := s.good(c)
		for _, path := range leaves(decode(signed)) {
			where := s.label + ": " + pointer(path)
			c.bad("content", where+" is gone", sibling, changed(signed, func(o object) { remove(o, path) }), usual())
			value := at(decode(signed), path...)
			if text, ok := value.(string); ok {
				if len(text) > 4 && text[4] == '-' {
					c.bad("content", where+" is later", sibling, changed(signed, func(o object) { replace(o, path, text[:3]+"7"+text[4:]) }), usual())
				} else {
					c.bad("content", where+" is another", sibling, changed(signed, func(o object) { replace(o, path, text+"x") }), usual())
				}
			}
			if _, ok := value.(object); ok {
				c.bad("content", where+" has a description more", sibling, changed(signed, func(o object) { at(o, path...).(object)["description"] = "And a doctor's degree." }), usual())
			}
		}
	}
}

// signText makes a proof of the suite eddsa-jcs-2022 by hand, over whatever the
// document says: what no honest signer of ours would sign.
func signText(t testing.TB, document object, key ed25519.PrivateKey, method string) []byte {
	t.Helper()
	options := object{
		"type": dataintegrity.Type, "cryptosuite": dataintegrity.EdDSAJCS2022, "created": now.Add(-time.Hour).Format(time.RFC3339),
		"verificationMethod": method, "proofPurpose": "assertionMethod",
	}
	if contexts, ok := document["@context"]; ok {
		options["@context"] = contexts
	}
	sum := func(v any) []byte {
		parsed, err := strictjson.ParseLimits(encode(v), strictjson.Limits{Size: 8 << 20, Nodes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(jcs.Append(nil, parsed.Root()))
		return hash[:]
	}
	signature, err := key.Sign(nil, append(sum(options), sum(document)...), crypto.Hash(0))
	if err != nil {
		t.Fatal(err)
	}
	options["proofValue"] = "z" + base58.Encode(signature)
	document = maps.Clone(document)
	document["proof"] = options
	return encode(document)
}

// issueText signs by hand as the issuer.
func issueText(t testing.TB, document object) []byte {
	t.Helper()
	return signText(t, document, keys()["ed"].(ed25519.PrivateKey), issuerID+"#ed")
}

// chainFamily is about several proofs.
func chainFamily(c *corpus) {
	options := func(key, id string, previous ...string) dataintegrity.Options {
		suites := map[string]string{"ed": dataintegrity.EdDSARDFC2022, "ed-2": dataintegrity.EdDSAJCS2022, "p256": dataintegrity.ECDSARDFC2019, "p384": dataintegrity.ECDSARDFC2019}
		return dataintegrity.Options{Cryptosuite: suites[key], VerificationMethod: issuerID + "#" + key, ID: id, PreviousProof: previous}
	}
	const one, two, three = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b01", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b02", "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b03"
	by := func(data any, key, id string, previous ...string) []byte {
		return sign(c, data, keys()[key], options(key, id, previous...))
	}
	for _, pair := range [][2]string{{"ed", "ed-2"}, {"ed", "p256"}, {"p384", "ed-2"}, {"p256", "p384"}, {"p384", "ed"}} {
		label := pair[0] + " and " + pair[1]
		set := by(by(badge(), pair[0], one), pair[1], two)
		inSet := c.good("chain", "a set by "+label, set, usual())
		chain := by(by(badge(), pair[0], one), pair[1], two, one)
		inChain := c.good("chain", "a chain by "+label, chain, usual())
		proof := func(o object, i int) object { return at(o, "proof", i).(object) }
		for _, n := range []named{
			{"the first changed", func(o object) { proof(o, 0)["created"] = "2026-06-15T10:59:59Z" }},
			{"the second changed", func(o object) { proof(o, 1)["created"] = "2026-06-15T10:59:59Z" }},
			{"the values exchanged", func(o object) {
				a, b := proof(o, 0), proof(o, 1)
				a["proofValue"], b["proofValue"] = b["proofValue"], a["proofValue"]
			}},
			{"the ids exchanged", func(o object) { proof(o, 0)["id"], proof(o, 1)["id"] = two, one }},
			{"the ids the same", func(o object) { proof(o, 1)["id"] = one }},
			{"the first chained to itself", func(o object) { proof(o, 0)["previousProof"] = one }},
			{"each chained to the other", func(o object) { proof(o, 0)["previousProof"], proof(o, 1)["previousProof"] = two, one }},
			{"chained to nothing", func(o object) { proof(o, 1)["previousProof"] = three }},
			{"the first for authentication", func(o object) { proof(o, 0)["proofPurpose"] = "authentication" }},
			{"the second by nobody", func(o object) { proof(o, 1)["verificationMethod"] = issuerID + "#other" }},
			{"the second by somebody else", func(o object) {
				proof(o, 1)["verificationMethod"] = "did:key:" + multikey(foreign()["ed"]) + "#" + multikey(foreign()["ed"])
			}},
			{"a third without a value", func(o object) {
				p := maps.Clone(proof(o, 0))
				delete(p, "proofValue")
				p["id"] = three
				o["proof"] = append(o["proof"].(array), p)
			}},
			{"a third by an attacker", func(o object) {
				signed := decode(sign(c, encode(o), foreign()["ed"], dataintegrity.Options{VerificationMethod: issuerID + "#ed", ID: three}))
				o["proof"] = signed["proof"]
			}},
			{"the name changed", func(o object) { o["name"] = "Doctor" }},
		} {
			c.bad("chain", "a set by "+label+", "+n.name, inSet, changed(set, n.change), usual())
			c.bad("chain", "a chain by "+label+", "+n.name, inChain, changed(chain, n.change), usual())
		}
		c.bad("chain", "a chain by "+label+", without its first", inChain, changed(chain, func(o object) { o["proof"] = array{proof(o, 1)} }), usual())
		c.bad("chain", "a chain by "+label+", unchained", inChain, changed(chain, func(o object) { delete(proof(o, 1), "previousProof") }), usual())
		c.bad("chain", "a set by "+label+", chained", inSet, changed(set, func(o object) { proof(o, 1)["previousProof"] = one }), usual())
		c.bad("chain", "a chain by "+label+", its first signed anew", inChain, changed(chain, func(o object) {
			again := decode(by(badge(), "ed-2", one))
			o["proof"] = array{again["proof"], proof(o, 1)}
		}), usual())
		unknown := changed(set, func(o object) { proof(o, 0)["cryptosuite"] = "later-2030" })
		c.add(sample{family: "chain", name: "a set by " + label + ", one unknown, strictly", sibling: inSet, data: unknown, world: usual(), strict: true})
	}
}
