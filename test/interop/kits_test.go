package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/credential/statuslist"
	"laurel/storage"
	"laurel/test/program"
)

// kitRequest is what verifier-core and LearnCard's kit are asked, and kitAnswer
// what they say.
type (
	kitRequest struct {
		Do        string          `json:"do,omitempty"`
		Suite     string          `json:"suite,omitempty"`
		Document  json.RawMessage `json:"document"`
		Challenge string          `json:"challenge,omitempty"`
		Domain    string          `json:"domain,omitempty"`
	}
	kitAnswer struct {
		Document json.RawMessage `json:"document"`
		Verified bool            `json:"verified"`
		Steps    map[string]bool `json:"steps"`
		Error    string          `json:"error"`
	}
)

// kit is a foreign kit that verifies credentials.
type kit struct {
	name string
	// status is the step of an answer that tells that a status was read.
	status string
	// oneOfSet says that one good proof is enough for it, where Data Integrity
	// §4.5 asks for all of them.
	oneOfSet bool
	verify   func(t *testing.T, documents []json.RawMessage, hosts ...string) []kitAnswer
}

var kits = []kit{
	{"verifier-core", "revocation_status", true, func(t *testing.T, documents []json.RawMessage, hosts ...string) []kitAnswer {
		t.Helper()
		var args []string
		for _, host := range hosts {
			args = append(args, "--host", host)
		}
		return ask[kitRequest, kitAnswer](t, "verifiercore.mjs", verifying(documents), args...)
	}},
	{"LearnCard", "status", false, func(t *testing.T, documents []json.RawMessage, _ ...string) []kitAnswer {
		t.Helper()
		return askLearnCard(t, verifying(documents))
	}},
}

// askLearnCard asks LearnCard's kit, whose engine is published for one kind of
// machine.
func askLearnCard(t *testing.T, requests []kitRequest) []kitAnswer {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("SKIPPED: LearnCard's kit is not tested: there is none for this machine")
	}
	return ask[kitRequest, kitAnswer](t, "learncard.mjs", requests)
}

func verifying(documents []json.RawMessage) []kitRequest {
	requests := make([]kitRequest, len(documents))
	for i, document := range documents {
		requests[i] = kitRequest{Do: "verify", Document: document}
	}
	return requests
}

