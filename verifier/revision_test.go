package verifier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
)

const (
	openBadgesContext = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	furtherContext    = "https://vocabulary.example/context.json"
)

// underRevision is a badge that was signed under an older revision of the context of
// Open Badges, with a further context that defines a protected term which the
// newest revision defines otherwise; then changed.
func underRevision(revision, term, cryptosuite string, change func(b object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		then := l.furtherContext(revision, term)
		b := badge()
		b["@context"] = append(b["@context"].([]any), furtherContext)
		b["furtherWord"] = "a word of the further context"
		signed, err := then.Sign(context.Background(), marshal(l, b), l.key, dataintegrity.Options{
			Cryptosuite: cryptosuite, VerificationMethod: methodID, Created: testNow,
		})
		if err != nil {
			l.Fatal(err)
		}
		b = decode(l, signed)
		change(b)
		return marshal(l, b)
	}
}

// furtherContext makes the further context known to the verifier, and gives the
// suites of those days, when revision was all there was of that of Open Badges.
func (l *lab) furtherContext(revision, term string) *dataintegrity.Suites {
	l.Helper()
	data := []byte(`{"@context": {"@version": 1.1, "@protected": true,
		"` + term + `": "https://vocabulary.example/#` + term + `", "furtherWord": "https://vocabulary.example/#furtherWord"}}`)
	with := func(set *contexts.Set, url string, data []byte) *contexts.Set {
		sum := sha256.Sum256(data)
		larger, err := set.With(url, data, hex.EncodeToString(sum[:]))
		if err != nil {
			l.Fatal(err)
		}
		return larger
	}
	then := new(contexts.Set)
	for _, url := range []string{"https://www.w3.org/ns/credentials/v2", openBadgesContext} {
		documents, err := l.config.Contexts.Revisions(url)
		if err != nil {
			l.Fatal(err)
		}
		i := max(0, slices.IndexFunc(documents, func(d contexts.Document) bool { return d.Revision == revision }))
		then = with(then, url, documents[i].Bytes)
	}
	then = with(then, furtherContext, data)
	l.config.Contexts = with(l.config.Contexts, furtherContext, data)
	l.config.JSONLD = jsonld.New(l.config.Contexts, jsonld.Options{})
	l.config.Suites = dataintegrity.New(l.config.JSONLD)
	return dataintegrity.New(jsonld.New(then, jsonld.Options{}))
}

// tokenUnderRevision is such a badge as a JWS.
func tokenUnderRevision(change func(b object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.furtherContext("2025-11", "endorsementJwt")
		b := badge()
		b["@context"] = append(b["@context"].([]any), furtherContext)
		change(b)
		return l.token(b, l.key, methodID)
	}
}

func revisionScenarios() []scenario {
	same := func(object) {}
	rename := func(b object) { b["name"] = "Professor" }
	return []scenario{
		{"signed under the revision of 2025-11", underRevision("2025-11", "endorsementJwt", "", same), VerdictValid, CodeSignature},
		{"signed under the revision of 2025-11, changed", underRevision("2025-11", "endorsementJwt", "", rename), VerdictInvalid, CodeSignatureInvalid},
		{"signed under the revision of 2025-11, another word changed", underRevision("2025-11", "endorsementJwt", "", func(b object) {
			b["furtherWord"] = "another"
		}), VerdictInvalid, CodeSignatureInvalid},
		{"signed under the revision of 2025-11, a word added", underRevision("2025-11", "endorsementJwt", "", func(b object) {
			b["evil"] = "term"
		}), VerdictInvalid, CodeContextInvalid},
		{"signed under the revision of 2025-11, its text", underRevision("2025-11", "endorsementJwt", dataintegrity.EdDSAJCS2022, same), VerdictValid, CodeSignature},
		{"signed under the revision of 2025-11, its text changed", underRevision("2025-11", "endorsementJwt", dataintegrity.EdDSAJCS2022, rename), VerdictInvalid, CodeSignatureInvalid},
		{"signed under the revision of 2024-03", underRevision("2024-03", "jti", "", same), VerdictValid, CodeSignature},
		{"signed under the revision of 2024-03, changed", underRevision("2024-03", "jti", "", rename), VerdictInvalid, CodeSignatureInvalid},
		{"a JWS under the revision of 2025-11", tokenUnderRevision(same), VerdictValid, CodeSignature},
		{"a JWS under the revision of 2025-11 with an undefined word", tokenUnderRevision(func(b object) { b["evil"] = "term" }), VerdictInvalid, CodeContextInvalid},
	}
}

// TestRevisionNamed: whoever verifies is told which revision of a context a
// signature holds with, and that it is not the newest.
func TestRevisionNamed(t *testing.T) {
	superseded, newest := CodeContextSuperseded, CodeContextRevision
	for name, want := range map[string]struct {
		named    Code // "" for none
		other    Code
		revision string
	}{
		"a badge":                              {newest, superseded, "2026-06"},
		"signed under the revision of 2025-11": {superseded, newest, "2025-11"},
		"signed under the revision of 2025-11, its text":             {superseded, newest, "2025-11"},
		"signed under the revision of 2024-03":                       {superseded, newest, "2024-03"},
		"a JWS under the revision of 2025-11":                        {superseded, newest, "2025-11"},
		"signed under the revision of 2025-11, changed":              {"", superseded, ""},
		"a JWS under the revision of 2025-11 with an undefined word": {"", superseded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			report := l.verify(scenarioNamed(t, name).arrange(l))
			if _, ok := find(report, want.other); ok {
				t.Errorf("%s is said\n%s", want.other, describe(report))
			}
			if want.named == "" {
				return
			}
			check, ok := find(report, want.named)
			if !ok || check.Outcome != Passed || check.Params["context"] != openBadgesContext || check.Params["revision"] != want.revision {
				t.Errorf("got %+v\n%s", check, describe(report))
			}
		})
	}
}

// A badge that no revision makes readable costs no more computing than one whose
// signature fails under each.
func TestReadingsAreCounted(t *testing.T) {
	for _, name := range []string{"signed under the revision of 2025-11", "signed under the revision of 2025-11, changed", "signed under the revision of 2025-11, a word added"} {
		l := newLab(t)
		data := scenarioNamed(t, name).arrange(l)
		in, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		session := New(l.config).newSession(context.Background())
		e := &examination{session: session}
		e.submission(&in)
		if want := 3 * workOfSignature; session.worked != want {
			t.Errorf("%s: %d units of work, want %d", name, session.worked, want)
		}
		session.close()
		in.release()
	}
}
