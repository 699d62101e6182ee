package negative

import (
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"laurel/credential/jose"
	"laurel/credential/sdjwt"
)

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// compact makes a JWS of any header and payload, both as text, with a signature
// that holds.
func compact(t testing.TB, header, payload string, key crypto.Signer) string {
	t.Helper()
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	_, signature, err := jose.CreateSignature(rand.Reader, key, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(signature)
}

func jwkOf(t testing.TB, key crypto.Signer) string {
	t.Helper()
	data, err := jose.MarshalJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// claimed is a badge with the registered claims beside it, as Open Badges 3.0
// has it.
func claimed() object {
	b := badge()
	b["iss"], b["sub"], b["jti"], b["nbf"], b["exp"] = issuerID, at(b, "credentialSubject", "id"), b["id"], 1770022800, 2085555600
	return b
}

// tokenFamily is about JSON Web Signatures (security JW-01 to JW-15).
func tokenFamily(c *corpus) {
	keySet := "https://badges.example.edu/.well-known/jwks.json"
	w := usual().with(keySet, statusError(404))
	rsa := rsaKey()
	withRSA := func() *world {
		document := issuerDocument(issuerID)
		method := object{"id": issuerID + "#rsa", "type": "JsonWebKey", "controller": issuerID, "publicKeyJwk": decode([]byte(jwkOf(c, rsa)))}
		document["verificationMethod"] = append(document["verificationMethod"].(array), method)
		document["assertionMethod"] = append(document["assertionMethod"].(array), issuerID+"#rsa")
		return w.with(documentURL(issuerID), document)
	}()
	kinds := []struct {
		alg, key string
		signer   crypto.Signer
		other    crypto.Signer
	}{
		{"EdDSA", "ed", keys()["ed"], foreign()["ed"]}, {"ES256", "p256", keys()["p256"], foreign()["p256"]}, {"ES384", "p384", keys()["p384"], foreign()["p384"]}, {"RS256", "rsa", rsa, keys()["ed"]},
	}
	payloads := map[string]string{"vc+jwt": string(encode(badge())), "JWT": string(encode(claimed()))}
	for _, kind := range kinds {
		for _, typ := range []string{"vc+jwt", "JWT"} {
			label := kind.alg + " " + typ + ": "
			kid := issuerID + "#" + kind.key
			header := fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, kind.alg, typ, kid)
			payload := payloads[typ]
			token := compact(c, header, payload, kind.signer)
			sibling := c.good("token", kind.alg+" "+typ, []byte(token), withRSA)
			bad := func(name, token string) { c.bad("token", label+name, sibling, []byte(token), withRSA) }
			part := strings.Split(token, ".")
			again := func(name, header string) { bad("signed with "+name, compact(c, header, payload, kind.signer)) }
			for _, alg := range []string{`"none"`, `"None"`, `"nOnE"`, `"NONE"`, `""`, `1`, `null`, `["none"]`, `["` + kind.alg + `"]`, `"HS256"`, `"HS384"`, `"HS512"`, `"RS1"`, `"ES256K"`, `"` + strings.ToLower(kind.alg) + `"`, `"` + kind.alg + ` "`, `"PS512"`, `"ES512"`, `"RSA-OAEP"`, `"dir"`} {
				changed := fmt.Sprintf(`{"alg":%s,"typ":%q,"kid":%q}`, alg, typ, kid)
				again("alg "+alg, changed)
				bad("alg "+alg+" without a signature", b64([]byte(changed))+"."+part[1]+".")
				bad("alg "+alg+" with the old signature", b64([]byte(changed))+"."+part[1]+"."+part[2])
			}
			for _, other := range kinds {
				if other.alg != kind.alg {
					again("alg "+other.alg, fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, other.alg, typ, kid))
					again("the kid of "+other.alg, fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, kind.alg, typ, issuerID+"#"+other.key))
				}
			}
			for _, extra := range []string{`"crit":["b64"],"b64":false`, `"crit":[]`, `"crit":["x"],"x":1`, `"crit":["exp"]`, `"crit":1`, `"b64":false`, `"b64":true`, `"jwk":{}`, `"jwk":"x"`, `"jwk":{"kty":"oct","k":"AA"}`, `"jwk":{"kty":"OKP","crv":"Ed25519","x":"AQ"}`, `"zip":"DEF"`, `"enc":"A128GCM"`, `"alg":"none"`, `"typ":"JWT"`, `"kid":"x"`, `"\u0061lg":"none"`, `"cty":"JWT"`, `"cty":1`, `"jwk":` + jwkOf(c, kind.other), `"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`} {
				again(strings.ReplaceAll(strings.ReplaceAll(extra, jwkOf(c, kind.other), "KEY"), "\t", ""), header[:len(header)-1]+","+extra+"}")
			}
			for _, kid := range []string{issuerID + "#none", issuerID + "#" + multikey(foreign()["ed"]), "did:key:" + multikey(foreign()["ed"]) + "#" + multikey(foreign()["ed"]), "did:web:evil.example#" + kind.key, "https://evil.example/keys/1", "https://badges.example.edu/keys/none", "../../etc/passwd", "file:///dev/null", "x' OR 1=1--", "a\r\nb", "a\u0000b", strings.Repeat("k", 513), "did:web:127.0.0.1%3A6379#k", "#none", issuerID + "#" + kind.key + "#" + kind.key, "//badges.example.edu/keys", "none"} {
				again(fmt.Sprintf("kid %.40q", kid), fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%s}`, kind.alg, typ, encode(kid)))
			}
			for _, kid := range []string{`1`, `null`, `[]`, `{}`, `""`} {
				again("kid "+kid, fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%s}`, kind.alg, typ, kid))
			}
			for _, typ := range []string{"vp+jwt", "at+jwt", "openid4vci-proof+jwt", "statuslist+jwt", "dc+sd-jwt", "vc+sd-jwt", "kb+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "vc+cose", "oauth-authz-req+jwt", "x"} {
				again("typ "+typ, fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, kind.alg, typ, kid))
			}
			bad("by another key", compact(c, fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, algOf(c, kind.other), typ, kid), payload, kind.other))
			if algOf(c, kind.other) == kind.alg {
				bad("by another key, without a kid", compact(c, fmt.Sprintf(`{"alg":%q,"typ":%q,"jwk":%s}`, kind.alg, typ, jwkOf(c, kind.other)), payload, kind.other))
			}
			signature, err := base64.RawURLEncoding.DecodeString(part[2])
			if err != nil {
				c.Fatal(err)
			}
			for name, s := range map[string][]byte{
				"empty": {}, "zero": make([]byte, len(signature)), "short": signature[1:], "long": append(slices.Clone(signature), 0), "of ones": []byte(strings.Repeat("\xff", len(signature))), "with a bit changed": append(slices.Clone(signature[:len(signature)-1]), signature[len(signature)-1]^1), "with its first bit changed": append([]byte{signature[0] ^ 128}, signature[1:]...),
				"as DER": append([]byte{0x30, byte(len(signature) + 4), 2, byte(len(signature) / 2)}, signature...), "twice": append(slices.Clone(signature), signature...), "with s zero": append(slices.Clone(signature[:len(signature)/2]), make([]byte, len(signature)/2)...), "with r zero": append(make([]byte, len(signature)/2), signature[len(signature)/2:]...),
			} {
				bad("a signature "+name, part[0]+"."+part[1]+"."+b64(s))
			}
			for name, token := range map[string]string{
				"padding": token + "=", "padding behind the header": part[0] + "=." + part[1] + "." + part[2], "a part more": token + ".e30", "a part less": part[0] + "." + part[1], "five parts": token + ".." + part[2], "a line break in the payload": part[0] + "." + part[1][:9] + "\n" + part[1][9:] + "." + part[2], "a space in the signature": part[0] + "." + part[1] + "." + part[2][:9] + " " + part[2][9:], "standard letters": strings.ReplaceAll(strings.ReplaceAll(token, "-", "+"), "_", "/") + "+/",
				"no header": "." + part[1] + "." + part[2], "no payload": part[0] + ".." + part[2], "its own payload twice": part[0] + "." + part[1] + part[1] + "." + part[2], "JSON serialization": fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, part[0], part[1], part[2]), "general serialization": fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, part[1], part[0], part[2]), "a text": `"` + token + `"`, "a bearer": "Bearer " + token, "the token twice": token + token, "a null byte behind": token + "\x00",
				"a payload of another": part[0] + "." + b64([]byte(strings.Replace(payload, "Peer mentor", "Doctor", 1))) + "." + part[2], "a payload with spaces": part[0] + "." + b64([]byte(" "+payload)) + "." + part[2], "bits behind the header": lastLetter(part[0]) + "." + part[1] + "." + part[2], "bits behind the signature": part[0] + "." + part[1] + "." + lastLetter(part[2]), "a detached payload": part[0] + ".." + part[2] + "~", "a tilde": token + "~x~",
			} {
				if token != strings.Join(part, ".") && token != "" {
					bad(name, token)
				}
			}
			for name, payload := range map[string]string{
				"garbage behind": payload + "x", "a member twice": strings.Replace(payload, "{", `{"name":"Doctor",`, 1), "bad UTF-8": strings.Replace(payload, "Peer mentor", "Peer \xff", 1), "an array": "[" + payload + "]", "a text": string(encode(payload)), "nothing": "", "null": "null", "an empty object": "{}", "a token": token, "a byte order mark": "\ufeff" + payload, "an undefined term": strings.Replace(payload, "{", `{"grade":"A+",`, 1), "no badge": `{"sub":"x"}`, "an access token": `{"iss":"` + issuerID + `","scope":"admin","exp":2085555600}`, "a null": strings.Replace(payload, "{", `{"description":null,`, 1),
			} {
				bad("a payload with "+name, compact(c, header, payload, kind.signer))
			}
		}
	}
	big := compact(c, `{"alg":"EdDSA","kid":"`+issuerID+`#ed"}`, string(encode(object{"a": strings.Repeat("a", 2<<20)})), keys()["ed"])
	c.bad("token", "two megabytes", "token/EdDSA vc+jwt", []byte(big), w)
	c.bad("token", "a million points", "token/EdDSA vc+jwt", []byte(strings.Repeat(".", 1<<20)), w)
	c.bad("token", "a JWE", "token/EdDSA vc+jwt", []byte("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"), w)
	weak := compact(c, `{"alg":"EdDSA","typ":"vc+jwt"}`, payloads["vc+jwt"], keys()["ed"])
	for name, set := range map[string]any{
		"a key of another's": object{"keys": array{withIssuer(decode([]byte(jwkOf(c, foreign()["p256"]))), "did:web:evil.example")}}, "no keys": object{"keys": array{}}, "an object": object{"keys": object{}}, "a page": []byte("<html>"),
	} {
		kid := "https://badges.example.edu/keys/1"
		token := compact(c, `{"alg":"ES256","typ":"JWT","kid":"`+kid+`"}`, payloads["JWT"], foreign()["p256"])
		c.bad("token", "a key set with "+name, "token/ES256 JWT", []byte(token), w.with(keySet, set))
	}
	c.bad("token", "no kid, among several keys", "token/EdDSA vc+jwt", []byte(weak), w)
}

