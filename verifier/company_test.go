package verifier

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"maps"
	"testing"

	"laurel/credential/dataintegrity"
)

// endorsement is an endorsement that validates.
func endorsement(issuer, about string) object {
	return object{
		"@context":  badge()["@context"],
		"id":        "https://accrediter.example/endorsements/1",
		"type":      []any{"VerifiableCredential", "EndorsementCredential"},
		"name":      "An endorsement",
		"issuer":    object{"id": issuer, "type": []any{"Profile"}, "name": "Accrediter"},
		"validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": object{
			"id": about, "type": []any{"EndorsementSubject"}, "endorsementComment": "Worth having.",
		},
	}
}

const endorser = "did:web:accrediter.example"

// endorsed signs a badge with an endorsement of the achievement, after a change
// to the signed endorsement.
func endorsed(about string, change func(e object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		key := keyOf('e')
		l.serve(endorser, controllerDocument(endorser, map[string]string{endorser + "#k": multikey(l, key)}))
		e := decode(l, l.sign(endorsement(endorser, about), key, dataintegrity.Options{VerificationMethod: endorser + "#k"}))
		change(e)
		b := badge()
		achievement(b)["endorsement"] = []any{e}
		return l.issue(b)
	}
}

// resource is a related resource with a digest of the context of Open Badges.
func resource(l *lab, change func(r object)) []byte {
	const url = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	revisions, err := l.config.Contexts.Revisions(url)
	if err != nil || len(revisions[0].Digests) == 0 {
		l.Fatal("no digests of the context")
	}
	r := object{"id": url, "digestSRI": revisions[0].Digests[0]}
	change(r)
	b := badge()
	b["relatedResource"] = []any{r}
	return l.issue(b)
}

func companyScenarios() []scenario {
	const about = "https://badges.example.edu/achievements/1"
	same := func(object) {}
	return []scenario{
		{"endorsed", endorsed(about, same), VerdictValid, CodeSignature},
		{"endorsed for another badge", endorsed("https://other.example/achievements/9", same), VerdictValid, CodeSignature},
		{"endorsed, changed", endorsed(about, func(e object) { e["name"] = "Great" }), VerdictValid, CodeSignature},
		{"endorsed in an unknown way", endorsed(about, func(e object) { e["proof"].(object)["cryptosuite"] = "x" }), VerdictValid, CodeSignature},
		{"endorsed by a JWS", func(l *lab) []byte {
			b := badge()
			b["endorsementJwt"] = []any{"eyJhbGciOiJSUzI1NiJ9.e30.AAAA"}
			return l.issue(b)
		}, VerdictValid, CodeSignature},
		{"endorsed by many", func(l *lab) []byte {
			b := badge()
			var many []any
			for i := range MaxEndorsements + 3 {
				e := endorsement("did:web:a.example", about)
				e["id"] = "urn:uuid:00000000-0000-4000-8000-0000000000" + string(rune('a'+i/10)) + string(rune('0'+i%10))
				many = append(many, e)
			}
			b["endorsement"] = many
			return l.issue(b)
		}, VerdictValid, CodeSignature},
		{"made by others", changed(func(b object) {
			achievement(b)["creator"] = object{"id": "https://creator.example/", "type": []any{"Profile"}, "name": "Creator"}
			subject(b)["source"] = object{"id": "https://source.example/", "type": []any{"Profile"}, "name": "Source"}
		}), VerdictValid, CodeSignature},
		{"made by the issuer", changed(func(b object) {
			achievement(b)["creator"] = object{"id": issuerID, "type": []any{"Profile"}, "name": "Example University"}
			subject(b)["source"] = object{"id": issuerID, "type": []any{"Profile"}, "name": "Example University"}
		}), VerdictValid, CodeSignature},
		{"a related context", func(l *lab) []byte { return resource(l, same) }, VerdictValid, CodeSignature},
		{"a related context that is another", func(l *lab) []byte {
			return resource(l, func(r object) { r["digestSRI"] = "sha256-" + base64.StdEncoding.EncodeToString(make([]byte, 32)) })
		}, VerdictInvalid, CodeRelatedResource},
		{"a related context with a malformed digest", func(l *lab) []byte {
			return resource(l, func(r object) { r["digestSRI"] = "sha256-?" })
		}, VerdictInvalid, CodeRelatedResource},
		{"a related context with two digests, one of another", func(l *lab) []byte {
			return resource(l, func(r object) { r["digestMultibase"] = "u" + base64.RawURLEncoding.EncodeToString(make([]byte, 32)) })
		}, VerdictInvalid, CodeRelatedResource},
		{"a related picture", func(l *lab) []byte {
			return resource(l, func(r object) { r["id"] = "https://example.org/picture.png" })
		}, VerdictValid, CodeSignature},
		{"in a laboratory", func(l *lab) []byte {
			l.config.Exceptions = []string{"badges.example.edu=127.0.0.1:8443"}
			return l.issue(badge())
		}, VerdictValid, CodeSignature},
	}
}

