package statuslist

import "testing"

func TestParseRevocationList(t *testing.T) {
	for text, want := range map[string]struct {
		revoked bool
		reason  string
	}{
		`{"id":"https://a.example/l","issuer":"did:web:a.example","revokedCredential":[{"id":"c"}]}`: {true, ""},
		`{"revokedCredential":{"id":"c","revoked":true,"revocationReason":"r"}}`:                     {true, "r"},
		`{"revokedCredentials":[{"id":"b"},{"id":"c"}]}`:                                             {true, ""},
		`{"revokedCredential":[{"id":"c","revoked":false},{"id":"c"}]}`:                              {true, ""},
		`{"revokedCredential":[{"id":"c","revoked":false}]}`:                                         {false, ""},
		`{"revokedCredential":[{"id":"C"},{"id":"c "}]}`:                                             {false, ""},
		`{"revokedCredential":[]}`:                                                                   {false, ""},
	} {
		list, err := ParseRevocationList([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if reason, revoked := list.Revoked("c"); revoked != want.revoked || reason != want.reason {
			t.Errorf("%s: %t %q", text, revoked, reason)
		}
		if _, revoked := list.Revoked(""); revoked {
			t.Errorf("%s revokes what has no id", text)
		}
	}
	for _, text := range []string{
		``, `{}`, `[]`, `null`, `{"revokedCredential":null}`, `{"revokedCredential":["c"]}`, `{"revokedCredential":[{"id":1}]}`, `{"revokedCredential":[{}]}`,
		`{"revokedCredential":[{"id":"c","revoked":"no"}]}`, `{"revokedCredential":[],"revokedCredentials":[]}`, `{"revokedCredential":[],"revokedCredential":[]}`,
	} {
		if list, err := ParseRevocationList([]byte(text)); err == nil || list != nil {
			t.Errorf("%s is taken for a list", text)
		}
	}
}

func FuzzParseRevocationList(f *testing.F) {
	f.Add([]byte(`{"id":"https://a.example/l","issuer":{"id":"x"},"revokedCredential":[{"id":"c","revoked":true,"revocationReason":"r"}]}`))
	f.Add([]byte(`{"revokedCredentials":{"id":"c"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseRevocationList(data)
		if (list == nil) != (err != nil) {
			t.Fatalf("%v, %v", list, err)
		}
		if list != nil {
			if reason, revoked := list.Revoked("c"); reason != "" && !revoked {
				t.Error("a reason without a revocation")
			}
		}
	})
}