func withIssuer(jwk object, issuer string) object {
	jwk["iss"], jwk["kid"] = issuer, "https://badges.example.edu/keys/1"
	return jwk
}

func algOf(t testing.TB, key crypto.Signer) string {
	t.Helper()
	name, err := jose.SigningAlgorithm(key)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// lastLetter sets bits behind the last byte of base64url, where there are any.
func lastLetter(text string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(text)%4 == 0 {
		return text + "A"
	}
	i := strings.IndexByte(letters, text[len(text)-1])
	return text[:len(text)-1] + letters[i|1:i|1+1]
}

// claimFamily has claims contradict the credential (JW-10, JW-11).
func claimFamily(c *corpus) {
	header := func(typ string) string {
		return fmt.Sprintf(`{"alg":"EdDSA","typ":%q,"kid":%q}`, typ, issuerID+"#ed")
	}
	sign := func(typ string, payload object) []byte {
		return []byte(compact(c, header(typ), string(encode(payload)), keys()["ed"]))
	}
	v1 := badge()
	v1["@context"] = array{"https://www.w3.org/2018/credentials/v1", at(v1, "@context", 1)}
	v1["issuanceDate"], v1["expirationDate"] = v1["validFrom"], v1["validUntil"]
	delete(v1, "validFrom")
	delete(v1, "validUntil")
	wrapped := object{"vc": v1, "iss": issuerID, "sub": at(v1, "credentialSubject", "id"), "jti": v1["id"], "nbf": 1770022800, "exp": 2085555600}
	forms := []struct {
		name, typ string
		payload   object
	}{{"OB", "JWT", claimed()}, {"1.1", "JWT", wrapped}, {"VC-JOSE-COSE", "vc+jwt", claimed()}}
	for _, form := range forms {
		sibling := c.good("claim", form.name, sign(form.typ, form.payload), usual())
		for claim, values := range map[string]array{
			"iss": {"did:web:evil.example", "", nil, 1, array{issuerID}, issuerID + "#ed", "did:key:" + multikey(foreign()["ed"]), strings.ToUpper(issuerID), object{"id": issuerID}},
			"sub": {"urn:uuid:00000000-0000-4000-8000-000000000000", nil, 1, array{}, true},
			"jti": {"https://badges.example.edu/credentials/2", nil, 1, array{}, "1"},
			"nbf": {1770022801, 1770022799, "1770022800", nil, -1, number("1770022800.5"), number("1e19"), number("1e400"), 4102444800, array{}, true, number("0.001")},
			"exp": {2085555601, 1700000000, "2085555600", nil, -1, 0, number("2085555600.5"), number("1e19"), 1781524799, array{}, true},
			"iat": {"1770022800", nil, 4102444800, -1, number("1e19"), number("1781525000"), array{}},
			"aud": {1, nil, array{1}, object{}},
		} {
			for _, value := range values {
				payload := decode(encode(form.payload))
				payload[claim] = value
				if n, ok := value.(int); ok && form.typ == "vc+jwt" && claim != "iat" && (claim == "nbf" && n > 0 && n < 2e9 || claim == "exp" && n > 2e9) {
					continue // these are about the signature, not the credential
				}
				name := fmt.Sprintf("%s: %s is %.50s", form.name, claim, encode(value))
				// An iat a minute ago is what the clocks may differ by; -1 is a moment.
				if claim == "iat" && string(encode(value)) == "-1" {
					continue
				}
				c.bad("claim", name, sibling, sign(form.typ, payload), usual())
			}
		}
		for name, change := range map[string]func(o object){
			"both forms": func(o object) { o["vc"] = badge(); o["@context"] = at(badge(), "@context") },
			"a proof that is bad": func(o object) {
				credentialOf(o)["proof"] = proofOf(decode(issue(c, badge())))
				proofOf(credentialOf(o))["created"] = "2026-06-15T10:59:59Z"
			},
			"a presentation besides": func(o object) { o["vp"] = object{"type": "VerifiablePresentation"} },
			"another issuer inside":  func(o object) { at(credentialOf(o), "issuer").(object)["id"] = "did:web:evil.example" },
			"another subject inside": func(o object) { at(credentialOf(o), "credentialSubject").(object)["id"] = "urn:a:b" },
			"another id inside":      func(o object) { credentialOf(o)["id"] = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b99" },
			"no issuer inside":       func(o object) { delete(credentialOf(o), "issuer") },
			"no type inside":         func(o object) { delete(credentialOf(o), "type") },
			"no context inside":      func(o object) { delete(credentialOf(o), "@context") },
			"no subject inside":      func(o object) { delete(credentialOf(o), "credentialSubject") },
			"another kind inside":    func(o object) { credentialOf(o)["type"] = array{"VerifiableCredential"} },
			"a context inline": func(o object) {
				credentialOf(o)["@context"] = append(credentialOf(o)["@context"].(array), object{"@vocab": "https://evil.example/"})
			},
			"an unknown context": func(o object) {
				credentialOf(o)["@context"] = append(credentialOf(o)["@context"].(array), "https://evil.example/")
			},
			"an undefined term":       func(o object) { credentialOf(o)["grade"] = "A+" },
			"a relative achievement":  func(o object) { achievement(credentialOf(o))["id"] = "achievements/1" },
			"no achievement":          func(o object) { delete(at(credentialOf(o), "credentialSubject").(object), "achievement") },
			"a status out of reach":   func(o object) { credentialOf(o)["credentialStatus"] = statusEntry("revocation", listURL, "5") },
			"a null":                  func(o object) { credentialOf(o)["description"] = nil },
			"dates the wrong way":     func(o object) { o["nbf"], o["exp"] = o["exp"], o["nbf"] },
			"a vc that is a text":     func(o object) { o["vc"] = "x" },
			"a vc that is null":       func(o object) { o["vc"] = nil },
			"a number that overflows": func(o object) { at(credentialOf(o), "credentialSubject").(object)["creditsEarned"] = number("1e400") },
		} {
			payload := decode(encode(form.payload))
			change(payload)
			if form.name == "VC-JOSE-COSE" && (name == "both forms" || name == "a presentation besides" || name == "dates the wrong way") {
				name += ", under vc+jwt"
			}
			c.bad("claim", form.name+": "+name, sibling, sign(form.typ, payload), usual())
		}
	}
}

// credentialOf is the credential of a payload.
func credentialOf(payload object) object {
	if vc, ok := payload["vc"].(object); ok && payload["type"] == nil {
		return vc
	}
	return payload
}

// selectiveTokenFamily is about SD-JWT.
func selectiveTokenFamily(c *corpus) {
	issueAll := func(typ string, key crypto.Signer, disclose ...string) string {
		payload := badge()
		if typ == sdjwt.TypeSDJWTVC {
			payload["vct"] = "https://badges.example.edu/types/badge"
		}
		text, err := sdjwt.Issue(encode(payload), key, sdjwt.IssueOptions{Signing: jose.SigningOptions{KeyID: issuerID + "#ed", Type: typ}, Disclose: disclose, Random: zeros{}})
		if err != nil {
			c.Fatal(err)
		}
		return text
	}
	for _, typ := range []string{"vc+sd-jwt", "dc+sd-jwt"} {
		token := issueAll(typ, keys()["ed"], "/name", "/credentialSubject/role", "/evidence/0")
		sibling := c.good("sd-jwt", typ, []byte(token), usual())
		part := strings.Split(strings.TrimSuffix(token, "~"), "~")
		join := func(parts ...string) string { return strings.Join(parts, "~") + "~" }
		disclosure := func(v any) string { return b64(encode(v)) }
		first := part[1]
		for name, text := range map[string]string{
			"by another key": issueAll(typ, foreign()["ed"], "/name"), "a disclosure twice": join(append(part, first)...), "a disclosure nobody named": join(append(part, disclosure(array{"salt", "name", "Doctor"}))...), "a disclosure changed": join(part[0], disclosure(array{"AAAA", "name", "Doctor"}), part[2], part[3]), "no end": strings.Join(part, "~"), "an empty disclosure": join(part[0], "", first), "a key binding of nothing": join(part...) + "x", "a key binding that is a token": join(part...) + part[0],
			"a disclosure with padding": join(part[0], first+"=", part[2], part[3]), "a disclosure with a space": join(part[0], first+" ", part[2], part[3]), "a disclosure that is no JSON": join(append(part, b64([]byte("x")))...), "a disclosure of four": join(append(part, disclosure(array{"a", "b", "c", "d"}))...), "a disclosure of one": join(append(part, disclosure(array{"a"}))...), "a disclosure of an object": join(append(part, disclosure(object{}))...), "a JWT changed": strings.Replace(token, ".", ".A", 1), "no JWT": join("", first), "another's JWT": join(strings.Split(issueAll(typ, foreign()["ed"], "/name"), "~")[0], first), "a JWT without a signature": join(part[0][:strings.LastIndex(part[0], ".")+1], first),
		} {
			c.bad("sd-jwt", typ+": "+name, sibling, []byte(text), usual())
		}
		signed := func(header string, payload object, disclosures ...string) []byte {
			return []byte(join(append([]string{compact(c, header, string(encode(payload)), keys()["ed"])}, disclosures...)...))
		}
		header := fmt.Sprintf(`{"alg":"EdDSA","typ":%q,"kid":%q}`, typ, issuerID+"#ed")
		base := func(change func(o object)) object {
			o := badge()
			if typ == sdjwt.TypeSDJWTVC {
				o["vct"] = "https://badges.example.edu/types/badge"
			}
			change(o)
			return o
		}
		for name, change := range map[string]func(o object){
			"_sd that is a text": func(o object) { o["_sd"] = "x" }, "_sd of numbers": func(o object) { o["_sd"] = array{1} }, "a digest twice": func(o object) { o["_sd"] = array{b64(make([]byte, 32)), b64(make([]byte, 32))} }, "an unknown hash": func(o object) { o["_sd_alg"] = "md5" }, "a hash that is a number": func(o object) { o["_sd_alg"] = 1 }, "_sd_alg inside": func(o object) { achievement(o)["_sd_alg"] = "sha-256" }, "an element that is more than a digest": func(o object) { o["evidence"] = array{object{"...": b64(make([]byte, 32)), "a": 1}} }, "an element that is a number": func(o object) { o["evidence"] = array{object{"...": 1}} }, "a digest for a member": func(o object) { o["..."] = "x" },
			"another issuer": func(o object) { o["iss"] = "did:web:evil.example" }, "an end in the past": func(o object) { o["exp"] = 1700000000 }, "an end that is a text": func(o object) { o["exp"] = "never" }, "a begin in the future": func(o object) { o["nbf"] = 4102444800 }, "an undefined term": func(o object) { o["grade"] = "A" }, "no issuer": func(o object) { delete(o, "issuer") }, "no subject": func(o object) { delete(o, "credentialSubject") }, "a validity that is over": func(o object) { o["validUntil"] = "2026-01-01T00:00:00Z" }, "no badge": func(o object) { o["type"] = array{"VerifiableCredential"} },
		} {
			c.bad("sd-jwt", typ+": "+name, sibling, signed(header, base(change)), usual())
		}
		for _, other := range []string{"vp+sd-jwt", "kb+jwt", "JWT", "at+jwt", "vp+jwt", ""} {
			c.bad("sd-jwt", fmt.Sprintf("%s: typ %q", typ, other), sibling, signed(strings.Replace(header, typ, other, 1), base(func(object) {})), usual())
		}
		for _, alg := range []string{"none", "HS256", "ES256"} {
			c.bad("sd-jwt", typ+": alg "+alg, sibling, signed(strings.Replace(header, "EdDSA", alg, 1), base(func(object) {})), usual())
		}
		for _, withheld := range []string{"/credentialSubject/achievement/name", "/credentialSubject/achievement/description", "/credentialSubject/id", "/credentialSubject/achievement/criteria"} {
			text := issueAll(typ, keys()["ed"], withheld)
			c.bad("sd-jwt", typ+": withheld "+withheld, sibling, []byte(text[:strings.Index(text, "~")+1]), usual())
		}
	}
}

// zeros is what a repeatable corpus has for randomness.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
