package dataintegrity

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"laurel/credential/strictjson"
)

type members = map[string]any

// randomBadge makes a badge with any of its optional parts. No two things in it
// have one identifier, so that what it says it says once.
func randomBadge(t *rapid.T) []byte {
	text := rapid.OneOf(rapid.StringN(1, 12, -1), rapid.SampledFrom([]string{"é", "\u2028", "😀\u0000", "null", `"`, "-0", "_:c14n0"}))
	number := 0
	id := func(label string) string {
		number++
		return rapid.SampledFrom([]string{"urn:x:%d", "https://badges.example/%d?q=a%%20b#c", "did:web:a.example:%d"}).Draw(t, label)
	}
	newID := func(label string) string { return fmt.Sprintf(id(label), number) }
	optional := func(of members, name string, make func() any) {
		if rapid.Bool().Draw(t, "has "+name) {
			of[name] = make()
		}
	}
	achievement := members{
		"id": newID("achievement"), "type": []string{"Achievement"},
		"name": text.Draw(t, "name"), "description": text.Draw(t, "description"), "criteria": members{"narrative": text.Draw(t, "narrative")},
	}
	optional(achievement, "tag", func() any {
		return rapid.SliceOfNDistinct(text, 1, 4, rapid.ID).Draw(t, "tag")
	})
	optional(achievement, "creditsAvailable", func() any {
		return rapid.SampledFrom([]any{0.5, 3, 12.25, 1e6}).Draw(t, "credits")
	})
	optional(achievement, "image", func() any { return members{"id": newID("image"), "type": "Image", "caption": text.Draw(t, "caption")} })
	optional(achievement, "alignment", func() any {
		return []any{members{
			"type": []string{"Alignment"}, "targetName": text.Draw(t, "targetName"), "targetUrl": newID("target"),
		}}
	})
	subject := members{"type": []string{"AchievementSubject"}, "achievement": achievement}
	optional(subject, "id", func() any { return newID("subject") })
	optional(subject, "activityStartDate", func() any { return "2026-01-01T00:00:00Z" })
	document := members{
		"@context": json.RawMessage(badgeContexts),
		"id":       newID("badge"), "type": []string{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer":            members{"id": newID("issuer"), "type": []string{"Profile"}, "name": text.Draw(t, "issuer name")},
		"validFrom":         "2026-01-01T00:00:00Z",
		"credentialSubject": subject,
	}
	optional(document, "name", func() any {
		return members{"@value": text.Draw(t, "title"), "@language": rapid.SampledFrom([]string{"en", "de-CH", "ar"}).Draw(t, "language")}
	})
	optional(document, "evidence", func() any {
		return []any{members{"type": []string{"Evidence"}, "narrative": text.Draw(t, "evidence")}, members{"id": newID("evidence"), "type": []string{"Evidence"}}}
	})
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func randomOptions(t *rapid.T) Options {
	o := Options{VerificationMethod: rapid.SampledFrom([]string{method, "https://badges.example/keys#1"}).Draw(t, "method")}
	if rapid.Bool().Draw(t, "created") {
		o.Created = created.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "seconds")) * time.Second)
	}
	if rapid.Bool().Draw(t, "expires") {
		o.Expires = now.AddDate(1, 0, 0)
	}
	if rapid.Bool().Draw(t, "bound") {
		o.Challenge = rapid.StringN(1, 8, -1).Draw(t, "challenge")
		o.Domain = rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 1, 3, rapid.ID).Draw(t, "domain")
	}
	if rapid.Bool().Draw(t, "named") {
		o.ID = "urn:proof:1"
	}
	return o
}

// TestGeneratedBadges: what is signed verifies, whatever the badge, the options
// and the suite; and no copy of it in which something is changed.
func TestGeneratedBadges(t *testing.T) {
	suites := closed(t)
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; raceEnabled && checks > 20 {
			return // the race detector takes its own time
		}
		s := rapid.SampledFrom(signings).Draw(t, "suite")
		options := randomOptions(t)
		options.Cryptosuite = s.suite
		badge := randomBadge(t)
		signed, err := suites.Sign(ctx, badge, s.key, options)
		if err != nil {
			t.Fatalf("signing %s: %v", badge, err)
		}
		if err := s.verify(suites, signed, Expect{Domain: options.Domain, Challenge: options.Challenge}); err != nil {
			t.Fatalf("verifying %s: %v", signed, err)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, signed, "", "\t"); err != nil {
			t.Fatal(err)
		}
		if err := s.verify(suites, indented.Bytes(), Expect{}); err != nil {
			t.Fatalf("verifying with white space: %v", err)
		}
		document, err := strictjson.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		copies := changedCopies(document.Root())
		for range 12 {
			c := copies[rapid.IntRange(0, len(copies)-1).Draw(t, "copy")]
			if s.verify(suites, c.data, Expect{}) == nil {
				t.Fatalf("%s at %s verifies: %s", c.kind, c.path, c.data)
			}
		}
		// One bit of the proof's value, or of any other byte.
		at := rapid.IntRange(0, len(signed)-1).Draw(t, "byte")
		flipped := bytes.Clone(signed)
		flipped[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		language := document.Root().Get("name").Get("@language")
		if at >= language.Start() && at < language.End() && language.Exists() {
			return // RDF does not tell the case of language tags
		}
		if s.verify(suites, flipped, Expect{}) == nil && !sameValue(signed, flipped) {
			t.Fatalf("byte %d is flipped, and it verifies: %s", at, flipped)
		}
	})
}

