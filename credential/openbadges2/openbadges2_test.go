package openbadges2

import (
	"strings"
	"testing"

	"laurel/credential/strictjson"
)

func parse(t testing.TB, text string) strictjson.Value {
	t.Helper()
	document, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return document.Root()
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		`{"@context":"https://w3id.org/openbadges/v2","type":"Assertion"}`:         true,
		`{"@context":["https://w3id.org/openbadges/v1"],"type":["Assertion","X"]}`: true,
		`{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass"}`:        false,
		`{"@context":"https://www.w3.org/ns/credentials/v2","type":"Assertion"}`:   false,
		`{"@context":"https://w3id.org/openbadges/v2"}`:                            false,
		`{"@context":{"a":"https://w3id.org/openbadges/v2"},"type":"Assertion"}`:   false,
		`[]`: false,
		`{}`: false,
	} {
		if got := Is(parse(t, text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestCovers(t *testing.T) {
	const own = `{"id":"https://a.example/issuer"`
	for _, c := range []struct {
		issuer, address string
		want            bool
	}{
		{own + `}`, "https://a.example/1", true},
		{own + `}`, "https://A.Example/1", true},
		{own + `}`, "https://b.example/1", false},
		{own + `}`, "https://a.example.evil.example/1", false},
		{own + `}`, "https://a.example@evil.example/1", false},
		{own + `}`, "https://a.example:8443/1", false},
		{own + `}`, "urn:uuid:1", false},
		{own + `}`, "", false},
		{`{"id":"urn:x"}`, "https://a.example/1", false},
		{own + `,"verification":{"allowedOrigins":"b.example"}}`, "https://b.example/1", true},
		{own + `,"verification":{"allowedOrigins":["b.example"]}}`, "https://a.example/1", false},
		{own + `,"verification":{"startsWith":"https://a.example/x/"}}`, "https://a.example/x/1", true},
		{own + `,"verification":{"startsWith":"https://a.example/x/"}}`, "https://a.example/y/1", false},
		{own + `,"verification":{"startsWith":"https://a.example/x/"}}`, "https://a.example/x/../y/1", false},
		{own + `,"verification":{"startsWith":"https://a.example/x/"}}`, "https://a.example/x/%2E%2e/y/1", false},
		{own + `,"verification":{"startsWith":"https://a.example/x/"}}`, "https://a.example/x/..%2Fy", false},
		{own + `,"verification":{"startsWith":"https://a.example/x/"}}`, `https://a.example/x/..\y`, false},
		{own + `,"verification":{"startsWith":["",7]}}`, "https://a.example/y/1", false},
		{own + `,"verification":{"startsWith":"https://"}}`, "https://b.example/1", false},
	} {
		if got := Covers(parse(t, c.issuer), c.address); got != c.want {
			t.Errorf("%s covers %s: %t", c.issuer, c.address, got)
		}
	}
}

func TestCheckAssertion(t *testing.T) {
	const good = `{"type":"Assertion","id":"https://a.example/1","recipient":{"type":"email","identity":"a@b.example"},"badge":"https://a.example/c",` +
		`"issuedOn":"2020-01-01T00:00:00Z","expires":"2021-01-01T00:00:00+01:00","verification":{"type":"hosted"}}`
	if f := CheckAssertion(parse(t, good)); f != nil {
		t.Errorf("faults of a good one: %v", f)
	}
	for old, replacement := range map[string]string{
		`"type":"Assertion"`: `"type":"BadgeClass"`, `"https://a.example/1"`: `""`, `"identity"`: `"name"`, `"badge"`: `"x"`, `"2020-01-01T00:00:00Z"`: `"2020"`,
		`2021`: `2019`, `"hosted"`: `"none"`, `"issuedOn"`: `"on"`, `{"type":"email","identity":"a@b.example"}`: `null`,
	} {
		changed := strings.Replace(good, old, replacement, 1)
		if f := CheckAssertion(parse(t, changed)); len(f) == 0 {
			t.Errorf("no fault in %s", changed)
		}
	}
	for _, other := range []string{`{}`, `[]`, `"a"`} {
		if CheckBadgeClass(parse(t, other)) == nil || CheckIssuer(parse(t, other)) == nil || CheckAssertion(parse(t, other)) == nil {
			t.Errorf("no fault in %s", other)
		}
	}
}

func TestRevoked(t *testing.T) {
	assertion := parse(t, `{"id":"https://a.example/1","uid":"u1"}`)
	for list, want := range map[string]struct {
		revoked, fault bool
		reason         string
	}{
		`{"revokedAssertions":["https://a.example/1"]}`:                                   {revoked: true},
		`{"revokedAssertions":[{"id":"https://a.example/1","revocationReason":"twice"}]}`: {revoked: true, reason: "twice"},
		`{"revokedAssertions":[{"uid":"u1"}],"issuer":"https://a.example/"}`:              {revoked: true},
		`{"revokedAssertions":["https://a.example/2",{"id":""},"",7]}`:                    {},
		`{"revokedAssertions":[],"issuer":{"id":"https://b.example/"}}`:                   {fault: true},
		`{}`: {fault: true},
		`[]`: {fault: true},
	} {
		revoked, reason, err := Revoked(parse(t, list), "https://a.example/", assertion)
		if revoked != want.revoked || reason != want.reason || (err != nil) != want.fault {
			t.Errorf("%s: %t %q %v", list, revoked, reason, err)
		}
	}
}

func TestKeyRefuses(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"publicKeyPem":7}`, `{"publicKeyPem":"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}`,
		`{"publicKeyPem":"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"}`,
	} {
		if key, _, err := Key(parse(t, text)); err == nil || key != nil {
			t.Errorf("%s: %v", text, key)
		}
	}
}

func TestExtensions(t *testing.T) {
	for text, want := range map[string]int{
		`{"extensions:a":{"type":["Extension","extensions:A"]},"b":[{"type":"Extension"},{"type":"Evidence"}],"type":"Extension"}`: 2,
		`{"a":{"type":["Extension","Extension"]},"evidence":{"narrative":"Extension"},"b":null,"c":7}`:                             1,
		`{"type":"Assertion"}`: 0,
		`["Extension"]`:        0,
		`"Extension"`:          0,
	} {
		if got := Extensions(parse(t, text)); got != want {
			t.Errorf("%s: %d extensions", text, got)
		}
	}
}

func FuzzAssertion(f *testing.F) {
	f.Add([]byte(`{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://a.example/1","verification":{"type":["signed"],"creator":"https://a.example/k"}}`))
	f.Add([]byte(`{"publicKeyPem":"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----","revokedAssertions":[1,{"uid":2}],"verification":{"allowedOrigins":[0],"startsWith":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		v := document.Root()
		if Is(v) && v.Kind() != strictjson.Object {
			t.Error("an assertion that is no object")
		}
		address := Address(v)
		if Covers(v, address) && address == "" {
			t.Error("an issuer answers for no address")
		}
		if key, _, err := Key(v); (key == nil) != (err != nil) {
			t.Errorf("%v, %v", key, err)
		}
		for _, fault := range append(CheckAssertion(v), append(CheckBadgeClass(v), CheckIssuer(v)...)...) {
			if fault.Problem == "" {
				t.Error("a fault without words")
			}
		}
		_, _, _ = Revoked(v, address, v)
	})
}