// TestCompany looks at what is said of a badge's company, which does not bear
// on the verdict.
func TestCompany(t *testing.T) {
	want := map[string]struct {
		code    Code
		outcome Outcome
		path    string
		params  map[string]string
	}{
		"endorsed":                   {CodeEndorsement, Passed, "/credentialSubject/achievement/endorsement/0", map[string]string{"issuer": "accrediter.example", "id": endorser}},
		"endorsed for another badge": {CodeEndorsementElsewhere, Failed, "/credentialSubject/achievement/endorsement/0", nil},
		"endorsed, changed":          {CodeEndorsement, Failed, "/credentialSubject/achievement/endorsement/0", map[string]string{"reason": "signature_invalid"}},
		"endorsed in an unknown way": {CodeEndorsement, Indeterminate, "/credentialSubject/achievement/endorsement/0", map[string]string{"reason": "proof_unsupported"}},
		"endorsed by a JWS":          {CodeEndorsement, Failed, "/endorsementJwt/0", nil},
		"endorsed by many":           {CodeEndorsementUnchecked, Skipped, "", map[string]string{"count": "3"}},
		"made by others":             {CodeCreatorUnauthenticated, Skipped, "/credentialSubject/achievement/creator", map[string]string{"creator": "https://creator.example/"}},
		"a related context":          {CodeRelatedResource, Passed, "/relatedResource", map[string]string{"count": "1"}},
		"a related picture":          {CodeRelatedResource, Skipped, "/relatedResource", map[string]string{"count": "1"}},
		"in a laboratory":            {CodeLaboratoryException, Skipped, "", map[string]string{"exception": "badges.example.edu=127.0.0.1:8443"}},
		"a did:key issuer":           {CodeIssuerKeyOnly, Passed, "/issuer", nil},
		"a badge":                    {CodeIssuer, Passed, "/issuer", map[string]string{"issuer": "badges.example.edu", "id": issuerID}},
		"no proof":                   {CodeIssuer, Skipped, "/issuer", map[string]string{"claimedIssuer": "badges.example.edu"}},
		"an older context":           {CodeSchemaWarning, Passed, "/@context/1", map[string]string{"violation": "context_superseded"}},
		"a message in words":         {CodeStatusNote, Passed, "/credentialStatus", map[string]string{"note": "renewed", "purpose": "message"}},
		"withdrawn":                  {CodeRevoked, Failed, "/credentialStatus", map[string]string{"purpose": "revocation", "asOf": "2026-06-15T11:00:00Z"}},
		"an unknown proof beside a good one (DI-07)": {CodeProofUnchecked, Skipped, "/proof/0", nil},
	}
	for _, s := range scenarios() {
		want, ok := want[s.name]
		if !ok {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t)
			report := l.verify(s.arrange(l))
			got, ok := find(report, want.code)
			if !ok || got.Outcome != want.outcome || got.Path != want.path {
				t.Fatalf("%v, want %+v\n%s", got, want, describe(report))
			}
			for name, value := range want.params {
				if got.Params[name] != value {
					t.Errorf("%s is %q, want %q", name, got.Params[name], value)
				}
			}
		})
	}
}

// TestAttribution: that nobody but the issuer signed is said of every other party
// that the badge has a part of, and of no party that is the issuer itself.
func TestAttribution(t *testing.T) {
	l := newLab(t)
	report := l.verify(scenarioNamed(t, "made by others").arrange(l))
	for code, want := range map[Code]Check{
		CodeCreatorUnauthenticated: {Path: "/credentialSubject/achievement/creator", Params: map[string]string{"creator": "https://creator.example/"}},
		CodeSourceUnauthenticated:  {Path: "/credentialSubject/source", Params: map[string]string{"source": "https://source.example/"}},
	} {
		got, ok := find(report, code)
		if !ok || got.Outcome != Skipped || got.Path != want.Path || !maps.Equal(got.Params, want.Params) {
			t.Errorf("%s: %+v, want %+v\n%s", code, got, want, describe(report))
		}
	}
	report = l.verify(scenarioNamed(t, "made by the issuer").arrange(l))
	for _, code := range []Code{CodeCreatorUnauthenticated, CodeSourceUnauthenticated} {
		if _, ok := find(report, code); ok {
			t.Errorf("%s is said of the issuer\n%s", code, describe(report))
		}
	}
}

// gzipped is an encodedList of any bytes.
func gzipped(t testing.TB, data []byte) string {
	t.Helper()
	var compressed bytes.Buffer
	zip := gzip.NewWriter(&compressed)
	if _, err := zip.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return "u" + base64.RawURLEncoding.EncodeToString(compressed.Bytes())
}

// bomb is a small encodedList of more than a list may have.
func bomb(t testing.TB) string {
	t.Helper()
	return gzipped(t, make([]byte, 9<<20))
}
