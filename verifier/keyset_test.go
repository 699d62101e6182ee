package verifier

import (
	"testing"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// TestKeySetEnds: a key that its host calls revoked, or over, is none.
func TestKeySetEnds(t *testing.T) {
	for name, test := range map[string]struct {
		member string
		value  any
		want   Code
	}{
		"good":            {"use", "sig", ""},
		"revoked":         {"revoked", object{"revoked_at": 1700000000}, CodeKeyRevoked},
		"over":            {"exp", testNow.Unix() - 1, CodeKeyExpired},
		"not over yet":    {"exp", testNow.Unix() + 1, ""},
		"over, as a text": {"exp", "1700000000", CodeKeyInvalid},
		"over, as null":   {"exp", nil, CodeKeyInvalid},
		"over, not whole": {"exp", 1.5, CodeKeyInvalid},
	} {
		l := newLab(t)
		data, err := jose.MarshalJWK(l.attacker.Public())
		if err != nil {
			t.Fatal(err)
		}
		key := decode(t, data)
		key["kid"] = "k"
		key[test.member] = test.value
		const id = "https://keys.example.edu/issuer"
		l.serve("https://keys.example.edu/.well-known/jwks.json", object{"keys": []any{key}})
		parsed, err := strictjson.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		public, err := jose.ParseJWK(parsed.Root())
		if err != nil {
			t.Fatal(err)
		}
		found, fault := New(l.config).newSession(t.Context()).keyOfSet(id, "k", public)
		if fault == nil {
			fault = &finding{}
		}
		if fault.code != test.want || sameKey(public, found) != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, fault.code, test.want)
		}
	}
}

// TestKeySetIsBounded: a host may have keys of many issuers, but only so many
// that may be the one are tried.
func TestKeySetIsBounded(t *testing.T) {
	const id = "https://keys.example.edu/issuer"
	l := newLab(t)
	public := l.attacker.Public()
	keyOf := func(kid string) object {
		data, err := jose.MarshalJWK(public)
		if err != nil {
			t.Fatal(err)
		}
		key := decode(t, data)
		key["kid"] = kid
		return key
	}
	for name, test := range map[string]struct {
		before any // so many stand before the one
		count  int
		want   Code
	}{
		"others' keys":           {object{"kid": "other"}, 3 * maxKeys, ""},
		"as many as are tried":   {object{"kid": "k"}, maxKeys - 1, ""},
		"one more than is tried": {object{"kid": "k"}, maxKeys, CodeIssuerDocumentInvalid},
	} {
		var keys []any
		for range test.count {
			keys = append(keys, test.before)
		}
		l.serve("https://keys.example.edu/.well-known/jwks.json", object{"keys": append(keys, keyOf("k"))})
		_, fault := New(l.config).newSession(t.Context()).keyOfSet(id, "k", public)
		if fault == nil {
			fault = &finding{}
		}
		if fault.code != test.want {
			t.Errorf("%s: %q, want %q", name, fault.code, test.want)
		}
	}
}
