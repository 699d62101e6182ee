package contexts

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	credentialsV2 = "https://www.w3.org/ns/credentials/v2"
	openBadges303 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
)

// mustEmbedded returns the embedded documents.
func mustEmbedded(t testing.TB) *Set {
	t.Helper()
	set, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestEmbeddedRefusesWhatIsNotPinned(t *testing.T) {
	// copyOf returns the embedded files as a map that a test can damage.
	copyOf := func() fstest.MapFS {
		m := fstest.MapFS{}
		for _, e := range embedded {
			name := "documents/" + e.file
			data, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			m[name] = &fstest.MapFile{Data: bytes.Clone(data)}
		}
		return m
	}
	if _, err := load(copyOf(), embedded); err != nil {
		t.Fatalf("the undamaged copy is refused: %v", err)
	}
	for i, e := range embedded {
		damaged := copyOf()
		data := damaged["documents/"+e.file].Data
		data[len(data)/2] ^= 1
		if _, err := load(damaged, embedded); !errors.Is(err, ErrDigest) {
			t.Errorf("%s with one bit flipped: error %v, want ErrDigest", e.file, err)
		}

		table := slices.Clone(embedded)
		table[i].sha256 = flipFirst(e.sha256)
		if _, err := load(files, table); !errors.Is(err, ErrDigest) {
			t.Errorf("%s with another pin: error %v, want ErrDigest", e.file, err)
		}
	}

	missing := copyOf()
	delete(missing, "documents/"+embedded[0].file)
	if _, err := load(missing, embedded); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: error %v, want fs.ErrNotExist", err)
	}
	for name, broken := range map[string]edition{
		"not hexadecimal": {sha256: "no", sha384: embedded[0].editions[0].sha384, sha512: embedded[0].editions[0].sha512},
		"left out":        {sha256: embedded[0].editions[0].sha256},
	} {
		table := slices.Clone(embedded)
		table[0].editions = []edition{broken}
		if _, err := load(files, table); err == nil {
			t.Errorf("an edition whose digest is %s is accepted", name)
		}
	}
}

// flipFirst returns a hexadecimal string with another first digit.
func flipFirst(s string) string {
	if s[0] == '0' {
		return "1" + s[1:]
	}
	return "0" + s[1:]
}

