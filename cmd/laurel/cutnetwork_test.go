package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"laurel/contexts"
	"laurel/credential/bake"
	"laurel/credential/cose"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/credential/sdjwt"
	"laurel/credential/statuslist"
	"laurel/did"
	"laurel/internal/fetch"
	"laurel/verifier"
)

const (
	cutIssuer = "did:web:badges.example.ac.uk"
	cutMethod = cutIssuer + "#key-1"
	cutList   = "https://badges.example.ac.uk/status/1"
	cutIndex  = 4711
)

// cutWorld secures for the issuer of these tests.
type cutWorld struct {
	testing.TB
	key       ed25519.PrivateKey
	contexts  *contexts.Set
	processor *jsonld.Processor
	suites    *dataintegrity.Suites
	now       time.Time
}

func (w cutWorld) must(data []byte, err error) []byte {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
	return data
}

func (w cutWorld) prove(suite string) func(document []byte) []byte {
	return func(document []byte) []byte {
		return w.must(w.suites.Sign(w.Context(), document, w.key, dataintegrity.Options{
			Cryptosuite: suite, VerificationMethod: cutMethod, Created: w.now.Add(-time.Hour),
		}))
	}
}

func (w cutWorld) token(document []byte) []byte {
	text, err := jose.SignVC(document, w.key, jose.SigningOptions{KeyID: cutMethod})
	return w.must([]byte(text), err)
}

func (w cutWorld) openBadge(document []byte) []byte {
	text, err := jose.SignOpenBadge(document, w.key, jose.SigningOptions{KeyID: cutMethod})
	return w.must([]byte(text), err)
}

func (w cutWorld) disclosing(document []byte) []byte {
	text, err := sdjwt.Issue(document, w.key, sdjwt.IssueOptions{
		Signing: jose.SigningOptions{KeyID: cutMethod}, Disclose: []string{"/name"}, Random: rand.Reader,
	})
	return w.must([]byte(text), err)
}

func (w cutWorld) message(document []byte) []byte {
	return w.must(cose.Sign(document, w.key, cose.SignOptions{KeyID: cutMethod}))
}

func (w cutWorld) envelope(document []byte) []byte {
	return w.must(jose.MarshalEnvelope(jose.Envelope{MediaType: "application/vc+jwt", Data: w.token(document)}))
}

func (w cutWorld) picture(document []byte) []byte {
	return w.must(bake.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), w.prove("")(document)))
}

// list makes a status list; without a ttl it is negative.
func (w cutWorld) list(ttl time.Duration, until time.Time, revoked bool) []byte {
	w.Helper()
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		w.Fatal(err)
	}
	if err := list.Set(cutIndex, revoked); err != nil {
		w.Fatal(err)
	}
	data := w.must(statuslist.Credential(list, statuslist.Options{
		URL: cutList, Issuer: json.RawMessage(`"` + cutIssuer + `"`), Purposes: []string{"revocation"}, ValidFrom: w.now.Add(-time.Hour), ValidUntil: until,
	}))
	if ttl < 0 {
		return data
	}
	// Here, because Options leave out a ttl of 0.
	return bytes.Replace(data, []byte(`"statusPurpose"`), fmt.Appendf(nil, `"ttl":%d,"statusPurpose"`, ttl.Milliseconds()), 1)
}

// kept says how long the fetching side may go on using a document.
func kept(maxAge, ttl time.Duration) time.Duration {
	if ttl < 0 {
		ttl = math.MaxInt64
	}
	return min(maxAge, ttl, fetch.DefaultMaxAge)
}

