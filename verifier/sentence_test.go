package verifier

import (
	"strings"
	"testing"
)

// TestDatesAndReasonsSaid: whoever is refused a badge is told since when or until
// when and for what reason, as far as that is known, and nothing of it before
// somebody has shown whose badge it is.
func TestDatesAndReasonsSaid(t *testing.T) {
	cutOff := func(arrange func(l *lab) []byte) func(l *lab) []byte {
		return func(l *lab) []byte {
			data := arrange(l)
			l.world.cut = true
			return data
		}
	}
	expired := changed(func(b object) { b["validUntil"] = "2026-03-01T00:00:00Z" })
	for name, want := range map[string]struct {
		arrange func(l *lab) []byte
		code    Code
		says    string
	}{
		"withdrawn": {
			scenarioNamed(t, "withdrawn").arrange, CodeRevoked,
			"Withdrawn by the issuer, as its list of 2026-06-15T11:00:00Z says. Do not accept it.",
		},
		"on hold": {
			scenarioNamed(t, "on hold").arrange, CodeSuspended,
			"On hold: the issuer has suspended the badge for now, as its list of 2026-06-15T11:00:00Z says. Check again later or ask the issuer.",
		},
		"not withdrawn": {
			scenarioNamed(t, "a list as it should be").arrange, CodeStatus,
			"The issuer's list of 2026-06-15T11:00:00Z does not have the badge as withdrawn or on hold (revocation).",
		},
		"on a revocation list": {
			scenarioNamed(t, "on a revocation list").arrange, CodeRevoked,
			"Withdrawn by the issuer, for this reason: awarded twice. Do not accept it.",
		},
		"on a revocation list without a reason": {
			revocationListed(`{"revokedCredential":[{"id":"https://badges.example.edu/credentials/1"}]}`), CodeRevoked,
			"Withdrawn by the issuer. Do not accept it.",
		},
		"on a revocation list with a reason that is none": {
			revocationListed(`{"revokedCredential":[{"id":"https://badges.example.edu/credentials/1","revocationReason":"\u001b[2J\u202e{asOf}` + strings.Repeat("x", 2*maxReason) + `"}]}`), CodeRevoked,
			"Withdrawn by the issuer, for this reason: [2J{asOf}" + strings.Repeat("x", maxReason-len("__[2J{asOf}")) + ". Do not accept it.",
		},
		"expired": {
			expired, CodeExpired,
			"The badge has expired. It was valid once, from 2026-02-02T09:00:00Z until 2026-03-01T00:00:00Z; ask whether it was renewed.",
		},
		"expired, and nobody knows whose": {
			cutOff(expired), CodeExpired,
			"The badge has expired. It was valid once; ask whether it was renewed.",
		},
		"expired, version 1.1": {
			scenarioNamed(t, "version 1.1, expired").arrange, CodeExpired,
			"The badge has expired. It was valid once, from 2024-01-01T00:00:00Z until 2025-01-01T00:00:00Z; ask whether it was renewed.",
		},
		"not valid yet": {
			changed(func(b object) { b["validFrom"] = "2027-01-01T00:00:00+01:00" }), CodeNotYetValid,
			"The badge is not valid yet: its dates lie in the future, from 2026-12-31T23:00:00Z until 2036-02-02T09:00:00Z.",
		},
		"not valid yet, without end": {
			changed(func(b object) {
				b["validFrom"] = "2027-01-01T00:00:00Z"
				delete(b, "validUntil")
			}), CodeNotYetValid,
			"The badge is not valid yet: its dates lie in the future, from 2027-01-01T00:00:00Z.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			report := l.verify(want.arrange(l))
			if got, ok := find(report, want.code); !ok || got.Message != want.says {
				t.Errorf("got  %s\nwant %s\n%s", got.Message, want.says, describe(report))
			}
		})
	}
}