// sameValue reports whether two texts are the same JSON: escapes in strings can
// be written in more than one way.
func sameValue(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	one, err := json.Marshal(x)
	if err != nil {
		return false
	}
	two, err := json.Marshal(y)
	return err == nil && bytes.Equal(one, two)
}

// FuzzSuites: with every suite, a document verifies only if it says what one
// that was signed says.
func FuzzSuites(f *testing.F) {
	suites := closed(f)
	seen := map[string]bool{}
	for i, s := range signings {
		signed := s.sign(f, compact(badge), Options{Created: created, ID: "urn:x:1"})
		f.Add([]byte(signed), byte(i))
		documents := []string{signed}
		if s.suite != Ed25519Signature2020 {
			documents = append(documents, s.sign(f, signed, Options{PreviousProof: []string{"urn:x:1"}}))
			f.Add([]byte(documents[1]), byte(i))
		}
		for _, document := range documents {
			seen[meaningOf(f, suites, parse(f, []byte(document)))] = true
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		document, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		s := signings[int(which)%len(signings)]
		proofs, err := Proofs(document.Root())
		if err != nil {
			return
		}
		for _, proof := range proofs {
			_, err := suites.Verify(ctx, document.Root(), proof, s.key.Public(), Expect{Now: now})
			var fault *ProofError
			switch {
			case err != nil && !errors.As(err, &fault):
				t.Errorf("got an error of another kind: %v", err)
			case err == nil && !seen[meaningOf(t, suites, document.Root())]:
				t.Errorf("a document that was not signed verifies: %s", data)
			}
		}
	})
}

// meaningOf gives what a document without its proofs states.
func meaningOf(t testing.TB, suites *Suites, document strictjson.Value) string {
	t.Helper()
	d := suites.digest(ctx, documentSource(document), crypto.SHA256)
	if d.err != nil {
		t.Fatal(d.err)
	}
	return string(d.sum[:])
}

// FuzzProofs: whatever a document has for proofs, reading them does no harm, and
// those that are accepted keep to the data model.
func FuzzProofs(f *testing.F) {
	for _, s := range signings {
		f.Add([]byte(`[` + strings.Join(proofsOf(f, s.sign(f, badge, everyOption)), ",") + `]`))
	}
	for _, seed := range append(proofsOf(f, signings[0].chained(f)), `null`, `[]`, `[[]]`, `{"type":"x","previousProof":["y"]}`,
		`[{"type":"x","id":"a","previousProof":"b"},{"type":"x","id":"b","previousProof":"a"}]`) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := strictjson.Parse(slices.Concat([]byte(`{"proof":`), data, []byte(`}`)))
		if err != nil {
			return
		}
		proofs, err := Proofs(document.Root())
		var fault *ProofError
		switch {
		case errors.Is(err, ErrNoProof):
			return
		case err != nil:
			if !errors.As(err, &fault) || !errors.Is(err, ErrMalformedProof) || !strings.HasPrefix(fault.Path, "/proof") {
				t.Errorf("got an error of another kind: %v", err)
			}
			return
		case len(proofs) == 0 || len(proofs) > MaxProofs:
			t.Errorf("%d proofs of %s", len(proofs), data)
		}
		for i, p := range proofs {
			if p.Index != i || p.Type == "" || !Supported(p) {
				continue
			}
			if p.VerificationMethod == "" || p.ProofPurpose == "" || p.ProofValue == "" || (p.Cryptosuite == "") == (p.Type == Type) {
				t.Errorf("accepted %s", p.Value.Raw())
			}
			for _, previous := range p.PreviousProof {
				if !slices.ContainsFunc(proofs, func(q Proof) bool { return q.ID == previous && q.Index != i }) {
					t.Errorf("%s follows nothing or itself", p.Value.Raw())
				}
			}
		}
	})
}
