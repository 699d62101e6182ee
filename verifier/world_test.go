package verifier

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/statuslist"
	"laurel/did"
)

// The issuer of these tests, and what it publishes.
const (
	issuerID   = "did:web:badges.example.edu"
	methodID   = issuerID + "#key-1"
	listURL    = "https://badges.example.edu/status/1"
	holdURL    = "https://badges.example.edu/status/2"
	badgeIndex = 94567
)

var testNow = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// statusError is an answer with a status other than 200.
type statusError int

func (e statusError) Error() string   { return fmt.Sprintf("status %d", int(e)) }
func (e statusError) HTTPStatus() int { return int(e) }

// world is everything outside the verifier. What it does not have is out of
// reach.
type world struct {
	documents map[string][]byte // by DID or URL
	failing   map[string]error
	asked     []string
	cut       bool // nothing can be reached, not even what is computed
}

func (w *world) get(id string) ([]byte, error) {
	w.asked = append(w.asked, id)
	if w.cut {
		return nil, errors.New("no route to host")
	}
	if err := w.failing[id]; err != nil {
		return nil, err
	}
	if data, ok := w.documents[id]; ok {
		return data, nil
	}
	return nil, errors.New("no route to host")
}

func (w *world) Document(_ context.Context, url string, _ Kind) ([]byte, error) { return w.get(url) }

func (w *world) Resolve(ctx context.Context, d did.DID) (*did.Document, error) {
	if w.cut {
		return nil, did.ErrUnavailable
	}
	switch d.Method {
	case "key":
		return did.KeyResolver{}.Resolve(ctx, d)
	case "jwk":
		return did.JWKResolver{}.Resolve(ctx, d)
	case "web":
		data, err := w.get(d.String())
		if err != nil {
			if !errors.Is(err, did.ErrNotFound) && !errors.Is(err, did.ErrInvalidDID) {
				err = fmt.Errorf("%w: %w", did.ErrUnavailable, err)
			}
			return nil, err
		}
		return did.ParseDocument(data)
	}
	return nil, did.ErrMethodNotSupported
}

// object is a JSON object that a test may change.
type object = map[string]any

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
}

func multikey(t testing.TB, key ed25519.PrivateKey) string {
	t.Helper()
	text, err := did.EncodeMultikey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// controllerDocument is the document of an identifier that lists keys, by the
// id of the method.
func controllerDocument(id string, keys map[string]string) object {
	methods, listed := []any{}, []any{}
	for method, key := range keys {
		methods = append(methods, object{"id": method, "type": "Multikey", "controller": id, "publicKeyMultibase": key})
		listed = append(listed, method)
	}
	return object{"id": id, "verificationMethod": methods, "assertionMethod": listed}
}

// lab is a verifier in a world with one honest issuer.
type lab struct {
	testing.TB
	world    *world
	config   Config
	expect   Expect
	key      ed25519.PrivateKey
	attacker ed25519.PrivateKey
}

// sharedProcessor is one for all tests, since it remembers what it has read of
// contexts.
var sharedProcessor = sync.OnceValue(func() *jsonld.Processor {
	set, err := contexts.Embedded()
	if err != nil {
		panic(err)
	}
	return jsonld.New(set, jsonld.Options{})
})

func newLab(t testing.TB) *lab {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	processor := sharedProcessor()
	l := &lab{
		TB: t, key: keyOf('i'), attacker: keyOf('a'),
		world: &world{documents: map[string][]byte{}, failing: map[string]error{}},
	}
	l.config = Config{
		Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor),
		Resolver: l.world, Documents: l.world, Clock: func() time.Time { return testNow },
	}
	l.serve(issuerID, controllerDocument(issuerID, map[string]string{methodID: multikey(t, l.key)}))
	return l
}

func (l *lab) serve(id string, document any) { l.world.documents[id] = marshal(l, document) }

// sign adds a proof to a credential.
func (l *lab) sign(credential any, key ed25519.PrivateKey, options dataintegrity.Options) []byte {
	l.Helper()
	data, ok := credential.([]byte)
	if !ok {
		data = marshal(l, credential)
	}
	if options.VerificationMethod == "" {
		options.VerificationMethod = methodID
	}
	if options.Created.IsZero() {
		options.Created = testNow.Add(-time.Hour)
	}
	signed, err := l.config.Suites.Sign(context.Background(), data, key, options)
	if err != nil {
		l.Fatal(err)
	}
	return signed
}

