package didwebvh

import (
	"errors"
	"strings"
	"testing"

	"laurel/did"
)

func TestVersions(t *testing.T) {
	sound := makeLog(step{}, step{}, step{})
	spoilt := makeLog(step{}, step{}, step{signer: 9})
	ended := makeLog(step{}, later("deactivated", true))
	for name, test := range map[string]struct {
		log     log
		version did.Version
		want    int // index of the version
		err     error
	}{
		"present":                       {sound, did.Version{}, 2, nil},
		"by id":                         {sound, did.Version{ID: sound.versionIDs[0]}, 0, nil},
		"by unknown id":                 {sound, did.Version{ID: "3-" + multihash(nil)}, 0, did.ErrNotFound},
		"by number alone":               {sound, did.Version{ID: "1"}, 0, did.ErrNotFound},
		"at a time":                     {sound, did.Version{Time: day(2)}, 1, nil},
		"between":                       {sound, did.Version{Time: day(3).Add(-1)}, 1, nil},
		"now":                           {sound, did.Version{Time: now()}, 2, nil},
		"before the first":              {sound, did.Version{Time: day(1).Add(-1)}, 0, did.ErrNotFound},
		"spoilt, present":               {spoilt, did.Version{}, 0, did.ErrInvalidDocument},
		"spoilt, by id before":          {spoilt, did.Version{ID: spoilt.versionIDs[1]}, 1, nil},
		"spoilt, by its id":             {spoilt, did.Version{ID: spoilt.versionIDs[2]}, 0, did.ErrInvalidDocument},
		"spoilt, at a time before":      {spoilt, did.Version{Time: day(1)}, 0, nil},
		"spoilt, after the last sound":  {spoilt, did.Version{Time: day(2)}, 0, did.ErrInvalidDocument},
		"spoilt, before the first":      {spoilt, did.Version{Time: day(1).Add(-1)}, 0, did.ErrInvalidDocument},
		"deactivated, by id before":     {ended, did.Version{ID: ended.versionIDs[0]}, 0, nil},
		"deactivated, at the last time": {ended, did.Version{Time: now()}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &source{log: test.log.bytes()}
			got, err := s.resolver().ResolveVersion(t.Context(), mustParse(t, test.log.did()), test.version)
			if !errors.Is(err, test.err) || (got == nil) != (test.err != nil) {
				t.Fatalf("got %v, %v, want %v", got, err, test.err)
			}
			if test.err != nil {
				return
			}
			if got.Metadata.VersionID != test.log.versionIDs[test.want] || !got.Metadata.Created.Equal(day(1)) {
				t.Errorf("metadata %+v", got.Metadata)
			}
			if got.Metadata.Deactivated != strings.HasPrefix(name, "deactivated") {
				t.Errorf("deactivated: %v", got.Metadata.Deactivated)
			}
		})
	}
}

func TestDeactivated(t *testing.T) {
	l := makeLog(step{}, step{parameters: object{"deactivated": true, "updateKeys": keys()}})
	s := &source{log: l.bytes()}
	document, err := s.resolver().Resolve(t.Context(), mustParse(t, l.did()))
	if document != nil || !errors.Is(err, did.ErrDeactivated) || !errors.Is(err, did.ErrNotFound) {
		t.Errorf("got %v, %v", document, err)
	}
}

// A DID that moved is the new one; under the old one only its own versions are had.
func TestPortability(t *testing.T) {
	first := makeLog(with("portable", true))
	l := makeLog(with("portable", true), movedTo("new.example", []string{"did:web:x.example", first.did()}), movedTo("new.example", nil))
	if first.scid != l.scid {
		t.Fatal("the first entries differ")
	}
	s := &source{log: l.bytes()}
	moved := mustParse(t, "did:webvh:"+l.scid+":new.example")
	document, err := s.resolver().Resolve(t.Context(), moved)
	if err != nil || document.ID != moved.String() {
		t.Errorf("new DID: %v, %v", document, err)
	}
	if _, err := s.resolver().Resolve(t.Context(), mustParse(t, l.did())); !errors.Is(err, did.ErrDocumentID) {
		t.Errorf("old DID: %v", err)
	}
	if got, err := s.resolver().ResolveVersion(t.Context(), mustParse(t, l.did()), did.Version{ID: l.versionIDs[0]}); err != nil || got.Document.ID != l.did() {
		t.Errorf("version of the old DID: %v, %v", got, err)
	}
	if _, err := s.resolver().ResolveVersion(t.Context(), moved, did.Version{ID: l.versionIDs[0]}); !errors.Is(err, did.ErrDocumentID) {
		t.Errorf("version before the move: %v", err)
	}
	for _, never := range []string{"third.example", host + ":path"} {
		if _, err := s.resolver().Resolve(t.Context(), mustParse(t, "did:webvh:"+l.scid+":"+never)); !errors.Is(err, did.ErrDocumentID) {
			t.Errorf("%s: %v", never, err)
		}
	}
}

