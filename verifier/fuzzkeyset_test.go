package verifier

import (
	"encoding/json"
	"testing"

	"laurel/credential/jose"
	"laurel/internal/testdata"
)

// FuzzKeySet: whatever a host serves as its key set, no key comes out of it that
// does not stand in it under the name that was asked for, and none but the one
// that the header of a JWS holds.
func FuzzKeySet(f *testing.F) {
	const id, kid = "https://keys.example.edu/issuer", "k"
	l := newLab(f)
	public := l.attacker.Public()
	key := func(change func(o object)) object {
		data, err := jose.MarshalJWK(public)
		if err != nil {
			f.Fatal(err)
		}
		o := decode(f, data)
		o["kid"] = kid
		change(o)
		return o
	}
	add := func(keys ...any) { f.Add(marshal(f, object{"keys": keys})) }
	add(key(func(object) {}))
	add(key(func(o object) { o["iss"] = id }), key(func(o object) { o["iss"] = "https://keys.example.edu/other" }))
	add(key(func(o object) { o["exp"] = testNow.Unix() - 1 }))
	add(key(func(o object) { o["revoked"] = object{"revoked_at": 1} }))
	add(key(func(o object) { o["d"] = "AA" }))
	add(key(func(o object) { o["kid"] = "other" }), key(func(o object) { o["x"] = "AQ" }))
	add(object{"kty": "oct", "k": "AA", "kid": kid}, nil, 1, []any{})
	f.Add([]byte(`{"keys":{}}`))
	f.Add([]byte(`{"keys":[],"keys":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		lab := *l
		lab.world = &world{documents: map[string][]byte{"https://keys.example.edu/.well-known/jwks.json": data}}
		lab.config.Documents = lab.world
		testdata.Bounded(t, func() {
			found, fault := New(lab.config).newSession(t.Context()).keyOfSet(id, kid, public)
			if fault != nil {
				if found != nil {
					t.Error("a key and a fault")
				}
				return
			}
			if !sameKey(found, public) {
				t.Errorf("another key than the header's: %v", found)
			}
			named, err := jose.MarshalJWK(found)
			if err != nil {
				t.Fatal(err)
			}
			var set struct{ Keys []any }
			if err := json.Unmarshal(data, &set); err != nil {
				t.Fatalf("a key out of what is no JSON: %v", err)
			}
			x := decode(t, named)["x"]
			for _, entry := range set.Keys {
				if o, ok := entry.(object); ok && o["kid"] == kid && o["x"] == x && o["d"] == nil && o["revoked"] == nil {
					return
				}
			}
			t.Errorf("the key is not in the set: %s", data)
		})
	})
}