func TestEveryEmbeddedDocumentIsAContext(t *testing.T) {
	set := mustEmbedded(t)
	for _, u := range set.URLs() {
		if err := checkURL(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
		revisions, err := set.Revisions(u)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range revisions {
			if err := checkDocument(doc.Bytes); err != nil {
				t.Errorf("%s %s: %v", u, doc.Revision, err)
			}
		}
	}
}

func TestTheTableIsWellFormed(t *testing.T) {
	inTable := map[string]bool{}
	revisions := map[string][]string{}
	table := slices.Concat(embedded, conformance)
	for i, e := range table {
		if inTable[e.file] {
			t.Errorf("%s is listed twice", e.file)
		}
		inTable[e.file] = true
		if i > 0 && len(revisions[e.url]) > 0 && table[i-1].url != e.url {
			t.Errorf("the revisions of %s are not together", e.url)
		}
		revisions[e.url] = append(revisions[e.url], e.revision)
		if len(e.editions) == 0 {
			t.Errorf("%s has no published edition", e.file)
		}
	}
	for u, names := range revisions {
		if len(names) == 1 && names[0] != "" {
			t.Errorf("%s has one revision, which needs no name: %q", u, names[0])
		}
		for i, name := range names {
			if len(names) > 1 && (name == "" || i > 0 && name >= names[i-1]) {
				t.Errorf("the revisions of %s are not named newest first: %q", u, names)
			}
		}
	}
	err := fs.WalkDir(files, "documents", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !inTable[strings.TrimPrefix(path, "documents/")] {
			t.Errorf("%s is embedded but not in the table", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRevisions(t *testing.T) {
	set := mustEmbedded(t)
	for u, want := range map[string][]string{
		credentialsV2: {""},
		openBadges303: {"2026-06", "2025-11", "2024-03"},
		"https://purl.imsglobal.org/spec/ob/v3p0/context.json": {""},
	} {
		docs, err := set.Revisions(u)
		if err != nil {
			t.Errorf("%s: %v", u, err)
			continue
		}
		var got []string
		for _, doc := range docs {
			if doc.URL != u {
				t.Errorf("%s: the document says it is %s", u, doc.URL)
			}
			got = append(got, doc.Revision)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", u, diff)
		}
	}

	for _, u := range []string{"", credentialsV2 + "/", credentialsV2 + "#", "http://www.w3.org/ns/credentials/v2", "https://example.org/context"} {
		if docs, err := set.Revisions(u); !errors.Is(err, ErrUnknown) || docs != nil {
			t.Errorf("%q: %d documents and error %v, want ErrUnknown", u, len(docs), err)
		}
	}
	if _, err := new(Set).Revisions(credentialsV2); !errors.Is(err, ErrUnknown) {
		t.Errorf("the zero Set: error %v, want ErrUnknown", err)
	}

	// What a caller does to the slice it was given is its own affair.
	docs, err := set.Revisions(openBadges303)
	if err != nil {
		t.Fatal(err)
	}
	docs[0] = Document{}
	again, err := set.Revisions(openBadges303)
	if err != nil {
		t.Fatal(err)
	}
	if again[0].Revision != "2026-06" {
		t.Error("a caller could change the Set through the slice it was given")
	}
}

func TestAliasesGiveTheSameDocument(t *testing.T) {
	set := mustEmbedded(t)
	for alias, u := range map[string]string{
		"https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld": "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
		"https://openbadgespec.org/v2/context.json":                      "https://w3id.org/openbadges/v2",
	} {
		got, err := set.Revisions(alias)
		if err != nil {
			t.Errorf("%s: %v", alias, err)
			continue
		}
		want, err := set.Revisions(u)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is not %s (-want +got):\n%s", alias, u, diff)
		}
	}
}

func TestPublished(t *testing.T) {
	set := mustEmbedded(t)
	// The hashes that are published for the context of VC Data Model 2.0.
	v2 := unhex(t, "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734")
	v2sha384, err := base64.StdEncoding.DecodeString("l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU")
	if err != nil {
		t.Fatal(err)
	}
	june2026 := unhex(t, "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84")
	november2025 := unhex(t, "01d87cc8b5357af557bfb09428f603c4691c49ef8a6089945a70bda1b96b1db2")
	march2024 := unhex(t, "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761")
	flipped := bytes.Clone(v2)
	flipped[31] ^= 1

	tests := []struct {
		name      string
		url       string
		algorithm crypto.Hash
		digest    []byte
		revision  string
		err       error
	}{
		{"SHA-256", credentialsV2, crypto.SHA256, v2, "", nil},
		{"SHA-384", credentialsV2, crypto.SHA384, v2sha384, "", nil},
		{"newest revision", openBadges303, crypto.SHA256, june2026, "2026-06", nil},
		{"middle revision", openBadges303, crypto.SHA256, november2025, "2025-11", nil},
		{"oldest revision", openBadges303, crypto.SHA256, march2024, "2024-03", nil},
		{"one bit flipped", credentialsV2, crypto.SHA256, flipped, "", ErrDigest},
		{"of another document", credentialsV2, crypto.SHA256, june2026, "", ErrDigest},
		{"too short", credentialsV2, crypto.SHA256, v2[:31], "", ErrDigest},
		{"empty", credentialsV2, crypto.SHA256, nil, "", ErrDigest},
		{"named with another hash", credentialsV2, crypto.SHA384, v2, "", ErrDigest},
		{"SHA-1", credentialsV2, crypto.SHA1, v2[:20], "", ErrAlgorithm},
		{"SHA3-256", credentialsV2, crypto.SHA3_256, v2, "", ErrAlgorithm},
		{"no hash", credentialsV2, 0, v2, "", ErrAlgorithm},
		{"unknown URL", "https://example.org/context", crypto.SHA256, v2, "", ErrUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := set.Published(tt.url, tt.algorithm, tt.digest)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				if doc.URL != "" {
					t.Error("a document comes with the error")
				}
				return
			}
			if doc.URL != tt.url || doc.Revision != tt.revision {
				t.Errorf("got %s revision %q, want revision %q", doc.URL, doc.Revision, tt.revision)
			}
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// hashOf returns what an operator would write beside the file.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestWithRefuses(t *testing.T) {
	const good, address = `{"@context":{"a":"https://example.org/a"}}`, "https://example.org/context"
	set := mustEmbedded(t)
	once, err := set.With(address, []byte(good), hashOf([]byte(good)))
	if err != nil {
		t.Fatal(err)
	}
	nested := func(depth int) string {
		return `{"@context":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}

	tests := []struct {
		name string
		url  string
		data string
		hash string // "" for the right one
		err  error
	}{
		{"embedded URL", credentialsV2, good, "", ErrExists},
		{"embedded alias", "https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld", good, "", ErrExists},
		{"URL already added", address, good, "", ErrExists},
		{"hash of other bytes", "https://example.org/2", good, hashOf([]byte("other")), ErrDigest},
		{"no hash", "https://example.org/2", good, " ", ErrDigest},
		{"short hash", "https://example.org/2", good, hashOf([]byte(good))[:62], ErrDigest},
		{"no URL", "", good, "", ErrInvalidURL},
		{"relative URL", "context.json", good, "", ErrInvalidURL},
		{"URL without scheme", "//example.org/context", good, "", ErrInvalidURL},
		{"URL without host", "https:///context", good, "", ErrInvalidURL},
		{"URL with opaque part", "https:context", good, "", ErrInvalidURL},
		{"URL with fragment", address + "#a", good, "", ErrInvalidURL},
		{"URL with empty fragment", address + "#", good, "", ErrInvalidURL},
		{"URL with space", "https://example.org/a b", good, "", ErrInvalidURL},
		{"URL with newline", "https://example.org/a\n", good, "", ErrInvalidURL},
		{"URL after space", " " + address, good, "", ErrInvalidURL},
		{"nothing", "https://example.org/2", "", "", ErrInvalidDocument},
		{"not JSON", "https://example.org/2", "@context", "", ErrInvalidDocument},
		{"HTML", "https://example.org/2", "<html>", "", ErrInvalidDocument},
		{"truncated", "https://example.org/2", good[:len(good)-1], "", ErrInvalidDocument},
		{"bad separator", "https://example.org/2", `{"@context":{} "a":1}`, "", ErrInvalidDocument},
		{"two values", "https://example.org/2", good + good, "", ErrInvalidDocument},
		{"byte order mark", "https://example.org/2", "\ufeff" + good, "", ErrInvalidDocument},
		{"not UTF-8", "https://example.org/2", "{\"@context\":{\"a\":\"\xff\"}}", "", ErrInvalidDocument},
		{"null", "https://example.org/2", "null", "", ErrInvalidDocument},
		{"array", "https://example.org/2", "[" + good + "]", "", ErrInvalidDocument},
		{"string", "https://example.org/2", `"@context"`, "", ErrInvalidDocument},
		{"no @context", "https://example.org/2", `{"context":{}}`, "", ErrInvalidDocument},
		{"@context elsewhere", "https://example.org/2", `{"a":` + good + `}`, "", ErrInvalidDocument},
		{"@context null", "https://example.org/2", `{"@context":null}`, "", ErrInvalidDocument},
		{"@context number", "https://example.org/2", `{"@context": 1}`, "", ErrInvalidDocument},
		{"@context true", "https://example.org/2", `{"@context": true}`, "", ErrInvalidDocument},
		{"repeated @context", "https://example.org/2", `{"@context":{},"@context":{}}`, "", ErrInvalidDocument},
		{"repeated term", "https://example.org/2", `{"@context":{"a":"x:1","a":"x:2"}}`, "", ErrInvalidDocument},
		{"repeated term, escaped", "https://example.org/2", `{"@context":[{"a":"x:1","\u0061":"x:2"}]}`, "", ErrInvalidDocument},
		{"too deep", "https://example.org/2", nested(65), "", ErrInvalidDocument},
		{"very deep", "https://example.org/2", nested(500_000), "", ErrInvalidDocument},
		{"too large", "https://example.org/2", good + strings.Repeat(" ", 1<<20), "", ErrInvalidDocument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hash := tt.hash
			if hash == "" {
				hash = hashOf([]byte(tt.data))
			}
			if got, err := once.With(tt.url, []byte(tt.data), hash); !errors.Is(err, tt.err) || got != nil {
				t.Errorf("error %v, want %v and no Set", err, tt.err)
			}
		})
	}
}

func TestWithAdds(t *testing.T) {
	set := mustEmbedded(t)
	before := set.URLs()
	for name, data := range map[string]string{
		"object": `{"@context":{"a":"https://example.org/a"}}`,
		"array":  ` { "x": 1, "@context": [ "https://www.w3.org/ns/credentials/v2", {} ] } `,
		"string": `{"@context":"https://www.w3.org/ns/credentials/v2"}`,
		"deep":   `{"@context":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`,
	} {
		for _, u := range []string{"https://example.org/context?a=b", "http://127.0.0.1:8080/", "urn:example:context"} {
			given := []byte(data)
			larger, err := set.With(u, given, strings.ToUpper(hashOf(given)))
			if err != nil {
				t.Errorf("%s at %s: %v", name, u, err)
				continue
			}
			given[0] = '#'
			docs, err := larger.Revisions(u)
			if err != nil {
				t.Fatal(err)
			}
			if len(docs) != 1 || docs[0].URL != u || docs[0].Revision != "" || string(docs[0].Bytes) != data {
				t.Errorf("%s at %s: got %+v", name, u, docs)
			}
			sum := sha256.Sum256([]byte(data))
			if _, err := larger.Published(u, crypto.SHA256, sum[:]); err != nil {
				t.Errorf("%s at %s: its own digest: %v", name, u, err)
			}
			if _, err := set.Revisions(u); !errors.Is(err, ErrUnknown) {
				t.Errorf("%s at %s: the receiver changed: %v", name, u, err)
			}
			want := slices.Sorted(slices.Values(append(slices.Clone(before), u)))
			if diff := cmp.Diff(want, larger.URLs()); diff != "" {
				t.Errorf("URLs (-want +got):\n%s", diff)
			}
		}
	}
	data := []byte(`{"@context":{}}`)
	if alone, err := new(Set).With("https://example.org/", data, hashOf(data)); err != nil || len(alone.URLs()) != 1 {
		t.Errorf("adding to the zero Set: %v", err)
	}
	if diff := cmp.Diff(before, set.URLs()); diff != "" {
		t.Errorf("the receiver's URLs changed (-want +got):\n%s", diff)
	}
}

func TestSetsAreSafeForConcurrentUse(t *testing.T) {
	set := mustEmbedded(t)
	data := []byte(`{"@context":{}}`)
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := set.With("https://example.org/", data, hashOf(data))
			if err == nil {
				_, err = set.Revisions(openBadges303)
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func FuzzWith(f *testing.F) {
	f.Add("https://example.org/", []byte(`{"@context":{"a":"https://example.org/a"}}`))
	f.Add("urn:a", []byte(`{"@context":{"a":1,"a":2}}`))
	f.Add("https://example.org/#", []byte(`[[[`))
	f.Fuzz(func(t *testing.T, u string, data []byte) {
		set, err := new(Set).With(u, data, hashOf(data))
		if err != nil {
			if set != nil {
				t.Error("a Set comes with the error")
			}
			return
		}
		docs, err := set.Revisions(u)
		if err != nil || len(docs) != 1 || !bytes.Equal(docs[0].Bytes, data) {
			t.Errorf("what was added does not come back: %v", err)
		}
	})
}

func TestContextsOfSuitesAreForSuitesAlone(t *testing.T) {
	laboratory, err := Conformance()
	if err != nil {
		t.Fatal(err)
	}
	set := mustEmbedded(t)
	for _, e := range conformance {
		if _, err := laboratory.Revisions(e.url); err != nil {
			t.Errorf("%s: %v", e.url, err)
		}
		if _, err := set.Revisions(e.url); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s is known to those who serve people: %v", e.url, err)
		}
	}
	if got, want := len(laboratory.URLs()), len(set.URLs())+len(conformance); got != want {
		t.Errorf("%d contexts, want %d", got, want)
	}
}
