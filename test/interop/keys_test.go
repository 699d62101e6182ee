package interop

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// keyVerdicts are what is to be said of six badges, the first three of key-1 and
// the others of key-2.
type keyVerdicts struct {
	after   string
	foreign [6]bool
	own     [6]string // verdict, and the code of the check of the key
}

// TestForeignVerifiesThroughKeys: badges outlive the keys that signed them, and no
// badge of a compromised key does, in foreign clients as here; but what our own
// register has from before, it vouches for.
func TestForeignVerifiesThroughKeys(t *testing.T) {
	t.Parallel()
	s := serve(t)
	achievement, _ := s.operate("/api/v1/achievements", `{"name": "N", "description": "D", "criteria": {"narrative": "C"}}`, http.StatusCreated)
	request := []byte(`{"achievement": "` + achievement + `", "recipient": {"id": "did:example:holder"}}`)
	var badges []json.RawMessage
	award := func() {
		t.Helper()
		_, url := s.operate("/api/v1/credentials", string(request), http.StatusCreated)
		badges = append(badges, s.get(url))
	}
	award()
	award()
	time.Sleep(10 * time.Millisecond)
	compromised := time.Now().UTC()
	time.Sleep(10 * time.Millisecond)
	award()
	s.operate("/api/v1/keys/rotate", ``, http.StatusOK)
	award()
	award()
	award()

	all := [6]bool{true, true, true, true, true, true}
	key := func(codes ...string) (verdicts [6]string) {
		copy(verdicts[:], codes)
		for i := range verdicts {
			if verdicts[i] == "" {
				verdicts[i] = "valid key"
			}
		}
		return verdicts
	}
	s.throughKeys(badges, keyVerdicts{"a rotation", all, key()})
	s.operate("/api/v1/keys/key-2/retire", ``, http.StatusOK)
	if answer, err := s.Operate(t.Context(), http.MethodPost, "/api/v1/credentials", "", request); err != nil || answer.Status != http.StatusServiceUnavailable {
		t.Errorf("with no key that may sign: %d %s, %v", answer.Status, answer.Body, err)
	}
	s.throughKeys(badges, keyVerdicts{"retiring the last", all, key()})
	s.operate("/api/v1/keys/rotate", ``, http.StatusOK)
	s.operate("/api/v1/keys/key-1/compromise", `{"since": "`+compromised.Format(time.RFC3339Nano)+`"}`, http.StatusOK)
	s.throughKeys(badges, keyVerdicts{
		"a compromise",
		[6]bool{3: true, 4: true, 5: true},
		key("valid key_vouched", "valid key_vouched", "invalid key_not_authorized"),
	})
}

func (s server) throughKeys(badges []json.RawMessage, want keyVerdicts) {
	s.t.Helper()
	for i, f := range foreignVerify(s.t, badges, s.host()) {
		if f.Verified != want.foreign[i] {
			s.t.Errorf("after %s, @digitalbazaar/vc says %v of badge %d: %v", want.after, f.Verified, i+1, f.Errors)
		}
	}
	for i, a := range kits[0].verify(s.t, badges, s.host()) {
		if a.Verified != want.foreign[i] {
			s.t.Errorf("after %s, verifier-core says %v of badge %d: %v %s", want.after, a.Verified, i+1, a.Steps, a.Error)
		}
	}
	for i, badge := range badges {
		if got := s.own(badge); got != want.own[i] {
			s.t.Errorf("after %s, badge %d is %s, want %s", want.after, i+1, got, want.own[i])
		}
	}
}

// own is what the server itself says of a badge and of its key.
func (s server) own(badge json.RawMessage) string {
	s.t.Helper()
	answer, err := s.Operate(s.t.Context(), http.MethodPost, "/verify", "", badge)
	if err != nil || answer.Status != http.StatusOK {
		s.t.Fatalf("POST /verify: %d %s %v", answer.Status, answer.Body, err)
	}
	var report struct {
		Verdict string
		Checks  []struct{ Code string }
	}
	if err := json.Unmarshal(answer.Body, &report); err != nil {
		s.t.Fatal(err)
	}
	for _, check := range report.Checks {
		switch check.Code {
		case "key", "key_vouched", "key_not_authorized", "key_revoked":
			return report.Verdict + " " + check.Code
		}
	}
	return report.Verdict
}