func TestLogURL(t *testing.T) {
	scid := makeLog(step{}).scid
	for id, want := range map[string]string{
		scid + ":example.org":                       "https://example.org/.well-known/did.jsonl",
		scid + ":example.org:dids:issuer":           "https://example.org/dids/issuer/did.jsonl",
		scid + ":example.org%3A8443":                "https://example.org:8443/.well-known/did.jsonl",
		scid + ":example.org:" + scid:               "https://example.org/" + scid + "/did.jsonl",
		scid + ":example.org:did.json":              "https://example.org/did.json/did.jsonl",
		scid + ":" + strings.ToLower(scid) + ".org": "https://" + strings.ToLower(scid) + ".org/.well-known/did.jsonl",
	} {
		gotSCID, got, err := logURL(did.DID{Method: "webvh", ID: id})
		if err != nil || got != want || gotSCID != scid {
			t.Errorf("%s: %q, %q, %v", id, gotSCID, got, err)
		}
		if w := witnessURL(got); w != strings.TrimSuffix(want, "did.jsonl")+"did-witness.json" {
			t.Errorf("%s: witnesses at %q", id, w)
		}
	}
	for _, id := range []string{
		"", ":", scid, scid + ":", "example.org", "example.org:a", ":example.org", "{SCID}:example.org", scid[1:] + ":example.org", scid + "x:example.org",
		"Qm" + strings.Repeat("0", 44) + ":example.org", "Qm" + strings.Repeat("z", 44) + ":example.org", "z" + scid + ":example.org",
		scid + ":127.0.0.1", scid + ":127%2E0%2E0%2E1", scid + ":127.0.0.1%3a80", scid + ":127.0.0.1%3A80", scid + ":example.org:..:a", scid + ":example.org:%2e%2e",
		scid + ":example.org:a%2Fb", scid + ":example.org#a", scid + ":example.org%23a", scid + ":user%40example.org", scid + ":Example.org",
		scid + ":example.org.", scid + ":example.org%3A0", scid + ":example.org%3A99999", scid + ":example.org:", scid + "::example.org",
		scid + ":[::1]", scid + ":2130706433", scid + ":0x7f.1", scid + ":example.org?versionId=1", scid + ":" + strings.Repeat("a", 2048),
	} {
		s := &source{}
		if _, err := s.resolver().Resolve(t.Context(), did.DID{Method: "webvh", ID: id}); !errors.Is(err, did.ErrInvalidDID) || s.asked != nil {
			t.Errorf("%.90q: %v, asked for %q", id, err, s.asked)
		}
	}
	if _, err := (&source{}).resolver().Resolve(t.Context(), did.DID{Method: "web", ID: scid + ":example.org"}); !errors.Is(err, did.ErrMethodNotSupported) {
		t.Errorf("did:web: %v", err)
	}
}

func TestSourceFaults(t *testing.T) {
	l := makeLog(with("witness", object{"threshold": 1, "witnesses": []object{{"id": makeKey(50).did()}}}))
	approved := canonicalJSON([]object{approval(l.versionIDs[0], 50)})
	for name, test := range map[string]struct {
		source source
		want   error
	}{
		"no log":                 {source{logErr: statusError(404)}, did.ErrNotFound},
		"log gone":               {source{logErr: statusError(410)}, did.ErrNotFound},
		"log broken":             {source{logErr: statusError(500)}, did.ErrUnavailable},
		"log out of reach":       {source{logErr: errors.New("timeout")}, did.ErrUnavailable},
		"no witnesses":           {source{log: l.bytes(), witnessesErr: statusError(404)}, did.ErrInvalidDocument},
		"witnesses broken":       {source{log: l.bytes(), witnessesErr: statusError(500)}, did.ErrUnavailable},
		"witnesses out of reach": {source{log: l.bytes(), witnessesErr: errors.New("timeout")}, did.ErrUnavailable},
		"well":                   {source{log: l.bytes(), witnesses: approved}, nil},
		"document that is no DID": {source{log: makeLog(step{state: func(scid string) object {
			return object{"id": "did:webvh:" + scid + ":" + host, "verificationMethod": 1}
		}}).bytes()}, nil},
	} {
		d := l.did()
		if test.want == nil && name != "well" {
			other := makeLog(step{state: func(scid string) object {
				return object{"id": "did:webvh:" + scid + ":" + host, "verificationMethod": 1}
			}})
			d, test.want = other.did(), did.ErrInvalidDocument
		}
		if _, err := test.source.resolver().Resolve(t.Context(), mustParse(t, d)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}
