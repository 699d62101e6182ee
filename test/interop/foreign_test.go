package interop

import (
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/test/program"
	"laurel/verifier"
)

// shapes are badges that the foreign client issues. The issuer's id is filled
// in by it.
var shapes = map[string]string{
	"minimal": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "urn:uuid:0a0e1b52-8b5d-4a0e-9d0b-6d5f2b3c4d01", "name": "N", "issuer": {"id": "", "type": ["Profile"]}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "achievement": {"id": "urn:uuid:0a0e1b52-8b5d-4a0e-9d0b-6d5f2b3c4d02", "type": ["Achievement"], "name": "N", "description": "D", "criteria": {"narrative": "C"}}}}`,
	"achievement credential": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"type": ["VerifiableCredential", "AchievementCredential"], "id": "https://example.org/c/1", "name": "N", "issuer": {"id": "", "type": ["Profile"], "name": "I"}, "validFrom": "2026-01-01T00:00:00.123+02:00",
		"credentialSubject": {"type": ["AchievementSubject"], "identifier": [{"type": "IdentityObject", "hashed": false, "identityHash": "a@example.org", "identityType": "emailAddress"}],
			"achievement": {"id": "https://example.org/a/1", "type": ["Achievement"], "name": "N", "description": "D", "criteria": {"id": "https://example.org/criteria"}}}}`,
	"context 3.0.2": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"],
		"type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "https://example.org/c/2", "name": "N", "issuer": {"id": "", "type": ["Profile"], "name": "I"}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "achievement": {"id": "https://example.org/a/1", "type": ["Achievement"], "name": "N", "description": "D", "criteria": {"narrative": "C"}}}}`,
	"full": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],
		"type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "https://example.org/c/3", "name": "Full", "description": "All of it", "image": {"id": "https://example.org/i.png", "type": "Image", "caption": "A picture"},
		"issuer": {"id": "", "type": ["Profile"], "name": "I", "url": "https://example.org", "email": "badges@example.org", "phone": "+44 20 7946 0000", "description": "An issuer", "image": {"id": "https://example.org/logo.png", "type": "Image"},
			"address": {"type": ["Address"], "addressCountry": "United Kingdom", "addressCountryCode": "GB", "addressLocality": "Leeds", "streetAddress": "1 Road", "postalCode": "LS1", "geo": {"type": "GeoCoordinates", "latitude": 53.8, "longitude": -1.55}},
			"otherIdentifier": [{"type": "IdentifierEntry", "identifier": "12345", "identifierType": "identifier"}], "parentOrg": {"id": "https://example.org/parent", "type": ["Profile"], "name": "P"}},
		"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2096-01-01T00:00:00Z", "awardedDate": "2025-12-31T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "identifier": [{"type": "IdentityObject", "hashed": true, "identityHash": "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399", "identityType": "emailAddress", "salt": "4ba5"}],
			"activityStartDate": "2025-09-01T00:00:00Z", "activityEndDate": "2025-12-20T00:00:00Z", "creditsEarned": 12.25, "licenseNumber": "L-1", "role": "student", "term": "Autumn", "narrative": "It went *well*.",
			"source": {"id": "https://example.org/department", "type": ["Profile"], "name": "Dept"},
			"achievement": {"id": "https://example.org/a/3", "type": ["Achievement"], "achievementType": "Course", "name": "A", "description": "D", "criteria": {"id": "https://example.org/criteria", "narrative": "C"}, "creditsAvailable": 15, "fieldOfStudy": "F", "humanCode": "H1", "inLanguage": "en-GB", "specialization": "S", "version": "1", "tag": ["b", "a", "b"],
				"alignment": [{"type": ["Alignment"], "targetCode": "T", "targetDescription": "TD", "targetFramework": "F", "targetName": "TN", "targetType": "ceasn:Competency", "targetUrl": "https://example.org/t"}],
				"creator": {"id": "https://example.org/department", "type": ["Profile"], "name": "Dept"}, "related": [{"type": ["Related"], "id": "https://example.org/a/2", "version": "0", "inLanguage": "cy"}],
				"resultDescription": [{"id": "https://example.org/a/3#r1", "type": ["ResultDescription"], "name": "Grade", "resultType": "LetterGrade", "allowedValue": ["A", "B", "C"], "requiredValue": "C"},
					{"id": "https://example.org/a/3#r2", "type": ["ResultDescription"], "name": "Level", "resultType": "RubricCriterionLevel", "rubricCriterionLevel": [{"id": "https://example.org/a/3#l1", "type": ["RubricCriterionLevel"], "name": "Good", "description": "G", "level": "2", "points": "5"}]}]},
			"result": [{"type": ["Result"], "resultDescription": "https://example.org/a/3#r1", "value": "A"}, {"type": ["Result"], "resultDescription": "https://example.org/a/3#r2", "achievedLevel": "https://example.org/a/3#l1", "status": "Completed"}]},
		"evidence": [{"id": "https://example.org/e/1", "type": ["Evidence"], "name": "E1", "description": "ED", "narrative": "EN", "genre": "G", "audience": "AU"}, {"type": ["Evidence"], "narrative": "no id"}],
		"credentialSchema": [{"id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json", "type": "1EdTechJsonSchemaValidator2019"}],
		"termsOfUse": [{"id": "https://example.org/terms", "type": "https://example.org/Terms"}]}`,
	"unicode": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "urn:uuid:0a0e1b52-8b5d-4a0e-9d0b-6d5f2b3c4d03", "name": "Ελληνικά עברית عربى 漢字 \ud83c\udf93 e\u0301 \u00e9 \u0000 \u0001 \u007f \u2028 \ufffd \ufeff \"\\ \t\r\n end", "issuer": {"id": "", "type": ["Profile"], "name": "İstanbul Üniversitesi"}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "urn:example:ünïcode", "achievement": {"id": "https://example.org/a/%C3%BC", "type": ["Achievement"], "name": "𝔘𝔫𝔦", "description": "\u200f\u202e", "criteria": {"narrative": "<script>&amp;</script>"}}}}`,
	"numbers": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "urn:uuid:0a0e1b52-8b5d-4a0e-9d0b-6d5f2b3c4d04", "name": "N", "issuer": {"id": "", "type": ["Profile"], "address": {"type": ["Address"], "geo": {"type": "GeoCoordinates", "latitude": -0.000125, "longitude": 179.9999999999999}}}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "creditsEarned": 36.0, "achievement": {"id": "https://example.org/a/4", "type": ["Achievement"], "name": "N", "description": "D", "criteria": {"narrative": "C"}, "creditsAvailable": 1.5e2}}}`,
	"arrays": `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "urn:uuid:0a0e1b52-8b5d-4a0e-9d0b-6d5f2b3c4d05", "name": "N", "issuer": {"id": "", "type": ["Profile", "https://example.org/Department"]}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "achievement": {"id": "https://example.org/a/5", "type": ["Achievement"], "name": "N", "description": "D", "criteria": {"narrative": "C"}, "tag": ["1", "one", "1"],
			"alignment": [{"type": ["Alignment"], "targetName": "same", "targetUrl": "https://example.org/t"}, {"type": ["Alignment"], "targetName": "same", "targetUrl": "https://example.org/t"}, {"type": ["Alignment"], "targetName": "other", "targetUrl": "https://example.org/t"}]},
			"result": [{"type": ["Result"], "value": "1"}, {"type": ["Result"], "value": "1"}]}}`,
}

// languageTagged are credentials with values that have a language and a
// direction. Open Badges has plain text in these places, so that the rules of
// the badge refuse them; what is signed must be understood all the same.
var languageTagged = []string{
	`{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], "issuer": {"id": "", "name": {"@value": "جامعة", "@language": "ar", "@direction": "rtl"}}, "validFrom": "2026-01-01T00:00:00Z",
		"name": [{"@value": "Grad", "@language": "de-CH"}, {"@value": "Degree", "@language": "EN-gb", "@direction": "ltr"}, "plain", {"@value": "no language", "@direction": "rtl"}], "description": {"@value": "", "@language": "fr"},
		"credentialSubject": {"id": "did:example:holder", "type": "https://example.org/Person"}}`,
	`{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"], "type": ["VerifiableCredential", "OpenBadgeCredential"], "id": "urn:uuid:0a0e1b52-8b5d-4a0e-9d0b-6d5f2b3c4d06",
		"name": {"@value": "N", "@language": "en"}, "issuer": {"id": "", "type": ["Profile"]}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "achievement": {"id": "https://example.org/a/6", "type": ["Achievement"], "name": {"@value": "שלום", "@language": "he", "@direction": "rtl"}, "description": "D", "criteria": {"narrative": "C"}}}}`,
}

// verify runs laurel verify over a credential and returns exit code and report.
func verify(t *testing.T, credential []byte, flags ...string) (int, verifier.Report) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "badge.json")
	if err := os.WriteFile(file, credential, 0o600); err != nil {
		t.Fatal(err)
	}
	result := program.Run(t, nil, append([]string{"verify", file, "--json"}, flags...)...)
	var report verifier.Report
	if err := json.Unmarshal(result.Stdout, &report); err != nil {
		t.Fatalf("laurel verify: exit %d: %v\n%s%s", result.Code, err, result.Stdout, result.Stderr)
	}
	return result.Code, report
}

// holds checks that a credential is valid here, and invalid by its signature
// with another name or without a proof.
func holds(t *testing.T, credential []byte, flags ...string) {
	t.Helper()
	if code, report := verify(t, credential, flags...); code != 0 || report.Verdict != verifier.VerdictValid {
		decisive, _ := report.Decisive()
		t.Fatalf("exit %d, %s: %s %s\n%s", code, report.Verdict, decisive.Message, decisive.Path, credential)
	}
	code, report := verify(t, with(t, credential, "name", `"Another"`), flags...)
	if decisive, _ := report.Decisive(); code != 1 || decisive.Code != verifier.CodeSignatureInvalid {
		t.Errorf("with another name: exit %d, %s (%s)", code, report.Verdict, decisive.Code)
	}
	if code, report := verify(t, without(t, credential, "proof"), flags...); code != 1 || report.Verdict != verifier.VerdictInvalid {
		t.Errorf("without a proof: exit %d, %s", code, report.Verdict)
	}
}

// issueShapes has all shapes issued in one go.
func issueShapes(t *testing.T, did string) (document json.RawMessage, credentials map[string]json.RawMessage) {
	t.Helper()
	var names []string
	var unsigned []json.RawMessage
	for name, shape := range shapes {
		names, unsigned = append(names, name), append(unsigned, json.RawMessage(shape))
	}
	answer := foreignIssue(t, did, unsigned)
	credentials = make(map[string]json.RawMessage)
	for i, name := range names {
		credentials[name] = answer.Credentials[i].Credential
	}
	return answer.DIDDocument, credentials
}

// TestVerifiesForeign: what @digitalbazaar/vc issues with a did:key is valid
// here.
func TestVerifiesForeign(t *testing.T) {
	t.Parallel()
	_, credentials := issueShapes(t, "")
	for name, credential := range credentials {
		t.Run(name, func(t *testing.T) { holds(t, credential) })
	}
}

// TestVerifiesForeignDIDWeb: the same with a did:web whose document an https
// server of the laboratory has; without that server nothing is decided.
func TestVerifiesForeignDIDWeb(t *testing.T) {
	t.Parallel()
	document, credentials := issueShapes(t, "did:web:example.com")
	asked := 0
	host := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Host != "example.com" || r.URL.Path != "/.well-known/did.json" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/did+json")
		_, _ = w.Write(document)
	}))
	defer host.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: host.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	laboratory := []string{"--resolve", "example.com=" + host.Listener.Addr().String(), "--ca", authority}
	for _, name := range []string{"minimal", "full"} {
		t.Run(name, func(t *testing.T) { holds(t, credentials[name], laboratory...) })
	}
	if asked == 0 {
		t.Error("nobody asked for the DID document")
	}
	host.Close()
	code, report := verify(t, credentials["minimal"], laboratory...)
	if code != 2 || report.Verdict != verifier.VerdictIndeterminate {
		t.Errorf("with the host gone: exit %d, %s", code, report.Verdict)
	}
}

// library checks proofs without any program around it.
type library struct{ suites *dataintegrity.Suites }

func newLibrary(t *testing.T) library {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return library{dataintegrity.New(jsonld.New(set, jsonld.Options{}))}
}

// verify checks every proof of a credential of a did:key.
func (l library) verify(ctx context.Context, data []byte) error {
	document, err := strictjson.Parse(data)
	if err != nil {
		return err
	}
	key := func(ctx context.Context, proof dataintegrity.Proof) (crypto.PublicKey, error) {
		url, err := did.ParseURL(proof.VerificationMethod)
		if err != nil {
			return nil, err
		}
		resolved, err := did.KeyResolver{}.Resolve(ctx, url.DID)
		if err != nil {
			return nil, err
		}
		method, err := resolved.Method(proof.VerificationMethod, did.AssertionMethod)
		return method.PublicKey, err
	}
	verified, err := l.suites.VerifyAll(ctx, document.Root(), key, dataintegrity.Expect{Now: time.Now()})
	if err == nil && len(verified) != 1 {
		err = fmt.Errorf("%d proofs verified", len(verified))
	}
	return err
}

// TestVerifiesForeignLanguages: proofs over text with a language and a
// direction, and over each of their leaves.
func TestVerifiesForeignLanguages(t *testing.T) {
	t.Parallel()
	unsigned := make([]json.RawMessage, len(languageTagged))
	for i, credential := range languageTagged {
		unsigned[i] = json.RawMessage(credential)
	}
	l := newLibrary(t)
	for _, answer := range foreignIssue(t, "", unsigned).Credentials {
		if err := l.verify(t.Context(), answer.Credential); err != nil {
			t.Errorf("%v\n%s", err, answer.Credential)
		}
		for _, c := range changeEachLeaf(t, answer.Credential) {
			err := l.verify(t.Context(), c.data)
			inText := strings.HasPrefix(c.path, "/name") || strings.HasPrefix(c.path, "/issuer/name")
			if err == nil || inText && !strings.HasSuffix(c.path, "/@direction") && !errors.Is(err, dataintegrity.ErrSignature) {
				t.Errorf("%s changed: %v", c.path, err)
			}
		}
	}
}
