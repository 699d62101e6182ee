package interop

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/test/program"
)

const origin = "https://badges.example.ac.uk"

// fullAchievement has every kind of thing that an achievement can have.
const fullAchievement = `{
	"type": ["Achievement"], "achievementType": "Certificate", "name": "Strömungslehre — 流体力学 🎓",
	"description": "Fluids, \"both\" kinds.\nWith a second line.", "criteria": {"id": "https://example.ac.uk/criteria/7", "narrative": "Pass *both* exams."},
	"image": {"id": "https://example.ac.uk/i/7.png", "type": "Image", "caption": "A wave"},
	"creator": {"id": "https://example.ac.uk/departments/physics", "type": ["Profile"], "name": "Physics", "url": "https://example.ac.uk/physics"},
	"alignment": [{"type": ["Alignment"], "targetCode": "F300", "targetName": "Physics", "targetFramework": "JACS", "targetType": "CTDL", "targetUrl": "https://example.org/jacs/F300"},
		{"type": ["Alignment"], "targetName": "Mechanics", "targetUrl": "https://example.org/jacs/F310"}],
	"tag": ["fluids", "waves", "Größe"], "creditsAvailable": 7.5, "fieldOfStudy": "Physics", "humanCode": "PHY-7", "inLanguage": "de-CH", "specialization": "Waves", "version": "2",
	"otherIdentifier": [{"type": "IdentifierEntry", "identifier": "PHY-7", "identifierType": "identifier"}],
	"related": [{"type": ["Related"], "id": "https://example.ac.uk/a/6", "inLanguage": "en", "version": "1"}],
	"resultDescription": [{"id": "urn:uuid:7f9a1f2e-0f5d-4f64-8b4e-0b2a8f1b2c3d", "type": ["ResultDescription"], "name": "Mark", "resultType": "Percent", "valueMin": "0", "valueMax": "100", "requiredValue": "50"}]
}`

// awardFull is an award of it, but for the achievement.
const awardFull = `{"achievement": %q, "recipient": {"email": "student@example.org", "name": "Zoë Ångström"},
	"validFrom": "2026-01-31T10:00:00Z", "validUntil": "2096-01-31T10:00:00Z", "awardedDate": "2026-01-30T09:30:00Z",
	"evidence": [{"id": "https://example.org/reports/1", "type": ["Evidence"], "name": "Report", "narrative": "What was done.", "genre": "Report", "audience": "Examiners"}, {"narrative": "Seen by two people."}]}`

// server is a running institution that the foreign client can reach.
type server struct {
	*program.Server
	t *testing.T
}

func serve(t *testing.T) server {
	t.Helper()
	node(t) // skip before anything is built
	return server{program.Serve(t, program.Init(t, origin)), t}
}

func (s server) host() string { return origin + "=" + s.Address }

// operate makes a change and returns the answer's id and url.
func (s server) operate(path, body string, want int) (id, url string) {
	s.t.Helper()
	answer, err := s.Operate(s.t.Context(), http.MethodPost, path, "", []byte(body))
	if err != nil || answer.Status != want {
		s.t.Fatalf("POST %s: %d %s %v", path, answer.Status, answer.Body, err)
	}
	var made struct{ ID, URL string }
	if err := json.Unmarshal(answer.Body, &made); err != nil {
		s.t.Fatal(err)
	}
	return made.ID, made.URL
}

// badge is an award as the world sees it.
type badge struct {
	id   string
	data []byte
}

func (s server) award(achievement, request string) badge {
	s.t.Helper()
	id, _ := s.operate("/api/v1/achievements", achievement, http.StatusCreated)
	awarded, url := s.operate("/api/v1/credentials", fmt.Sprintf(request, id), http.StatusCreated)
	return badge{awarded, s.get(url)}
}

// get fetches what has a public address.
func (s server) get(url string) []byte {
	s.t.Helper()
	answer, err := s.Get(s.t.Context(), url, "application/vc, application/json")
	if err != nil || answer.Status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s %v", url, answer.Status, answer.Body, err)
	}
	return answer.Body
}

func (s server) sampleBadges() map[string]badge {
	s.t.Helper()
	return map[string]badge{
		"minimal": s.award(`{"name": "N", "description": "D", "criteria": {"narrative": "C"}}`, `{"achievement": %q, "recipient": {"id": "did:example:holder"}}`),
		"full":    s.award(fullAchievement, awardFull),
	}
}

