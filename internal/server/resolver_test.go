package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"

	"laurel/did"
)

const (
	keyDID     = "did:key:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"
	keyMethod  = keyDID + "#z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"
	servicesID = "did:web:services.example"
)

// documents resolves DIDs of did:web to fixed documents or errors, and knows versions.
type fixedDocuments map[string]any

func (f fixedDocuments) Resolve(ctx context.Context, id did.DID) (*did.Document, error) {
	found, err := f.ResolveVersion(ctx, id, did.Version{})
	if err != nil {
		return nil, err
	}
	return found.Document, nil
}

func (f fixedDocuments) ResolveVersion(_ context.Context, id did.DID, version did.Version) (*did.Resolution, error) {
	switch found := f[id.String()].(type) {
	case error:
		return nil, found
	case string:
		document, err := did.ParseDocument([]byte(found))
		if version.ID != "" && version.ID != "1-a" {
			err = did.ErrNotFound
		}
		at := time.Date(2025, 1, 2, 3, 4, 5, 6, time.UTC)
		return &did.Resolution{Document: document, Metadata: did.Metadata{
			Created: at, Updated: at.Add(time.Hour), VersionID: "1-a", Properties: map[string]any{"ttl": "60"},
			Deactivated: strings.Contains(id.ID, "ended"),
		}}, err
	default:
		return nil, did.ErrNotFound
	}
}

const services = `{"@context":["https://www.w3.org/ns/did/v1"],"id":"did:web:services.example","service":[` +
	`{"id":"#files","type":"LinkedDomains","serviceEndpoint":"https://files.example/base/"},` +
	`{"id":"did:web:services.example#mail","type":["Mail","Agent"],"serviceEndpoint":["mailto:a@b.example",{"x":1},"https://agent.example"]},` +
	`{"id":"#script","type":"Evil","serviceEndpoint":"javascript:alert(1)"},` +
	`{"id":"#user","type":"User","serviceEndpoint":"https://a:b@c.example/"},` +
	`{"id":"#fragment","type":"Fragment","serviceEndpoint":"https://a.example/#b"},` +
	`{"id":"#twice","type":"T","serviceEndpoint":"https://a.example/"},{"id":"did:web:services.example#twice","type":"T","serviceEndpoint":"https://b.example/"}` +
	`]}`

// resolverWorld is a server whose did:web documents are fixed.
func resolverWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, Limits{})
	failing := fixedDocuments{
		servicesID: services, "did:web:ended.example": strings.ReplaceAll(services, "services.example", "ended.example"),
		"did:web:off.example": errors.Join(did.ErrUnavailable, errors.New("dial tcp 10.0.0.1: refused")), "did:web:bad.example": did.ErrInvalidDocument,
		"did:web:other.example": services,
	}
	server, err := New(Config{
		Verifier: w.server.verifier, PublicURL: testURL, Clock: w.clock,
		Resolver: did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}, "web": failing},
	})
	w.must(err)
	w.site.Config.Handler, w.router = server.Handler(), routerOf(t, server.openAPI)
	return w
}

const identifiers = "/1.0/identifiers/"

func encoded(id string) string {
	return identifiers + strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
}

