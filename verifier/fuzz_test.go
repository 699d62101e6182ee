package verifier

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/internal/testdata"
)

// slowest is how long a verification may take whatever the input: 250 ms, with
// room for a machine that has other work.
const slowest = 4 * 250 * time.Millisecond

func FuzzVerify(f *testing.F) {
	l := newLab(f)
	good := fullBadge(l)
	f.Add(good)
	f.Add(l.issue(badge()))
	f.Add(l.signV1(badgeV1()))
	f.Add(l.issue(endorsement(issuerID, "https://example.org/")))
	f.Add(l.issue(l.listCredential(listURL, "revocation")))
	f.Add(marshal(f, badge()))
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","proof":[]}`))
	f.Add([]byte("eyJhbGciOiJub25lIn0.e30."))
	f.Add(l.token(badge(), l.key, methodID))
	f.Add(l.openBadge(badge(), l.key, methodID))
	f.Add(l.present(presentationOf(f, heldBadge(l)), dataintegrity.Options{}))
	f.Add(baked(svgImage, func(l *lab) []byte { return l.issue(badge()) })(l))
	f.Add(baked(pngImage, func(l *lab) []byte { return l.token(badge(), l.key, methodID) })(l))
	f.Add(marshal(f, l.enveloped("application/vc+jwt", l.token(badge(), l.key, methodID))))
	f.Add(hosted(nil, nil)(l))
	f.Add(olderSigned(nil, nil)(l))
	f.Add([]byte("https://badges.example.edu/credentials/1"))
	v := New(l.config)
	f.Fuzz(func(t *testing.T, data []byte) {
		var report *Report
		var err error
		testdata.Bounded(t, func() { report, err = v.Verify(context.Background(), data, Expect{}) })
		if err != nil {
			if report != nil {
				t.Error("a report and an error")
			}
			return
		}
		sound(t, report)
		if _, ok := report.Decisive(); !ok {
			t.Errorf("%s for no reason", report.Verdict)
		}
		if _, fault := find(report, CodeInternalFault); fault {
			t.Error("a fault")
		}
	})
}

// TestSlowest measures the largest inputs that a stranger can make: well signed,
// by a key of their own, so that every check is made.
func TestSlowest(t *testing.T) {
	l := newLab(t)
	id := "did:key:" + multikey(t, l.attacker)
	options := optionsOf(id + "#" + multikey(t, l.attacker))
	mine := func(c object) object {
		c["issuer"] = object{"id": id, "type": []any{"Profile"}, "name": "Stranger"}
		return c
	}
	sign := func(c object) []byte { return l.sign(mine(c), l.attacker, options) }
	evidence := func(n, size int) []any {
		var all []any
		for i := range n {
			all = append(all, object{"type": []any{"Evidence"}, "narrative": fmt.Sprint(i) + strings.Repeat("x", size)})
		}
		return all
	}
	for name, arrange := range map[string]func() []byte{
		"many nodes": func() []byte {
			b := badge()
			b["evidence"] = evidence(1900, 400)
			return sign(b)
		},
		"many proofs": func() []byte {
			b := badge()
			b["evidence"] = evidence(1900, 10)
			data := sign(b)
			for range dataintegrity.MaxProofs - 1 {
				data = l.sign(data, l.attacker, options)
			}
			return data
		},
		"many bad proofs": func() []byte {
			b := badge()
			b["evidence"] = evidence(1900, 10)
			c := decode(t, sign(b))
			c["name"] = "x"
			proofs := []any{}
			for range dataintegrity.MaxProofs {
				proofs = append(proofs, c["proof"])
			}
			c["proof"] = proofs
			return marshal(t, c)
		},
		"many endorsements": func() []byte {
			var all []any
			for i := range MaxEndorsements {
				e := endorsement(id, "https://badges.example.edu/achievements/1")
				e["id"] = fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", i)
				e["credentialSubject"].(object)["endorsementComment"] = strings.Repeat("x", 40_000)
				all = append(all, decode(t, sign(e)))
			}
			b := badge()
			b["endorsement"] = all
			return sign(b)
		},
		"many violations": func() []byte {
			b := badge()
			var all []any
			for i := range 1900 {
				all = append(all, object{"type": []any{"Evidence"}, "genre": i})
			}
			b["evidence"] = all
			return sign(b)
		},
		"records in records": func() []byte {
			inside := decode(t, sign(badge()))
			for i := range 14 {
				inside = decode(t, sign(object{
					"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
					"id":       fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", i), "type": []any{"VerifiableCredential", "ClrCredential"}, "name": strings.Repeat("x", 40_000),
					"validFrom": "2026-02-02T09:00:00Z",
					"credentialSubject": object{
						"id": fmt.Sprintf("urn:uuid:00000000-0000-4000-9000-%012d", i), "type": []any{"ClrSubject"}, "verifiableCredential": []any{inside},
					},
				}))
			}
			return marshal(t, inside)
		},
		"many badges": func() []byte {
			var all []any
			for range MaxCredentials {
				b := badge()
				b["evidence"] = evidence(90, 300)
				all = append(all, decode(t, sign(b)))
			}
			return l.present(presentationOf(t, all...), dataintegrity.Options{})
		},
		"nothing but brackets": func() []byte { return []byte("[" + strings.Repeat("[],", 99_000) + "[]]") },
	} {
		t.Run(name, func(t *testing.T) {
			data := arrange()
			begin := time.Now()
			report := l.verify(data)
			took := time.Since(begin)
			check, _ := report.Decisive()
			t.Logf("%d bytes: %v, %s by %s, %d checks", len(data), took, report.Verdict, check.Code, len(report.Checks))
			if took > slowest && !raceDetector {
				t.Errorf("took %v", took)
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	l := newLab(b)
	for name, data := range map[string][]byte{"small": l.issue(badge()), "full": fullBadge(l)} {
		b.Run(name, func(b *testing.B) {
			v := New(l.config)
			b.ReportAllocs()
			for b.Loop() {
				report, err := v.Verify(context.Background(), data, Expect{})
				if err != nil || report.Verdict != VerdictValid {
					b.Fatal(err)
				}
			}
		})
	}
}