// TestForeignVerifiesIssued: what the running binary issues is verified by
// @digitalbazaar/vc, and refused with any leaf changed or its proof taken away.
func TestForeignVerifiesIssued(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, badge := range s.sampleBadges() {
		t.Run(name, func(t *testing.T) {
			copies := changeEachLeaf(t, badge.data)
			copies = append(copies,
				changed{"no proof", without(t, badge.data, "proof")},
				changed{"proof null", with(t, badge.data, "proof", "null")},
				changed{"proof empty", with(t, badge.data, "proof", "[]")},
			)
			whole := []json.RawMessage{badge.data, with(t, badge.data, "proof", string(parse(t, badge.data).Get("proof").Raw()))}
			documents := slices.Clone(whole)
			for _, c := range copies {
				documents = append(documents, c.data)
			}
			findings := foreignVerify(t, documents, s.host())
			for i := range whole {
				if f := findings[i]; !f.Verified || !slices.Equal(f.Statuses, []bool{false}) {
					t.Errorf("refused, or its status not read: %+v\n%s", f, documents[i])
				}
			}
			for i, f := range findings[len(whole):] {
				if f.Verified || len(f.Errors) == 0 {
					t.Errorf("verified with %s changed: %s", copies[i].path, copies[i].data)
				}
			}
			t.Logf("%d changed copies were refused", len(copies))
		})
	}
}

// TestForeignSeesStatus: the served status list is verified, refused with a
// leaf changed, and shows a revocation to a foreign reader.
func TestForeignSeesStatus(t *testing.T) {
	t.Parallel()
	s := serve(t)
	revoked := s.sampleBadges()["minimal"]
	kept := s.award(`{"name": "N", "description": "D", "criteria": {"narrative": "C"}}`, `{"achievement": %q, "recipient": {"id": "did:example:other"}}`)
	list := func() []byte {
		entries, err := statuslist.ParseEntry(parse(t, revoked.data).Get("credentialStatus"))
		if err != nil {
			t.Fatal(err)
		}
		return s.get(entries[0].StatusListCredential)
	}
	wants := func(when string, revokedBit bool) {
		t.Helper()
		findings := foreignVerify(t, []json.RawMessage{revoked.data, kept.data, list()}, s.host())
		for i, bits := range [][]bool{{revokedBit}, {false}, {}} {
			if f := findings[i]; !f.Verified || !slices.Equal(f.Statuses, bits) {
				t.Errorf("%s: document %d: %+v, want verified with statuses %v", when, i, f, bits)
			}
		}
	}
	wants("before", false)
	s.operate("/api/v1/credentials/"+revoked.id+"/status", `{"action": "revoke", "reason": "test"}`, http.StatusOK)
	wants("after", true)

	copies := changeEachLeaf(t, list())
	documents := []json.RawMessage{without(t, list(), "proof")}
	for _, c := range copies {
		documents = append(documents, c.data)
	}
	for i, f := range foreignVerify(t, documents, s.host()) {
		if f.Verified {
			t.Errorf("verified a changed list: %s", documents[i])
		}
	}
}

// TestForeignReadsKeys: the DID document, the JWK Set and the key say the same
// to foreign readers.
func TestForeignReadsKeys(t *testing.T) {
	t.Parallel()
	s := serve(t)
	document, set := s.get("/.well-known/did.json"), s.get("/.well-known/jwks.json")
	var published struct {
		Keys []struct{ Kid, Iss string }
	}
	if err := json.Unmarshal(set, &published); err != nil || len(published.Keys) != 1 {
		t.Fatalf("JWK Set %s: %v", set, err)
	}
	kid := published.Keys[0].Kid
	var read struct {
		Multikeys, JWKS map[string]string
		JWK             string
	}
	client(t, map[string]json.RawMessage{"didDocument": document, "jwks": set, "jwk": s.get("/keys/" + kid)}, &read, "keys")
	key := read.Multikeys[s.DID+"#key-1"]
	if raw, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(raw) != 32 {
		t.Fatalf("keys of the DID document: %v", read.Multikeys)
	}
	if len(read.Multikeys) != 1 || len(read.JWKS) != 1 || read.JWKS[kid] != key || read.JWK != key {
		t.Errorf("the documents have different keys: %+v", read)
	}
	if published.Keys[0].Iss != s.DID {
		t.Errorf("iss of the key is %s, want %s", published.Keys[0].Iss, s.DID)
	}
	methods := parse(t, document).Get("assertionMethod")
	if !slices.ContainsFunc(slices.Collect(methods.Elements()), func(v strictjson.Value) bool { return v.Text() == s.DID+"#key-1" }) {
		t.Errorf("assertionMethod is %s", methods.Raw())
	}
}

// TestForeignVerifiesAfterRotation: badges of before and after a new key are
// both verified by the DID document of after.
func TestForeignVerifiesAfterRotation(t *testing.T) {
	t.Parallel()
	s := serve(t)
	before := s.sampleBadges()["minimal"]
	s.operate("/api/v1/keys/rotate", "{}", http.StatusOK)
	after := s.sampleBadges()["full"]
	if method := parse(t, after.data).Get("proof").Get("verificationMethod").Text(); !strings.HasSuffix(method, "#key-2") {
		t.Fatalf("the new badge is signed by %s", method)
	}
	for i, f := range foreignVerify(t, []json.RawMessage{before.data, after.data}, s.host()) {
		if !f.Verified {
			t.Errorf("badge %d: %v", i, f.Errors)
		}
	}
}
