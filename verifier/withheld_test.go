package verifier

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"laurel/credential/jose"
	"laurel/credential/sdjwt"
)

// TestWithheldStatus: a holder who keeps back where a badge's status is does not
// make it one that nobody can withdraw.
func TestWithheldStatus(t *testing.T) {
	for _, s := range selectiveSuites(t, newLab(t)) {
		l := newLab(t)
		selectiveSuites(t, l)
		l.saysWithheld(s.suite, s.derive(l, badgeWithStatus(), "/id", "/validFrom", "/credentialSubject"))
	}
	l := newLab(t)
	disclosure := base64.RawURLEncoding.EncodeToString(marshal(t, []any{"salt of some length", "credentialStatus", badgeWithStatus()["credentialStatus"]}))
	sum := sha256.Sum256([]byte(disclosure))
	payload := badge()
	payload["_sd"] = []any{base64.RawURLEncoding.EncodeToString(sum[:])}
	token, err := jose.Sign(marshal(t, payload), l.key, jose.SigningOptions{KeyID: methodID, Type: sdjwt.TypeCredential})
	if err != nil {
		t.Fatal(err)
	}
	l.saysWithheld("SD-JWT", []byte(token+"~"))
	if r := l.verify([]byte(token + "~" + disclosure + "~")); r.Verdict != VerdictIndeterminate {
		t.Errorf("with its status: %s", describe(r))
	}
	if _, ok := find(l.verify(l.issue(badge())), CodeStatusWithheld); ok {
		t.Error("a whole badge is taken for a part of one")
	}
}

func (l *lab) saysWithheld(name string, data []byte) {
	l.Helper()
	report := l.verify(data)
	_, says := find(report, CodeStatusWithheld)
	_, wrong := find(report, CodeStatus)
	if !says || wrong || report.Verdict != VerdictValid {
		l.Errorf("%s: %s", name, describe(report))
	}
}
