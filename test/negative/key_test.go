package negative

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mr-tron/base58"

	"laurel/credential/jose"
)

// keyFamily has somebody else sign as the issuer, by every name their key can
// take (security DI-02 to DI-05).
func keyFamily(c *corpus) {
	for _, s := range everySuite {
		sibling, _ := s.good(c)
		attacker := foreign()[s.key]
		theirs := "did:key:" + multikey(attacker)
		document := issuerDocument(issuerID)
		theirWorld := usual().with("https://evil.example/.well-known/did.json", object{
			"id": "did:web:evil.example", "assertionMethod": array{object{"id": "did:web:evil.example#" + s.key, "type": "Multikey", "controller": "did:web:evil.example", "publicKeyMultibase": multikey(attacker)}},
		}).with("https://evil.example/issuer", object{"id": "https://evil.example/issuer", "assertionMethod": array{object{"id": "https://evil.example/issuer#key", "type": "Multikey", "controller": "https://evil.example/issuer", "publicKeyMultibase": multikey(attacker)}}})
		for _, method := range []string{
			issuerID + "#" + s.key, issuerID + "#" + multikey(attacker), theirs, theirs + "#" + multikey(attacker), theirs + "#" + s.key, theirs + "#", "did:web:evil.example#" + s.key, "https://evil.example/issuer#key",
			issuerID + ":issuers:other#" + s.key, "did:web:example.edu#" + s.key, "did:web:badges.example.edu.evil.example#" + s.key, "did:web:badges.example.edu%3A443#" + s.key, "did:web:evil.example#" + issuerID + "#" + s.key, issuerID + "#" + theirs,
			"https://badges.example.edu/.well-known/did.json#" + s.key, siteID + "#" + s.key, "did:web:badges.example.edu%2Fevil#" + s.key, "did:web:evil.example@badges.example.edu#" + s.key, "did:web:" + strings.ToUpper("badges.example.edu") + "#" + s.key,
		} {
			if strings.Count(method, "#") > 1 || strings.HasSuffix(method, "#") {
				signed := s.issueWith(c, badge(), attacker, issuerID+"#x")
				c.bad("key", s.label+": an attacker as "+strings.ReplaceAll(method, multikey(attacker), "KEY"), sibling, changed(signed, func(o object) { proofOf(o)["verificationMethod"] = method }), theirWorld)
				continue
			}
			c.bad("key", s.label+": an attacker as "+strings.ReplaceAll(method, multikey(attacker), "KEY"), sibling, s.issueWith(c, badge(), attacker, method), theirWorld)
		}
		// The issuer is the attacker; the name that people read is not.
		for name, issuer := range map[string]any{
			"an array of issuers":            array{object{"id": theirs, "type": array{"Profile"}}, object{"id": issuerID, "type": array{"Profile"}}},
			"an issuer without an id":        object{"type": array{"Profile"}, "name": "Example University"},
			"an issuer that is a name":       "Example University",
			"an issuer with another's path":  object{"id": issuerID + "/x", "type": array{"Profile"}},
			"an issuer with a fragment":      object{"id": issuerID + "#" + s.key, "type": array{"Profile"}},
			"an issuer with a query":         object{"id": issuerID + "?a=b", "type": array{"Profile"}},
			"an issuer that is a key's URL":  object{"id": theirs + "#" + multikey(attacker), "type": array{"Profile"}},
			"an issuer by http":              object{"id": "http://badges.example.edu/issuer", "type": array{"Profile"}},
			"an issuer by a URN":             object{"id": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11", "type": array{"Profile"}},
			"an issuer of an unknown method": object{"id": "did:example:123", "type": array{"Profile"}},
		} {
			b := badge()
			b["issuer"] = issuer
			if s.key != "ed" {
				break
			}
			c.bad("key", s.label+": "+name, sibling, signText(c, b, attacker.(ed25519.PrivateKey), theirs+"#"+multikey(attacker)), theirWorld)
		}
		// The document of the issuer as it should not be.
		signed := s.issue(c, badge())
		index := slices.Index(slices.Sorted(maps.Keys(keys())), s.key)
		url := issuerID + "#" + s.key
		for _, n := range documentChanges(s.key, index, url) {
			if n.name == "the method's type is Ed25519VerificationKey2020" && s.key == "ed" {
				continue
			}
			data := changed(encode(document), n.change)
			c.bad("key", s.label+": "+n.name, sibling, signed, usual().with(documentURL(issuerID), data))
		}
		for other := range keys() {
			if other == s.key {
				continue
			}
			data := changed(signed, func(o object) { proofOf(o)["verificationMethod"] = issuerID + "#" + other })
			c.bad("key", s.label+": another key of the issuer, "+other, sibling, data, usual())
		}
	}
	answers(c)
	weakKeys(c)
}

// documentChanges are changes of the issuer's document that take from a key what
// makes it good.
func documentChanges(key string, index int, url string) []named {
	method := func(o object) object { return at(o, "verificationMethod", index).(object) }
	unlist := func(o object) {
		o["assertionMethod"] = slices.DeleteFunc(o["assertionMethod"].(array), func(v any) bool { return v == url })
	}
	set := func(name string, value any) named {
		return named{fmt.Sprintf("the method's %s is %.40s", name, strings.Trim(string(encode(value)), `"`)), func(o object) { method(o)[name] = value }}
	}
	lost := func(name string) named {
		return named{"the method has no " + name, func(o object) { delete(method(o), name) }}
	}
	other := multikey(foreign()[key])
	return []named{
		{"the key is not listed", unlist},
		{"the key is listed for authentication only", func(o object) { unlist(o); o["authentication"] = array{url} }},
		{"the key is listed for key agreement only", func(o object) { unlist(o); o["keyAgreement"] = array{url} }},
		{"the key is in authentication only", func(o object) {
			unlist(o)
			o["authentication"] = array{method(o)}
			o["verificationMethod"] = slices.Delete(o["verificationMethod"].(array), index, index+1)
		}},
		{"the list is an object", func(o object) { o["assertionMethod"] = object{"id": url} }},
		{"the list is empty", func(o object) { o["assertionMethod"] = array{} }},
		{"there is no list", func(o object) { delete(o, "assertionMethod") }},
		{"the list has a number", func(o object) { unlist(o); o["assertionMethod"] = append(o["assertionMethod"].(array), 1) }},
		{"the list has an object with the id alone", func(o object) {
			unlist(o)
			o["assertionMethod"] = append(o["assertionMethod"].(array), object{"id": url})
		}},
		{"the method is gone", func(o object) {
			o["verificationMethod"] = slices.Delete(o["verificationMethod"].(array), index, index+1)
		}},
		{"the methods are gone", func(o object) { delete(o, "verificationMethod") }},
		{"the method is there twice", func(o object) {
			o["verificationMethod"] = append(o["verificationMethod"].(array), maps.Clone(method(o)))
		}},
		{"the method is there twice with another key", func(o object) {
			m := maps.Clone(method(o))
			m["publicKeyMultibase"] = other
			o["verificationMethod"] = append(array{m}, o["verificationMethod"].(array)...)
		}},
		{"the key is another", func(o object) { method(o)["publicKeyMultibase"] = other }},
		{"the method is of another document", func(o object) { method(o)["id"] = "did:web:evil.example#" + key }},
		{"the document is of another", func(o object) { o["id"] = "did:web:evil.example" }},
		{"the document has no id", func(o object) { delete(o, "id") }},
		{"the document has an id of another case", func(o object) { o["id"] = "did:web:Badges.example.edu" }},
		{"the document has a number for an id", func(o object) { o["id"] = 1 }},
		set("controller", "did:web:evil.example"), set("controller", array{issuerID}), set("controller", ""), set("controller", nil), set("controller", issuerID+"#ed"), lost("controller"),
		set("revoked", "2026-06-15T11:59:59Z"), set("revoked", "2020-01-01T00:00:00Z"), set("expires", "2026-06-15T11:59:59Z"), set("expires", "2020-01-01T00:00:00Z"), set("expires", "soon"), set("expires", 1), set("revoked", "no"), set("revoked", true), set("revoked", nil),
		set("type", "X25519KeyAgreementKey2020"), set("type", "JsonWebKey"), set("type", "Ed25519VerificationKey2020"), set("type", array{"Multikey"}), set("type", "multikey"), set("type", 1), lost("type"), lost("publicKeyMultibase"), lost("id"),
		set("id", "#"+key+"x"), set("id", key), set("id", issuerID), set("id", 1),
		set("publicKeyMultibase", ""), set("publicKeyMultibase", "z"), set("publicKeyMultibase", 1), set("publicKeyMultibase", array{other}), set("publicKeyMultibase", "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"), set("publicKeyMultibase", "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"), set("publicKeyMultibase", "did:key:"+other),
		{"the key has a letter more", func(o object) { m := method(o); m["publicKeyMultibase"] = m["publicKeyMultibase"].(string) + "1" }},
		{"the key has a letter less", func(o object) {
			m := method(o)
			s := m["publicKeyMultibase"].(string)
			m["publicKeyMultibase"] = s[:len(s)-1]
		}},
		{"the key has a one in front", func(o object) { m := method(o); m["publicKeyMultibase"] = "z1" + m["publicKeyMultibase"].(string)[1:] }},
		{"the key is in base64url", func(o object) { m := method(o); m["publicKeyMultibase"] = "u" + m["publicKeyMultibase"].(string)[1:] }},
		{"the key is there in two forms", func(o object) {
			method(o)["publicKeyJwk"] = object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
		}},
		{"the key is a private one", func(o object) {
			m := method(o)
			delete(m, "publicKeyMultibase")
			m["type"] = "JsonWebKey"
			m["publicKeyJwk"] = object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
		}},
		{"the key is a short one", func(o object) {
			m := method(o)
			delete(m, "publicKeyMultibase")
			m["type"] = "JsonWebKey"
			m["publicKeyJwk"] = object{"kty": "OKP", "crv": "Ed25519", "x": "AQ"}
		}},
		{"the key is a symmetric one", func(o object) {
			m := method(o)
			delete(m, "publicKeyMultibase")
			m["type"] = "JsonWebKey"
			m["publicKeyJwk"] = object{"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}
		}},
	}
}

// answers are what the host of the issuer may say instead of its document.
func answers(c *corpus) {
	sibling, signed := everySuite[0].good(c)
	atSite := badge()
	atSite["issuer"].(object)["id"] = siteID
	site := everySuite[0].issueWith(c, atSite, keys()["ed"], siteID+"#ed")
	siteSibling := c.good("key", "an issuer by https", site, usual())
	document := string(encode(issuerDocument(issuerID)))
	many := issuerDocument(issuerID)
	for i := range 500 {
		many["verificationMethod"] = append(many["verificationMethod"].(array), object{"id": fmt.Sprintf("%s#m%d", issuerID, i), "type": "Multikey", "controller": issuerID, "publicKeyMultibase": multikey(keys()["ed-2"])})
	}
	for name, answer := range map[string]any{
		"nothing": []byte(nil), "a page": []byte("<!DOCTYPE html>"), "null": []byte("null"), "an array": []byte("[" + document + "]"), "an empty object": []byte("{}"), "a list of JWKs": []byte(`{"keys":[]}`), "half of it": []byte(document[:len(document)/2]), "it twice": []byte(document + document),
		"it with a key twice": []byte(strings.Replace(document, "{", `{"id":"did:web:evil.example",`, 1)), "it with bad UTF-8": []byte(strings.Replace(document, "{", "{\"a\":\"\xff\",", 1)), "it with a byte order mark": []byte("\ufeff" + document), "a megabyte": []byte(strings.Replace(document, "{", `{"a":"`+strings.Repeat("a", 1<<20)+`",`, 1)), "500 keys": encode(many),
		"not found": statusError(404), "gone": statusError(410), "forbidden": statusError(403), "a fault": statusError(500), "no connection": errUnreachable, "deactivated": []byte(`{"id":"` + issuerID + `"}`), "a resolution result": []byte(`{"didDocument":` + document + `}`), "deep": []byte(strings.Repeat("[", 100_000)),
	} {
		c.bad("key", "did:web: the host answers with "+name, sibling, signed, usual().with(documentURL(issuerID), answer))
		if text, ok := answer.([]byte); ok {
			answer = []byte(strings.ReplaceAll(string(text), issuerID, siteID))
		}
		c.bad("key", "https: the host answers with "+name, siteSibling, site, usual().with(siteID, answer))
	}
	for _, n := range documentChanges("ed", slices.Index(slices.Sorted(maps.Keys(keys())), "ed"), siteID+"#ed") {
		if n.name != "the method's type is Ed25519VerificationKey2020" && !strings.Contains(n.name, issuerID) {
			c.bad("key", "https: "+n.name, siteSibling, site, usual().with(siteID, changed(encode(issuerDocument(siteID)), n.change)))
		}
	}
}

// weakKeys are keys under which signatures prove nothing (DI-12), in a document
// of the issuer's and as did:key and did:jwk.
func weakKeys(c *corpus) {
	sibling, signed := everySuite[0].good(c)
	for i, point := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"0100000000000000000000000000000000000000000000000000000000000080", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "0200000000000000000000000000000000000000000000000000000000000000",
	} {
		raw, err := hex.DecodeString(point)
		if err != nil {
			c.Fatal(err)
		}
		text := "z" + base58.Encode(append([]byte{0xed, 1}, raw...))
		x := base64.RawURLEncoding.EncodeToString(raw)
		// R is the identity and S zero: under the identity this is a signature of
		// every text.
		forged := changed(signed, func(o object) {
			proofOf(o)["proofValue"] = "z" + base58.Encode(append([]byte{1}, make([]byte, 63)...))
		})
		document := func(method object) []byte {
			method["id"], method["controller"] = issuerID+"#ed", issuerID
			return encode(object{"id": issuerID, "verificationMethod": array{method}, "assertionMethod": array{issuerID + "#ed"}})
		}
		name := fmt.Sprintf("weak key %d: ", i)
		c.bad("key", name+"a Multikey", sibling, forged, usual().with(documentURL(issuerID), document(object{"type": "Multikey", "publicKeyMultibase": text})))
		c.bad("key", name+"a JsonWebKey", sibling, forged, usual().with(documentURL(issuerID), document(object{"type": "JsonWebKey", "publicKeyJwk": object{"kty": "OKP", "crv": "Ed25519", "x": x}})))
		c.bad("key", name+"an Ed25519VerificationKey2018", sibling, forged, usual().with(documentURL(issuerID), document(object{"type": "Ed25519VerificationKey2018", "publicKeyBase58": base58.Encode(raw)})))
		for _, id := range []string{"did:key:" + text, "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(`{"crv":"Ed25519","kty":"OKP","x":"`+x+`"}`))} {
			fragment := "#0"
			if strings.HasPrefix(id, "did:key:") {
				fragment = "#" + text
			}
			c.bad("key", name+"as "+id[:8], sibling, changed(forged, func(o object) {
				at(o, "issuer").(object)["id"] = id
				proofOf(o)["verificationMethod"] = id + fragment
			}), usual())
		}
	}
}

// methodFamily is about identifiers: those that are their own key, and addresses
// that lead nowhere good (DD-01, DD-05, DD-16).
func methodFamily(c *corpus) {
	key := keys()["ed"].(ed25519.PrivateKey)
	as := func(id, method string) []byte {
		b := badge()
		b["issuer"].(object)["id"] = id
		return signText(c, b, key, method)
	}
	ed := multikey(key)
	self := c.good("method", "did:key", as("did:key:"+ed, "did:key:"+ed+"#"+ed), usual())
	jwk, err := jose.MarshalJWK(key.Public())
	if err != nil {
		c.Fatal(err)
	}
	encoded := base64.RawURLEncoding.EncodeToString(jwk)
	selfJWK := c.good("method", "did:jwk", as("did:jwk:"+encoded, "did:jwk:"+encoded+"#0"), usual())
	p256 := multikey(keys()["p256"])
	for _, id := range []string{
		"did:key:" + ed[1:], "did:key:" + ed + "1", "did:key:" + ed[:len(ed)-1], "did:key:" + ed + "?a=b", "did:key:1.1:" + ed, "did:key:2:" + ed, "did:KEY:" + ed, "DID:key:" + ed, "did:key: " + ed, "did:key:" + ed + "/", "did:key:u" + ed[1:], "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
		"did:key:z", "did:key:", "did:key", "did:", "did::" + ed, "did:key:" + p256, "did:key:" + strings.ToLower(ed), "did:key:" + ed + "%20", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did:key:z" + base58.Encode(append([]byte{0xed, 0x81, 0}, key.Public().(ed25519.PublicKey)...)),
	} {
		c.bad("method", "did:key as "+strings.ReplaceAll(id, ed, "KEY"), self, as(id, id+"#"+ed), usual())
		_, fragment, _ := strings.Cut(strings.TrimPrefix(id, "did:"), ":")
		c.bad("method", c.unique("method", "did:key as "+strings.ReplaceAll(id, ed, "KEY")+", its own fragment"), self, as(id, id+"#"+fragment+"."), usual())
	}
	for _, fragment := range []string{"", "#", "#0", "#key-1", "#" + ed[1:], "#" + p256, "#" + ed + "#", "?" + ed, "#" + ed + "%00", "#did:key:" + ed} {
		c.bad("method", "did:key with the method "+strings.ReplaceAll(fragment, ed, "KEY"), self, as("did:key:"+ed, "did:key:"+ed+fragment), usual())
	}
	inJWK := func(text string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, id := range map[string]string{
		"a private key": inJWK(strings.Replace(string(jwk), "{", `{"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",`, 1)), "for encryption": inJWK(strings.Replace(string(jwk), "{", `{"use":"enc",`, 1)), "a member twice": inJWK(strings.Replace(string(jwk), "{", `{"crv":"Ed25519",`, 1)),
		"a symmetric key": inJWK(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`), "an X25519 key": inJWK(`{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}`), "secp256k1": inJWK(`{"kty":"EC","crv":"secp256k1","x":"WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis","y":"y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE"}`), "off the curve": inJWK(`{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`),
		"a short RSA key": inJWK(`{"kty":"RSA","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xf1", 128))) + `"}`), "an RSA key with e=1": inJWK(`{"kty":"RSA","e":"AQ","n":"` + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xf1", 256))) + `"}`), "no JSON": inJWK("{"), "an array": inJWK("[" + string(jwk) + "]"), "padding": "did:jwk:" + encoded + "=", "a newline": inJWK(string(jwk)) + "\n", "half a letter": "did:jwk:" + encoded[:len(encoded)-1], "standard base64": "did:jwk:" + base64.StdEncoding.EncodeToString([]byte("??>>"+string(jwk))),
		"a megabyte": inJWK(strings.Replace(string(jwk), "{", `{"a":"`+strings.Repeat("a", 300<<10)+`",`, 1)), "no key": inJWK("{}"), "something behind": inJWK(string(jwk) + "x"), "a short coordinate": inJWK(`{"kty":"OKP","crv":"Ed25519","x":"AQ"}`), "another curve's name": inJWK(strings.Replace(string(jwk), "Ed25519", "P-256", 1)), "keys": inJWK(`{"keys":[` + string(jwk) + `]}`),
	} {
		c.bad("method", "did:jwk: "+name, selfJWK, as(id, id+"#0"), usual())
	}
	for _, fragment := range []string{"", "#", "#1", "#00", "#" + encoded, "#key-1", "#0#0"} {
		c.bad("method", "did:jwk with the method "+strings.ReplaceAll(fragment, encoded, "JWK"), selfJWK, as("did:jwk:"+encoded, "did:jwk:"+encoded+fragment), usual())
	}
	web := "key/an issuer by https"
	for _, host := range []string{
		"127.0.0.1", "127.0.0.1%3A6379", "10.0.0.1", "169.254.169.254", "%5B%3A%3A1%5D", "[::1]", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "①②⑦.0.0.1", "192.168.0.1",
		"badges.example.edu%2Fa", "badges.example.edu%2e%2e", "badges.example.edu%00", "badges.example.edu:..:a", "badges.example.edu:.:a", "badges.example.edu::a", "badges.example.edu:", "badges.example.edu.", ".badges.example.edu", "badges..example.edu", "user@badges.example.edu", "user%40badges.example.edu",
		"badges.example.edu%3A0", "badges.example.edu%3A99999", "badges.example.edu%3A443%3A1", "badges.example.edu%3A", "badges.example.edu%3Aabc", "BADGES.example.edu", "badges.exämple.edu", "bаdges.example.edu", strings.Repeat("a", 64) + ".example.edu", strings.Repeat("a.", 130) + "edu", "-badges.example.edu", "badges-.example.edu", "bad_ges.example.edu", "badges.example.edu?a", "badges.example.edu/a", "badges.example.edu#a#b",
		"badges.example.edu:%2e%2e:a", "badges.example.edu:a%2Fb", "badges.example.edu:%", "badges.example.edu:%zz", "badges.example.edu\n", " badges.example.edu", "", "%62adges.example.edu", "badges%2Eexample.edu",
	} {
		id := "did:web:" + host
		// Whatever the identifier means to somebody: the document is there.
		w := usual()
		for _, url := range []string{"https://" + host + "/.well-known/did.json", "https://badges.example.edu/.well-known/did.json", "https://127.0.0.1/.well-known/did.json", "https://localhost/.well-known/did.json"} {
			w = w.with(url, issuerDocument(id))
		}
		c.bad("method", fmt.Sprintf("did:web:%.40q", host), "method/did:key", as(id, id+"#ed"), w)
	}
	for _, id := range []string{
		"http://badges.example.edu/issuer", "https://badges.example.edu/issuer#ed", "https://user@badges.example.edu/issuer", "https://", "https:///issuer", "https:badges.example.edu", "HTTPS://badges.example.edu/issuer", "https://badges.example.edu/issuer?a=b#ed", "ftp://badges.example.edu/issuer", "file:///issuer", "data:application/json,{}", "//badges.example.edu/issuer", "/issuer", "https://badges.example.edu:99999/issuer", "https://badges.example.edu/other", "javascript:alert(1)", "https://badges.example.edu/issuer/", "https://BADGES.example.edu/issuer",
	} {
		c.bad("method", "https as "+id, web, as(id, id+"#ed"), usual())
	}
}