func TestResolverIsOffUnlessConfigured(t *testing.T) {
	w := newWorld(t, Limits{})
	off, err := New(Config{Verifier: w.server.verifier, PublicURL: testURL})
	w.must(err)
	w.site.Config.Handler, w.router = off.Handler(), routerOf(t, off.openAPI)
	if r := w.get(identifiers + keyDID); r.status != 404 || r.code() != "not-found" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestResolve(t *testing.T) {
	w := resolverWorld(t)
	const resolution = `{"didDocument":%,"didDocumentMetadata":{},"didResolutionMetadata":{"contentType":"application/did"}}`
	document, err := (did.KeyResolver{}).Resolve(t.Context(), did.DID{Method: "key", ID: strings.TrimPrefix(keyDID, "did:key:")})
	w.must(err)
	whole := string(document.Value.Raw())
	result := strings.Replace(resolution, "%", whole, 1)
	legacy := `{"@context":"https://w3id.org/did-resolution/v1",` + strings.Replace(result[1:], `"application/did"`, `"application/did+ld+json"`, 1)
	for _, c := range []struct{ path, accept, wantType, want string }{
		{identifiers + keyDID, "", typeResolution, result},
		{identifiers + keyDID, "*/*", typeResolution, result},
		{identifiers + keyDID, browser[8:], typeResolution, result},
		{identifiers + keyDID, typeResolution, typeResolution, result},
		{encoded(keyDID), typeResolution, typeResolution, result},
		{identifiers + keyDID, typeLegacy, typeLegacy, legacy},
		{encoded(keyDID), `application/ld+json; profile="https://w3id.org/did-resolution"`, typeLegacy, legacy},
		{identifiers + keyDID, "application/did", "application/did", whole},
		{identifiers + keyDID, "application/did+json", "application/did+json", whole},
		{identifiers + keyDID, "application/did+ld+json", "application/did+ld+json", whole},
		{identifiers + keyDID, "application/json", "application/json", whole},
		{identifiers + keyDID, "application/ld+json", "application/ld+json", whole},
		{identifiers + keyDID, "application/did+json;q=0.5, application/did-resolution;q=0.6", typeResolution, result},
		{identifiers + keyDID, "text/html, application/did+json;q=0.1", "application/did+json", whole},
		{identifiers + keyDID + "?versionTime=2025-10-07T14:30:00Z", "", typeResolution, result},
		{identifiers + keyDID + "?service=linkedDomain&serviceType=x&hl=z&relativeRef=my%2520path%2Ffile", "", typeResolution, result},
		{identifiers + keyDID + "?noCache=false&expandRelativeUrls=false&unknown=1", "", typeResolution, result},
		{identifiers + keyDID + "?accept=application%2Fdid%2Bjson", "", "application/did+json", whole},
		{identifiers + keyDID, typeDereferencing, typeDereferencing, `{"contentMetadata":{},"contentStream":` + whole + `,"dereferencingMetadata":{"contentType":"application/did"}}`},
	} {
		r := w.get(c.path, "Accept: "+c.accept)
		if r.status != 200 || r.header.Get("Content-Type") != c.wantType || r.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s as %q: %d %s", c.path, c.accept, r.status, r.header.Get("Content-Type"))
		}
		if diff := cmp.Diff(decoded(t, c.want), decoded(t, string(r.body))); diff != "" {
			t.Errorf("%s as %q: %s", c.path, c.accept, diff)
		}
	}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return value
}

func TestResolveMetadata(t *testing.T) {
	w := resolverWorld(t)
	var got struct {
		DIDDocument         map[string]any `json:"didDocument"`
		DIDDocumentMetadata map[string]any `json:"didDocumentMetadata"`
	}
	want := map[string]any{"created": "2025-01-02T03:04:05Z", "updated": "2025-01-02T04:04:05Z", "versionId": "1-a", "ttl": "60"}
	w.must(json.Unmarshal(w.get(identifiers+servicesID+"?versionId=1-a").body, &got))
	if diff := cmp.Diff(want, got.DIDDocumentMetadata); diff != "" || got.DIDDocument["id"] != servicesID {
		t.Errorf("%v %s", got.DIDDocument["id"], diff)
	}
}

// A DID that was given up is gone in every form. A version of it can still be had.
func TestDeactivated(t *testing.T) {
	w := resolverWorld(t)
	const id = "did:web:ended.example"
	for path, withDocument := range map[string]bool{
		identifiers + id: false, identifiers + id + "?versionId=1-a": true, encoded(id + "#files"): false, encoded(id + "?service=files"): false,
		encoded(id + "?versionId=1-a#files"): true,
	} {
		for _, accept := range []string{"", typeLegacy, typeDereferencing, "application/did+json"} {
			r := w.get(path, "Accept: "+accept)
			body := decoded(t, string(r.body)).(map[string]any)
			document, _ := body["didDocument"].(map[string]any)
			if document == nil {
				document, _ = body["contentStream"].(map[string]any)
			}
			if body["id"] != nil {
				document = body
			}
			if r.status != 410 || (document != nil) != withDocument {
				t.Errorf("%s as %q: %d %s", path, accept, r.status, r.body)
			}
			if !withDocument && !strings.Contains(string(r.body), `"deactivated":true`) {
				t.Errorf("%s as %q does not say so: %s", path, accept, r.body)
			}
		}
	}
}

