package verifier

import (
	"bytes"
	"context"
	"testing"
	"time"
)

// register vouches for one document.
type register struct {
	document []byte
	vouched  Vouched
}

func (r register) Vouch(_ context.Context, claim Claim) (Vouched, bool) {
	return r.vouched, bytes.Equal(claim.Document, r.document) && claim.Issuer == issuerID && claim.VerificationMethod == methodID
}

// vouching is a badge by a key that its issuer has revoked, in a laboratory whose
// register has it from before.
func vouching(t *testing.T) (l *lab, data []byte, r register) {
	t.Helper()
	l = newLab(t)
	data = published(func(_ *lab, d object) {
		method(d)["revoked"] = "2026-06-14T00:00:00Z"
	})(l)
	compromised := time.Date(2026, 6, 14, 0, 0, 0, 0, time.UTC)
	return l, data, register{data, Vouched{PublicKey: l.key.Public(), Stored: compromised.Add(-time.Hour), Compromised: compromised}}
}

func TestVouched(t *testing.T) {
	for name, test := range map[string]struct {
		change func(l *lab, r *register, data []byte) []byte
		want   Verdict
		code   Code
	}{
		"stored before": {func(_ *lab, _ *register, data []byte) []byte { return data }, VerdictValid, CodeKeyVouched},
		"another badge": {func(_ *lab, _ *register, data []byte) []byte {
			return bytes.Replace(data, []byte("Peer mentor"), []byte("Peer master"), 1)
		}, VerdictInvalid, CodeKeyRevoked},
		"another key":     {func(l *lab, r *register, data []byte) []byte { r.vouched.PublicKey = l.attacker.Public(); return data }, VerdictInvalid, CodeSignatureInvalid},
		"stored too late": {func(_ *lab, r *register, data []byte) []byte { r.vouched.Stored = r.vouched.Compromised; return data }, VerdictInvalid, CodeKeyRevoked},
	} {
		l, data, r := vouching(t)
		data = test.change(l, &r, data)
		l.config.Register = r
		report := l.verify(data)
		if _, ok := find(report, test.code); report.Verdict != test.want || !ok {
			t.Errorf("%s: %s without %s\n%s", name, report.Verdict, test.code, describe(report))
		}
	}
}