// issue signs as the issuer.
func (l *lab) issue(credential any) []byte {
	l.Helper()
	return l.sign(credential, l.key, dataintegrity.Options{})
}

func (l *lab) verify(data []byte) *Report {
	l.Helper()
	report, err := New(l.config).Verify(context.Background(), data, l.expect)
	if err != nil {
		l.Fatal(err)
	}
	return report
}

// wants checks the verdict and that the finding decided it.
func (l *lab) wants(data []byte, want Verdict, code Code) *Report {
	l.Helper()
	report := l.verify(data)
	check, ok := report.Decisive()
	if report.Verdict != want || !ok || check.Code != code {
		l.Errorf("%s by %s, want %s by %s\n%s", report.Verdict, check.Code, want, code, describe(report))
	}
	if want == VerdictValid && report.Format == FormatJSON && report.Credentials == nil && report.Credential != nil && !inEnvelope(data) && data[0] != 'h' && !strings.Contains(string(data[:10]), `"url"`) && !l.expect.Refresh &&
		string(report.Credential) != string(data) {
		l.Errorf("a valid report without the credential's bytes")
	}
	return report
}

func inEnvelope(data []byte) bool {
	return strings.Contains(string(data), "EnvelopedVerifiableCredential")
}

func describe(r *Report) string {
	var b strings.Builder
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "  %s %s %s %v\n", c.Code, c.Outcome, c.Path, c.Params)
	}
	return b.String()
}

func find(r *Report, code Code) (Check, bool) {
	for _, c := range r.Checks {
		if c.Code == code {
			return c, true
		}
	}
	return Check{}, false
}

// badge is a badge that validates, to be changed and signed.
func badge() object {
	return object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "https://badges.example.edu/credentials/1",
		"type":     []any{"VerifiableCredential", "OpenBadgeCredential"},
		"name":     "Peer mentor",
		"issuer": object{
			"id": issuerID, "type": []any{"Profile"}, "name": "Example University",
		},
		"validFrom":  "2026-02-02T09:00:00Z",
		"validUntil": "2036-02-02T09:00:00Z",
		"credentialSubject": object{
			"id":   "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11",
			"type": []any{"AchievementSubject"},
			"achievement": object{
				"id": "https://badges.example.edu/achievements/1", "type": []any{"Achievement"}, "name": "Peer mentor",
				"description": "Mentored first-year students for a term.",
				"criteria":    object{"narrative": "Met weekly with three students."},
			},
		},
	}
}

func subject(credential object) object { return credential["credentialSubject"].(object) }

func achievement(credential object) object { return subject(credential)["achievement"].(object) }

// entry is a status entry.
func statusEntry(purpose, url string, index any) object {
	return object{
		"id": fmt.Sprintf("%s#%v", url, index), "type": "BitstringStatusListEntry", "statusPurpose": purpose,
		"statusListIndex": index, "statusListCredential": url,
	}
}

// badgeWithStatus is a badge that is on a list.
func badgeWithStatus() object {
	b := badge()
	b["credentialStatus"] = statusEntry("revocation", listURL, fmt.Sprint(badgeIndex))
	return b
}

// listCredential is an unsigned status list with bits set.
func (l *lab) listCredential(url, purpose string, set ...int) object {
	l.Helper()
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		l.Fatal(err)
	}
	for _, i := range set {
		if err := list.Set(i, true); err != nil {
			l.Fatal(err)
		}
	}
	data, err := statuslist.Credential(list, statuslist.Options{
		URL: url, Issuer: marshal(l, issuerID), Purposes: []string{purpose},
		ValidFrom: testNow.Add(-time.Hour), ValidUntil: testNow.Add(24 * time.Hour),
	})
	if err != nil {
		l.Fatal(err)
	}
	return decode(l, data)
}

func (l *lab) serveList(url, purpose string, set ...int) {
	l.Helper()
	l.world.documents[url] = l.issue(l.listCredential(url, purpose, set...))
}

func decode(t testing.TB, data []byte) object {
	t.Helper()
	var v object
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func optionsOf(method string) dataintegrity.Options {
	return dataintegrity.Options{VerificationMethod: method}
}