// TestCutNetwork: once the network is cut, a badge on a status list is valid only
// as long as a list of good standing, fetched before, is fresh by what its server
// and its issuer say, and so is the document with the issuer's key.
func TestCutNetwork(t *testing.T) {
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	processor := jsonld.New(set, jsonld.Options{})
	w := cutWorld{
		t, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize)), set, processor, dataintegrity.New(processor),
		time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC),
	}
	name, err := did.EncodeMultikey(w.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	document := fmt.Appendf(nil, `{"id":%q,"verificationMethod":[{"id":%q,"type":"Multikey","controller":%[1]q,"publicKeyMultibase":%[3]q}],"assertionMethod":[%[2]q]}`, cutIssuer, cutMethod, name)
	badge := fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],`+
		`"id":"urn:uuid:1d7fe84b-8dd3-4f1f-8f7d-6a0b7d9f1f10","type":["VerifiableCredential","OpenBadgeCredential"],"name":"Mentor",`+
		`"issuer":{"id":%q,"type":["Profile"],"name":"Example"},"validFrom":"2026-02-02T09:00:00Z",`+
		`"credentialStatus":{"id":"%s#%d","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"%[3]d","statusListCredential":%[2]q},`+
		`"credentialSubject":{"id":"urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11","type":["AchievementSubject"],"achievement":{"id":"urn:x:1","type":["Achievement"],`+
		`"name":"Mentor","description":"Mentored.","criteria":{"narrative":"Met."}}}}`, cutIssuer, cutList, cutIndex)
	badges := map[string][]byte{}
	for form, secure := range map[string]func([]byte) []byte{
		"eddsa-rdfc-2022": w.prove(""), "eddsa-jcs-2022": w.prove(dataintegrity.EdDSAJCS2022), "Ed25519Signature2020": w.prove(dataintegrity.Ed25519Signature2020),
		"vc+jwt": w.token, "Open Badges JWT": w.openBadge, "SD-JWT": w.disclosing, "COSE": w.message, "envelope": w.envelope, "SVG": w.picture,
	} {
		badges[form] = secure(badge)
	}
	forms := slices.Sorted(maps.Keys(badges))
	lists := []listForm{
		{"application/vc", w.prove("")}, {"application/vc+jwt", w.token}, {"application/vc+cose", w.message}, {"application/vc", w.envelope},
	}
	certificate, key := certify(t, "badges.example.ac.uk")
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM(w.must(os.ReadFile(certificate))) {
		t.Fatal("no certificate")
	}
	checks := flag.Lookup("rapid.checks")
	usual := checks.Value.String()
	t.Cleanup(func() { _ = checks.Value.Set(usual) })
	if err := checks.Value.Set("60"); err != nil { // each with a server of its own
		t.Fatal(err)
	}
	covered, uncovered := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		ages := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.OneOf(rapid.IntRange(0, 900), rapid.IntRange(300, 900)).Draw(t, "seconds")) * time.Second
		})
		form := rapid.SampledFrom(lists).Draw(t, "list")
		ttl, until := time.Duration(-1), w.now.Add(ages.Draw(t, "until"))
		if rapid.Bool().Draw(t, "has ttl") {
			ttl = ages.Draw(t, "ttl")
		}
		listAge, keyAge := ages.Draw(t, "age of the list"), ages.Draw(t, "age of the keys")
		revoked, seen := rapid.IntRange(0, 7).Draw(t, "revoked") == 0, rapid.IntRange(0, 7).Draw(t, "seen") > 0
		list := form.secure(w.list(ttl, until, revoked))
		serve := func(contentType string, age time.Duration, data []byte) http.HandlerFunc {
			return func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", contentType)
				rw.Header().Set("Cache-Control", fmt.Sprintf("max-age=%d", int(age.Seconds())))
				_, _ = rw.Write(data)
			}
		}
		mux := http.NewServeMux()
		mux.Handle("/.well-known/did.json", serve("application/did+json", keyAge, document))
		mux.Handle("/status/1", serve(form.mediaType, listAge, list))
		server := httptest.NewUnstartedServer(mux)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		server.StartTLS()
		defer server.Close()

		now := w.now
		clock := func() time.Time { return now }
		client, err := fetch.New(fetch.Config{
			Clock: clock, Resolve: map[string]string{"badges.example.ac.uk": server.Listener.Addr().String()}, RootCAs: authority,
		})
		if err != nil {
			t.Fatal(err)
		}
		v := verifier.New(verifier.Config{
			Contexts: w.contexts, JSONLD: w.processor, Suites: w.suites, Resolver: newMethods(client, nil), Documents: documents{client}, Clock: clock,
		})
		verdicts := func(want bool) {
			for range 2 {
				form := rapid.SampledFrom(forms).Draw(t, "form")
				report, err := v.Verify(context.Background(), badges[form], verifier.Expect{})
				if err != nil {
					t.Fatal(err)
				}
				if (report.Verdict == verifier.VerdictValid) != want {
					t.Fatalf("%s %v after: %s, list until %v, ttl %v, kept for %v, keys for %v\n%v", form, now.Sub(w.now), report.Verdict, until, ttl, listAge, keyAge, report.Checks)
				}
			}
		}
		if seen {
			verdicts(!revoked)
		}
		server.Close()
		listUntil, keysUntil := w.now.Add(kept(listAge, ttl)), w.now.Add(kept(keyAge, -1))
		if form.mediaType == "application/vc+cose" {
			listUntil = w.now // its ttl is not looked for, so that it is not kept
		}
		for range 3 {
			now = now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "later")) * time.Second)
			want := seen && !revoked && now.Before(listUntil) && now.Before(keysUntil) && !now.After(until)
			verdicts(want)
			if want {
				covered++
			} else {
				uncovered++
			}
		}
	})
	if covered == 0 || uncovered == 0 {
		t.Errorf("%d times covered, %d times not", covered, uncovered)
	}
	t.Logf("%d times covered, %d times not", covered, uncovered)
}

// listForm is a form in which a status list is served.
type listForm struct {
	mediaType string
	secure    func(document []byte) []byte
}
