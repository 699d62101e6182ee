package verifier

import (
	"slices"
	"testing"
)

// endorsementOf is an endorsement without a proof, about something in a badge.
func endorsementOf(id string) object {
	return object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "urn:uuid:11111111-6b8d-4f3b-9a6e-2f5d1f4d3b11", "type": []any{"VerifiableCredential", "EndorsementCredential"},
		"name": "Endorsement", "issuer": object{"id": issuerID, "type": []any{"Profile"}}, "validFrom": "2026-02-02T09:00:00Z",
		"credentialSubject": object{"id": id, "type": []any{"EndorsementSubject"}, "endorsementComment": "good"},
	}
}

// move takes members from one object to another that has the same identifier,
// with what they need to mean the same there.
func move(from, to object, types []any, names ...string) {
	to["type"] = types
	for _, name := range names {
		to[name] = from[name]
		delete(from, name)
	}
}

// TestMovedMembers: two objects with one identifier are one node of the
// dataset, so that the signature cannot tell which of them a member stood in.
// Whoever moves one must be found out all the same.
func TestMovedMembers(t *testing.T) {
	endorsed := func(b object) object {
		return b["endorsement"].([]any)[0].(object)["credentialSubject"].(object)
	}
	tests := map[string]struct {
		make func(*lab, object)
		move func(object)
	}{
		"status and end, to an endorsement of the badge": {
			func(l *lab, b object) {
				b["endorsement"] = []any{decode(l, l.issue(endorsementOf(b["id"].(string))))}
			},
			func(b object) {
				move(b, endorsed(b), []any{"EndorsementSubject", "VerifiableCredential"}, "credentialStatus", "validUntil")
				endorsed(b)["@context"] = b["@context"]
			},
		},
		"status and end, to the refresh service": {
			func(_ *lab, b object) {
				b["refreshService"] = object{"id": b["id"], "type": "1EdTechCredentialRefresh"}
				b["@context"] = append(slices.Clone(b["@context"].([]any)), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			},
			func(b object) {
				refresh := b["refreshService"].(object)
				move(b, refresh, []any{"1EdTechCredentialRefresh", "VerifiableCredential"}, "credentialStatus", "validUntil")
				refresh["@context"] = b["@context"]
			},
		},
		"a grade, to an endorsement of the learner": {
			func(l *lab, b object) {
				subject(b)["role"] = "observer"
				b["endorsement"] = []any{decode(l, l.issue(endorsementOf(subject(b)["id"].(string))))}
			},
			func(b object) {
				move(subject(b), endorsed(b), []any{"EndorsementSubject", "AchievementSubject"}, "role")
			},
		},
		"a comment, from the endorsement to the achievement": {
			func(l *lab, b object) {
				b["endorsement"] = []any{decode(l, l.issue(endorsementOf(achievement(b)["id"].(string))))}
			},
			func(b object) {
				move(endorsed(b), achievement(b), []any{"Achievement", "EndorsementSubject"}, "endorsementComment")
			},
		},
		"a learner's role, to the assessor": {
			func(_ *lab, b object) {
				subject(b)["role"] = "observer"
				subject(b)["source"] = object{"id": subject(b)["id"], "type": []any{"Profile"}}
			},
			func(b object) {
				move(subject(b), subject(b)["source"].(object), []any{"Profile", "AchievementSubject"}, "role")
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.serveList(listURL, "revocation")
			b := badgeWithStatus()
			b["validUntil"] = "2027-03-01T00:00:00Z"
			test.make(l, b)
			signed := l.issue(b)
			if r := l.verify(signed); r.Verdict != VerdictValid {
				t.Fatalf("before: %s", describe(r))
			}
			changed := decode(t, signed)
			test.move(changed)
			if r := l.verify(marshal(t, changed)); r.Verdict == VerdictValid || r.Credential != nil {
				t.Errorf("after: %s", describe(r))
			}
		})
	}
}