// multikeyOf is a Multikey with a prefix and so many zeros.
func multikeyOf(first, second byte, zeros int) string {
	return "z" + base58.Encode(append([]byte{first, second}, make([]byte, zeros)...))
}

func TestResolveRefuses(t *testing.T) {
	w := resolverWorld(t)
	const jwk = "did:jwk:eyJrdHkiOiJvY3QiLCJrIjoiQUEifQ"
	for _, c := range []struct {
		path, accept, code, word string
		status                   int
	}{
		{identifiers, "", "INVALID_DID", "invalidDid", 400},
		{identifiers + "not-a-did", "", "INVALID_DID", "invalidDid", 400},
		{identifiers + "did:example", "", "INVALID_DID", "invalidDid", 400},
		{identifiers + "did", "", "INVALID_DID", "invalidDid", 400},
		{encoded(strings.TrimPrefix(keyDID, "did:")), "", "INVALID_DID", "invalidDid", 400},
		{encoded("did:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"), "", "INVALID_DID", "invalidDid", 400},
		{encoded("did:key:-v4:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"), "", "INVALID_DID", "invalidDid", 400},
		{encoded("did:key:6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"), "", "INVALID_DID", "invalidDid", 400},
		{encoded("did:key:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53"), "", "INVALID_DID", "unsupportedPublicKeyType", 400}, // a letter less is another prefix
		{encoded("did:key:" + multikeyOf(0xed, 0x01, 31)), "", "INVALID_DID", "invalidPublicKeyLength", 400},
		{encoded("did:key:" + multikeyOf(0xed, 0x01, 33)), "", "INVALID_DID", "invalidPublicKeyLength", 400},
		{encoded("did:key:" + multikeyOf(0x80, 0x24, 32)), "", "INVALID_DID", "invalidPublicKeyLength", 400},
		{encoded("did:key:" + multikeyOf(0xed, 0x01, 0)), "", "INVALID_DID", "invalidPublicKeyLength", 400},
		{encoded("did:key:" + multikeyOf(0xed, 0x01, 32)), "", "INVALID_DID", "invalidPublicKey", 400}, // a point of small order
		{encoded("did:key:" + multikeyOf(0x80, 0x24, 33)), "", "INVALID_DID", "invalidPublicKey", 400}, // not on the curve
		{encoded("did:key:" + multikeyOf(0x99, 0x24, 32)), "", "INVALID_DID", "unsupportedPublicKeyType", 400},
		{encoded(url.QueryEscape(keyDID)), "", "INVALID_DID", "invalidDid", 400}, // decoded once
		{encoded("did:key:é"), "", "INVALID_DID", "invalidDid", 400},
		{encoded("did:web:127.0.0.1"), "", "NOT_FOUND", "notFound", 404}, // the fixed documents know no rules
		{encoded("did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"), "", "FEATURE_NOT_SUPPORTED", "unsupportedPublicKeyType", 501},
		{encoded(jwk), "", "INVALID_DID", "invalidPublicKey", 400},
		{identifiers + "did:unsupported:123456789abcdefghi", "", "METHOD_NOT_SUPPORTED", "methodNotSupported", 501},
		{identifiers + "did:web:nobody.example", "", "NOT_FOUND", "notFound", 404},
		{identifiers + "did:web:off.example", "", "INTERNAL_ERROR", "internalError", 500},
		{identifiers + "did:web:bad.example", "", "INVALID_DID_DOCUMENT", "invalidDidDocument", 500},
		{identifiers + "did:web:other.example", "", "INVALID_DID_DOCUMENT", "invalidDidDocument", 500},
		{identifiers + servicesID + "?versionId=2-b", "", "NOT_FOUND", "notFound", 404},
		{identifiers + keyDID + "?versionId=1", "", "FEATURE_NOT_SUPPORTED", "featureNotSupported", 501},
		{identifiers + keyDID + "?noCache=true", "", "FEATURE_NOT_SUPPORTED", "featureNotSupported", 501},
		{identifiers + keyDID + "?expandRelativeUrls=true", "", "FEATURE_NOT_SUPPORTED", "featureNotSupported", 501},
		{identifiers + keyDID + "?versionId=", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?versionId=a&versionId=b", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?versionId=a&versionTime=2025-10-07T00:00:00Z", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?service=%D0%9F%D1%80", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?hl=foo%E2%80%8Bbar", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?hl=%zz", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?accept=%F0%9F%94%A5", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?relativeRef=my+path%2Ffile", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?relativeRef=file%23section", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID + "?relativeRef=dir%2Fwith%3Fquery%3Dvalue", "", "INVALID_OPTIONS", "invalidOptions", 400},
		{identifiers + keyDID, "application/x-unsupported-did-representation-99999", "REPRESENTATION_NOT_SUPPORTED", "", 406},
		{identifiers + keyDID, "text/html", "REPRESENTATION_NOT_SUPPORTED", "", 406},
		{identifiers + keyDID, "application/did+json;q=0", "REPRESENTATION_NOT_SUPPORTED", "", 406},
		{identifiers + keyDID, "nonsense", "REPRESENTATION_NOT_SUPPORTED", "", 406},
	} {
		r := w.get(c.path, "Accept: "+c.accept)
		metadata, _ := decoded(t, string(r.body)).(map[string]any)
		process, _ := metadata["didResolutionMetadata"].(map[string]any)
		fault, _ := process["error"].(map[string]any)
		document, there := metadata["didDocument"]
		if r.status != c.status || fault["type"] != faultPrefix+c.code || fault["title"] == "" || fault["detail"] == "" || document != nil || !there {
			t.Errorf("%s: %d %s", c.path, r.status, r.body)
		}
		if diff := cmp.Diff(map[string]any{}, metadata["didDocumentMetadata"]); diff != "" || r.header.Get("Content-Type") != typeResolution {
			t.Errorf("%s: %s as %s", c.path, diff, r.header.Get("Content-Type"))
		}
		if strings.Contains(string(r.body), "10.0.0.1") {
			t.Errorf("%s: tells of the network: %s", c.path, r.body)
		}
		if c.word == "" {
			continue
		}
		r = w.get(c.path, "Accept: "+typeLegacy)
		if strings.Contains(c.path, "accept=") {
			continue
		}
		metadata, _ = decoded(t, string(r.body)).(map[string]any)
		process, _ = metadata["didResolutionMetadata"].(map[string]any)
		old := c.status
		if old == 501 || c.code == "INVALID_DID_DOCUMENT" {
			old = 400 // the old form has no others than 4xx for what a client did
		}
		if r.status != old || process["error"] != c.word || metadata["@context"] == nil || r.header.Get("Content-Type") != typeLegacy {
			t.Errorf("%s in the old form: %d %s", c.path, r.status, r.body)
		}
	}
	for _, text := range []string{
		"2025-10-07 12:30:45", "2025/10/07T12:30:45", "2025-13-07T12:30:45", "2025-10-32T12:30:45", "2025-10-07T25:00:00", "2025-10-07T12:30:60",
		"2025-10-07T12:30:45+24:00", "2025-10-07", "2025-10-07T12:30:45abc", "T12:30:45", "2025-10-07T00:00:00+02:00", "2025-10-07T00:00:00",
		"2025-10-07T00:00:00.123Z", "2025-10-07T00:00:00z", "2025-10-07T12:30:60Z", "", "0001-01-01T00:00:00Z", "2025-02-30T00:00:00Z",
	} {
		r := w.get(identifiers + keyDID + "?versionTime=" + url.QueryEscape(text))
		if r.status != 400 || !strings.Contains(string(r.body), faultPrefix+"INVALID_OPTIONS") {
			t.Errorf("versionTime %q: %d %s", text, r.status, r.body)
		}
	}
}