// localServer is an institution at a port of localhost, the one place where
// LearnCard's kit reads a did:web without TLS.
func localServer(t *testing.T) (s server, hosts []string) {
	t.Helper()
	node(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(address, ":")
	s = server{program.Serve(t, program.Init(t, "http://localhost:"+port), "--listen", address), t}
	return s, []string{"http://localhost:" + port + "=" + s.Address, "https://localhost:" + port + "=" + s.Address}
}

// TestKitsVerifyIssued: what the running binary issues is verified by
// verifier-core and by LearnCard's kit, which read its DID document and its
// status list; with any leaf changed or without a proof neither does. After a
// revocation both refuse the badge and still accept another.
func TestKitsVerifyIssued(t *testing.T) {
	t.Parallel()
	s, hosts := localServer(t)
	badges := s.sampleBadges()
	revoked := badges["minimal"]
	neighbour := s.award(`{"name": "N", "description": "D", "criteria": {"narrative": "C"}}`, `{"achievement": %q, "recipient": {"id": "did:example:other"}}`)
	whole := []json.RawMessage{revoked.data, badges["full"].data, neighbour.data}
	var changed []json.RawMessage
	for _, data := range whole[:2] {
		for _, c := range changeEachLeaf(t, data) {
			changed = append(changed, c.data)
		}
		changed = append(changed, without(t, data, "proof"), with(t, data, "proof", "[]"))
	}
	for _, kit := range kits {
		for i, a := range kit.verify(t, append(whole[:len(whole):len(whole)], changed...), hosts...) {
			switch {
			case i < len(whole) && (!a.Verified || !a.Steps[kit.status]):
				t.Errorf("%s: badge %d: %+v", kit.name, i, a)
			case i >= len(whole) && a.Verified:
				t.Errorf("%s: verified %s", kit.name, changed[i-len(whole)])
			}
		}
	}
	s.operate("/api/v1/credentials/"+revoked.id+"/status", `{"action": "revoke", "reason": "test"}`, http.StatusOK)
	for _, kit := range kits {
		for i, a := range kit.verify(t, whole, hosts...) {
			if a.Verified != (i != 0) {
				t.Errorf("%s: badge %d, of which the first is revoked: %+v", kit.name, i, a)
			}
		}
	}
}

// TestKitsTellNeighboursApart: of the four badges whose places are in one byte of
// a list, the kits refuse the revoked one and no other, although LearnCard's takes
// the bits of a byte from the right (Bitstring Status List §3.2 has them from the
// left): that of the mirrored place is set too.
func TestKitsTellNeighboursApart(t *testing.T) {
	t.Parallel()
	node(t)
	suites, issuer := cryptosuites(t), newHolder(t, dataintegrity.KeyEd25519)
	options := dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022}
	var list []byte
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vc")
		_, _ = w.Write(list)
	}))
	defer site.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(site.URL, "http://"), ":")
	url := "http://localhost:" + port + "/status/1"
	const first = 10_000 // of its byte
	var badges []json.RawMessage
	for place := range 4 {
		index := storage.UsableIndex(first/2 + place)
		entry := fmt.Sprintf(`{"id": "%s#%d", "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "%[2]d", "statusListCredential": "%[1]s"}`, url, index)
		badge := with(t, []byte(strings.Replace(shapes["minimal"], `"issuer": {"id": ""`, `"issuer": {"id": "`+issuer.did+`"`, 1)), "credentialStatus", entry)
		badges = append(badges, issuer.sign(t, suites, badge, options))
	}
	for revoked := range badges {
		bits, err := statuslist.New(statuslist.MinimumLength)
		if err != nil {
			t.Fatal(err)
		}
		index := first + revoked
		for _, set := range []int{index, storage.MirrorIndex(index)} {
			if err := bits.Set(set, true); err != nil {
				t.Fatal(err)
			}
		}
		now := time.Now()
		unsigned, err := statuslist.Credential(bits, statuslist.Options{
			URL: url, Issuer: json.RawMessage(`"` + issuer.did + `"`), Purposes: []string{statuslist.Revocation},
			ValidFrom: now.Add(-time.Minute), ValidUntil: now.Add(time.Hour), TTL: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		list = issuer.sign(t, suites, unsigned, options)
		for _, kit := range kits {
			for i, a := range kit.verify(t, badges, "http://localhost:"+port+"="+site.URL) {
				if a.Verified != (i != revoked) {
					t.Errorf("%s: badge %d, of which %d is revoked: %+v", kit.name, i, revoked, a)
				}
			}
		}
	}
}

// signed is a shape of a badge, issued here by a did:key with a proof of each
// suite.
func signed(t *testing.T, s *dataintegrity.Suites, shape string, suites ...string) []byte {
	t.Helper()
	issuer := newHolder(t, dataintegrity.KeyEd25519)
	document := []byte(strings.Replace(shape, `"issuer": {"id": ""`, `"issuer": {"id": "`+issuer.did+`"`, 1))
	for _, suite := range suites {
		document = issuer.sign(t, s, document, dataintegrity.Options{Cryptosuite: suite})
	}
	return document
}

// kitShapes are shapes without the characters that canonical N-Quads escape and
// the canonicalisation before RDFC-1.0 (its section 5) did not, which LearnCard's
// kit still has, and verifier-core for Ed25519Signature2020.
func kitShapes() map[string]string {
	kept := maps.Clone(shapes)
	kept["unicode"] = strings.NewReplacer(`\u0000`, "", `\u0001`, "", `\u007f`, "", `\t`, "").Replace(kept["unicode"])
	return kept
}

// kitSuites are the suites that both kits have.
var kitSuites = []string{dataintegrity.EdDSARDFC2022, dataintegrity.Ed25519Signature2020}

// TestKitsVerifyKeys: badges of a did:key, with a proof of either suite that the
// kits have or of both, are verified by both kits, and what is changed by
// neither.
func TestKitsVerifyKeys(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	var all []shown
	for name, shape := range kitShapes() {
		for _, suite := range kitSuites {
			good := shown{fmt.Sprintf("%s by %s", name, suite), signed(t, s, shape, suite), true}
			all = append(all, good)
			for what, document := range changes(t, good.document) {
				all = append(all, shown{good.name + ", " + what, document, false})
			}
		}
	}
	all = append(all, setCases(t, "both proofs", signed(t, s, shapes["minimal"], dataintegrity.Ed25519Signature2020, dataintegrity.EdDSARDFC2022))...)
	documents := make([]json.RawMessage, len(all))
	for i, one := range all {
		documents[i] = one.document
	}
	for _, kit := range kits {
		for i, a := range kit.verify(t, documents) {
			if want := all[i].good || kit.oneOfSet && strings.HasPrefix(all[i].name, "both proofs, proof"); a.Verified != want {
				t.Errorf("%s: %s: %+v", kit.name, all[i].name, a)
			}
		}
	}
}

// TestVerifiesLearnCard: what LearnCard's kit issues is valid here, and what is
// changed is not.
func TestVerifiesLearnCard(t *testing.T) {
	t.Parallel()
	var names []string
	var requests []kitRequest
	for name, shape := range kitShapes() {
		for _, suite := range kitSuites {
			names = append(names, name+" by "+suite)
			requests = append(requests, kitRequest{Do: "issue", Suite: suite, Document: json.RawMessage(shape)})
		}
	}
	s := cryptosuites(t)
	for i, a := range askLearnCard(t, requests) {
		if a.Error != "" {
			t.Errorf("%s: %s", names[i], a.Error)
			continue
		}
		if err := verifiedHere(t, s, a.Document); err != nil {
			t.Errorf("%s: %v\n%s", names[i], err, a.Document)
		}
		for what, document := range changes(t, a.Document) {
			if verifiedHere(t, s, document) == nil {
				t.Errorf("%s, %s: verified", names[i], what)
			}
		}
		if strings.HasPrefix(names[i], "full") {
			holds(t, a.Document)
		}
	}
}

// TestLearnCardPresentations: what the holder of a badge signs here for a
// challenge and a domain is good for LearnCard's kit, and what it signs is good
// here; what was made for another occasion or changed, for neither.
func TestLearnCardPresentations(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	for _, suite := range kitSuites {
		t.Run(suite, func(t *testing.T) {
			there := askLearnCard(t, []kitRequest{{"present", suite, json.RawMessage(shapes["minimal"]), challenge, domain}})[0]
			if there.Error != "" {
				t.Fatalf("presenting there: %s", there.Error)
			}
			all := append(presentationCases(t, "from here", presented(t, s, suite, dataintegrity.KeyEd25519)), presentationCases(t, "from there", there.Document)...)
			judgePresentations(t, all, func(all []presentation) []kitAnswer {
				requests := make([]kitRequest, len(all))
				for i, one := range all {
					requests[i] = kitRequest{"check", suite, one.document, one.challenge, one.domain}
				}
				return askLearnCard(t, requests)
			})
		})
	}
}
