package verifier

import "testing"

// TestRenewal: a service whose address begins with the id of a badge may give it
// under another id, but not to another person nor for something else.
func TestRenewal(t *testing.T) {
	const id, renewed = "https://badges.example.edu/credentials/1", "https://badges.example.edu/credentials/2"
	for name, test := range map[string]struct {
		service string
		change  func(b object)
		want    Outcome
	}{
		"renewed":                    {id + "/refresh", func(object) {}, Passed},
		"renewed by another's":       {renewed + "/refresh", func(object) {}, Failed},
		"by a longer id's":           {id + "2/refresh", func(object) {}, Failed},
		"for another person":         {id + "/refresh", func(b object) { subject(b)["id"] = "did:example:eve" }, Failed},
		"for something else":         {id + "/refresh", func(b object) { achievement(b)["id"] = "https://badges.example.edu/achievements/2" }, Failed},
		"renewed before it was made": {id + "/refresh", func(b object) { b["validFrom"] = "2026-01-02T09:00:00Z" }, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.expect.Refresh = true
			b := badge()
			b["id"], b["validFrom"] = renewed, "2026-03-02T09:00:00Z"
			test.change(b)
			l.world.documents[test.service] = l.issue(b)
			b = badge()
			b["id"] = id
			b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			b["refreshService"] = object{"id": test.service, "type": "1EdTechCredentialRefresh"}
			found := false
			for _, c := range l.verify(l.issue(b)).Checks {
				if c.Code == CodeRefreshed {
					if found = true; c.Outcome != test.want {
						t.Errorf("%s: %s", c.Outcome, c.Message)
					}
				}
			}
			if !found {
				t.Error("nobody asked for a newer copy")
			}
		})
	}
}