func TestDereference(t *testing.T) {
	w := resolverWorld(t)
	method := map[string]any{
		"@context": []any{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		"id":       keyMethod, "type": "Multikey", "controller": keyDID, "publicKeyMultibase": strings.TrimPrefix(keyDID, "did:key:"),
	}
	for _, path := range []string{encoded(keyMethod), identifiers + strings.Replace(keyMethod, "#", "%23", 1)} {
		for _, accept := range []string{"", typeDereferencing, typeResolution} {
			r := w.get(path, "Accept: "+accept)
			want := map[string]any{"contentStream": method, "contentMetadata": map[string]any{}, "dereferencingMetadata": map[string]any{"contentType": "application/did"}}
			if diff := cmp.Diff(want, decoded(t, string(r.body))); diff != "" || r.status != 200 || r.header.Get("Content-Type") != typeDereferencing {
				t.Errorf("%s as %q: %d %s %s", path, accept, r.status, r.header.Get("Content-Type"), diff)
			}
		}
		for _, accept := range representations {
			r := w.get(path, "Accept: "+accept)
			if diff := cmp.Diff(any(method), decoded(t, string(r.body))); diff != "" || r.status != 200 || r.header.Get("Content-Type") != accept {
				t.Errorf("%s as %q: %d %s", path, accept, r.status, diff)
			}
		}
		r := w.get(path, "Accept: "+typeLegacy)
		old := decoded(t, string(r.body)).(map[string]any)
		if diff := cmp.Diff(any(method), old["contentStream"]); diff != "" || old["didDereferencingMetadata"] == nil || old["@context"] == nil {
			t.Errorf("in the old form: %s %s", r.body, diff)
		}
	}
	for name, c := range map[string]struct {
		path, code string
		status     int
	}{
		"no such part":        {encoded(keyDID + "#key-1"), "NOT_FOUND", 404},
		"path":                {encoded(keyDID + "/a/b"), "NOT_FOUND", 404},
		"no such service":     {encoded(keyDID + "?service=files"), "NOT_FOUND", 404},
		"part that is double": {encoded(servicesID + "#twice"), "INVALID_DID_DOCUMENT", 500},
		"service of a script": {encoded(servicesID + "?service=script"), "NOT_FOUND", 404},
		"service of a user":   {encoded(servicesID + "?service=user"), "NOT_FOUND", 404},
		"empty fragment":      {encoded(keyDID + "#"), "INVALID_DID_URL", 400},
		"two fragments":       {encoded(keyDID + "#a#b"), "INVALID_DID_URL", 400},
		"parameter twice":     {encoded(servicesID + "?service=files&service=mail"), "INVALID_DID_URL", 400},
		"twice, as option":    {encoded(servicesID+"?service=files") + "?service=mail", "INVALID_DID_URL", 400},
		"time malformed":      {encoded(servicesID + "?versionTime=2025"), "INVALID_DID_URL", 400},
		"dots":                {encoded(servicesID + "?service=files&relativeRef=%2F..%2Fa"), "INVALID_DID_URL", 400},
		"dots, encoded twice": {encoded(servicesID + "?service=files&relativeRef=a%2F%252e%252e%2Fb"), "INVALID_DID_URL", 400},
		"dots, thrice":        {encoded(servicesID + "?service=files&relativeRef=%25252e%25252e%25252fb"), "INVALID_DID_URL", 400},
		"backslash":           {encoded(servicesID + "?service=files&relativeRef=a%255c..%255cb"), "INVALID_DID_URL", 400},
		"another host":        {encoded(servicesID + "?service=files&relativeRef=%2F%2Fevil.example%2Fa"), "INVALID_DID_URL", 400},
		"another scheme":      {encoded(servicesID + "?service=files&relativeRef=https%3A%2F%2Fevil.example"), "INVALID_DID_URL", 400},
		"root of the host":    {encoded(servicesID + "?service=files&relativeRef=%2Fa"), "INVALID_DID_URL", 400},
		"two fragments at it": {encoded(servicesID + "?service=fragment#c"), "INVALID_DID_URL", 400},
		"bad DID":             {encoded("did:example#a"), "INVALID_DID_URL", 400},
		"unsupported method":  {encoded("did:example:a#a"), "METHOD_NOT_SUPPORTED", 501},
	} {
		r := w.get(c.path, "Accept: "+typeDereferencing)
		body, _ := decoded(t, string(r.body)).(map[string]any)
		process, _ := body["dereferencingMetadata"].(map[string]any)
		fault, _ := process["error"].(map[string]any)
		if r.status != c.status || fault["type"] != faultPrefix+c.code || body["contentStream"] != nil {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

func TestServiceLocations(t *testing.T) {
	w := resolverWorld(t)
	for path, want := range map[string]string{
		encoded(servicesID + "?service=files"):                                  "https://files.example/base/",
		encoded(servicesID + "?service=did:web:services.example%23files"):       "https://files.example/base/",
		encoded(servicesID + "?serviceType=LinkedDomains"):                      "https://files.example/base/",
		encoded(servicesID + "?serviceType=Agent"):                              "https://agent.example",
		encoded(servicesID + "?service=mail&relativeRef=%2Fa%2Fb"):              "https://agent.example/a/b",
		encoded(servicesID + "?service=files&relativeRef=a%2520b%2Fc#part"):     "https://files.example/base/a%20b/c#part",
		encoded(servicesID + "?service=files&versionTime=2025-10-07T14:30:00Z"): "https://files.example/base/",
		identifiers + servicesID + "?service=files&relativeRef=a":               "https://files.example/base/a",
	} {
		r := w.get(path, "Accept: "+typeDereferencing)
		if r.status != http.StatusSeeOther || r.header.Get("Location") != want || len(r.body) != 0 {
			t.Errorf("%s: %d %q %s", path, r.status, r.header.Get("Location"), r.body)
		}
	}
}

func TestResolverOfOwnIssuers(t *testing.T) {
	w := newWorld(t, Limits{})
	const own = "did:web:badges.example.ac.uk"
	r := w.get(identifiers+own, "Accept: application/did+json")
	if diff := cmp.Diff(decoded(t, string(w.get("/.well-known/did.json").body)), decoded(t, string(r.body))); diff != "" || r.status != 200 {
		t.Errorf("%d %s", r.status, diff)
	}
	if r := w.get(identifiers + own + ":issuers:nobody"); r.status != 404 {
		t.Errorf("another issuer: %d %s", r.status, r.body)
	}
	if r := w.get(identifiers + "did:web:elsewhere.example%3A8443"); r.status != 500 || !strings.Contains(string(r.body), "INTERNAL_ERROR") {
		t.Errorf("unreachable: %d %s", r.status, r.body)
	}
}

func TestResolverIsLimited(t *testing.T) {
	w := newWorld(t, Limits{VerifyRate: 1, VerifyBurst: 2})
	for i, want := range []int{200, 200, 429} {
		if r := w.get(identifiers + keyDID); r.status != want {
			t.Errorf("request %d: %d", i, r.status)
		}
	}
	w.pass(time.Second)
	if r := w.get(identifiers + keyDID); r.status != 200 {
		t.Errorf("a second later: %d", r.status)
	}
}

func FuzzIdentification(f *testing.F) {
	f.Add(identifiers+keyDID+"?versionTime=2025-10-07T14:30:00Z", "application/did+json;q=0.5, */*")
	f.Add(encoded(servicesID+"?service=files&relativeRef=a%2F..#b")+"?accept=x", typeLegacy)
	f.Add(identifiers+"%2e%2e%2f%00", "")
	f.Fuzz(func(t *testing.T, target, accept string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r, _ := readIdentification(&http.Request{URL: u, Header: http.Header{"Accept": {accept}}})
		if r.answer == "" || r.legacy && r.bare {
			t.Fatalf("%q as %q: %+v", target, accept, r)
		}
		if parsed, err := did.ParseURL(r.target); err == nil && !r.deref && parsed != (did.URL{DID: parsed.DID}) {
			t.Fatalf("%q: a DID URL is resolved as a DID: %+v", target, r)
		}
	})
}
