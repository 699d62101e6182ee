package contexts

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/testdata"
)

// Folders of the shared data that hold publishers' copies.
const (
	w3c           = "w3c/contexts/"
	validator     = "openbadges/1EdTech+digital-credentials-public-validator/inspector-vc/src/main/resources/contexts/"
	specification = "openbadges/1EdTech+openbadges-specification@develop/ob_v3p0/"
	website       = "openbadges/1EdTech+openbadges-specification@gh-pages/docs/"
)

// references lists, by embedded file, the copies held: those that are editions
// of the table, in its order, and further ones that only say the same.
var references = map[string]struct{ editions, copies []string }{
	"credentials-v2.jsonld":      {editions: []string{w3c + "credentials/v2"}, copies: []string{validator + "credentials-v2.jsonld"}},
	"credentials-v1.jsonld":      {editions: []string{w3c + "credentials/v1"}, copies: []string{validator + "2018-credentials-v1.jsonld"}},
	"undefined-terms-v2.jsonld":  {editions: []string{w3c + "credentials/undefined-terms/v2"}},
	"ob-3.0.3-2026-06.jsonld":    {editions: []string{validator + "ob-v3p0-3.0.3.json"}},
	"ob-3.0.3-2025-11.jsonld":    {},
	"ob-3.0.3-2024-03.jsonld":    {editions: []string{specification + "context-3.0.3.json"}, copies: []string{website + "context-3.0.3.json"}},
	"ob-3.0.2.jsonld":            {editions: []string{specification + "context-3.0.2.json", validator + "ob-v3p0-3.0.2.json"}, copies: []string{website + "context-3.0.2.json"}},
	"ob-3.0.1.jsonld":            {editions: []string{specification + "context-3.0.1.json", validator + "ob-v3p0-3.0.1.json"}, copies: []string{website + "context-3.0.1.json"}},
	"ob-3.0.0.jsonld":            {editions: []string{specification + "context.json"}, copies: []string{website + "context.json", validator + "ob-v3p0.json"}},
	"ob-extensions.jsonld":       {editions: []string{validator + "ob-v3p0-extensions.json"}},
	"ob-2.0.jsonld":              {editions: []string{validator + "ob-v2p0.json"}, copies: []string{validator + "obv2x.jsonld"}},
	"clr-2.0.1.jsonld":           {editions: []string{validator + "clr-v2p0-2.0.1.json"}},
	"clr-2.0.0.jsonld":           {editions: []string{validator + "clr-v2p0.json"}},
	"data-integrity-v2.jsonld":   {editions: []string{w3c + "di/data-integrity/v2"}},
	"data-integrity-v1.jsonld":   {editions: []string{w3c + "di/data-integrity/v1"}, copies: []string{validator + "data-integrity-v1.jsonld"}},
	"multikey-v1.jsonld":         {editions: []string{w3c + "di/multikey/v1"}},
	"jwk-v1.jsonld":              {editions: []string{w3c + "di/jwk/v1"}},
	"ed25519-2020-v1.jsonld":     {editions: []string{w3c + "npm/ed25519-signature-2020-v1.jsonld"}, copies: []string{validator + "security-suites-ed25519-2020-v1.jsonld", validator + "suites-ed25519-2020.jsonld"}},
	"jws-2020-v1.jsonld":         {editions: []string{w3c + "npm/jws-2020-v1.UNOFFICIAL-COPY.jsonld"}, copies: []string{validator + "suites-jws-2020.jsonld"}},
	"security-v2.jsonld":         {editions: []string{validator + "security-v2.jsonld"}},
	"security-v1.jsonld":         {editions: []string{w3c + "credentials/security/v1"}, copies: []string{validator + "security-v1.jsonld"}},
	"did-v1.jsonld":              {editions: []string{w3c + "npm/did-v1.jsonld"}, copies: []string{validator + "did-v1.jsonld"}},
	"cid-v1.jsonld":              {editions: []string{w3c + "cid/v1.jsonld"}},
	"status-v1.jsonld":           {editions: []string{w3c + "bitstring/v1.jsonld"}},
	"status-list-2021-v1.jsonld": {editions: []string{w3c + "bitstring/2021/v1.jsonld"}},

	"conformance/credentials-examples-v2.jsonld": {editions: []string{w3c + "credentials/examples/v2"}},
	"conformance/credentials-examples-v1.jsonld": {editions: []string{w3c + "credentials/examples/v1"}, copies: []string{validator + "2018-credentials-examples-v1.jsonld"}},
	"conformance/odrl.jsonld":                    {editions: []string{validator + "odrl.jsonld"}},
	"conformance/citizenship-v4rc1.jsonld":       {editions: []string{w3c + "citizenship/v4rc1.jsonld"}},
	"conformance/vdl-v1.jsonld":                  {editions: []string{w3c + "npm/vdl-v1.jsonld"}},
}

func TestDocumentsSayWhatIsPublished(t *testing.T) {
	for _, e := range slices.Concat(embedded, conformance) {
		t.Run(e.file, func(t *testing.T) {
			reference, ok := references[e.file]
			if !ok {
				t.Fatal("no reference copy is named for this document")
			}
			ours := decode(t, embeddedFile(t, e.file))
			var editions []edition
			for _, path := range reference.editions {
				data := testdata.Read(t, path)
				editions = append(editions, editionOf(data))
				if diff := cmp.Diff(decode(t, data), ours); diff != "" {
					t.Errorf("%s (-published +ours):\n%s", path, diff)
				}
			}
			for _, path := range reference.copies {
				if diff := cmp.Diff(decode(t, testdata.Read(t, path)), ours); diff != "" {
					t.Errorf("%s (-copy +ours):\n%s", path, diff)
				}
			}
			if e.revision == "2025-11" {
				data := november2025(t)
				editions = append(editions, editionOf(data))
				if diff := cmp.Diff(decode(t, data), ours); diff != "" {
					t.Errorf("reconstructed (-published +ours):\n%s", diff)
				}
			}
			if diff := cmp.Diff(editions, e.editions, cmp.AllowUnexported(edition{})); diff != "" {
				t.Errorf("digests of the editions (-held +table):\n%s", diff)
			}
		})
	}
}

// november2025 cuts endorsementJwt out of the text of June 2026, byte for byte.
// That the result has the hash recorded for November 2025 shows that it is the
// text of then.
func november2025(t *testing.T) []byte {
	t.Helper()
	data := testdata.Read(t, validator+"ob-v3p0-3.0.3.json")
	cut := regexp.MustCompile(`(?m)^    "endorsementJwt": \{\n[^}]*\},\n`)
	if n := len(cut.FindAll(data, -1)); n != 1 {
		t.Fatalf("endorsementJwt is defined %d times", n)
	}
	data = cut.ReplaceAll(data, nil)
	if got := hashOf(data); got != "01d87cc8b5357af557bfb09428f603c4691c49ef8a6089945a70bda1b96b1db2" {
		t.Fatalf("the reconstructed text has SHA-256 %s", got)
	}
	return data
}

func embeddedFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(files, "documents/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode reads JSON into values that compare equal when they mean the same,
// whatever the order of members. Repeated members fail.
func decode(t *testing.T, data []byte) any {
	t.Helper()
	if err := checkJSON(data); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func editionOf(data []byte) edition {
	s256, s384, s512 := sha256.Sum256(data), sha512.Sum384(data), sha512.Sum512(data)
	return edition{
		sha256: hex.EncodeToString(s256[:]),
		sha384: hex.EncodeToString(s384[:]),
		sha512: hex.EncodeToString(s512[:]),
	}
}

// TestSourcesFileAgreesWithTheTable keeps SOURCES.md true: one row for each
// document, in the order of the table, and no hash or file that is not there.
func TestSourcesFileAgreesWithTheTable(t *testing.T) {
	data, err := os.ReadFile("SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "| http") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 7 {
			t.Fatalf("a row of %d cells: %s", len(cells), line)
		}
		if cells[3] == "" || cells[4] == "" {
			t.Errorf("no source or licence: %s", line)
		}
		got = append(got, slices.Delete(cells, 3, 5))
	}

	var want [][]string
	hashes := map[string]bool{}
	for _, e := range slices.Concat(embedded, conformance) {
		revision := e.revision
		if revision == "" {
			revision = "–"
		}
		hashes[e.sha256] = true
		var published []string
		for _, edition := range e.editions {
			hashes[edition.sha256] = true
			if edition.sha256 == e.sha256 {
				published = append(published, "same")
			} else {
				published = append(published, "`"+edition.sha256+"`")
			}
		}
		want = append(want, []string{
			strings.Join(append([]string{e.url}, e.aliases...), "<br>"),
			revision, "`" + e.file + "`", "`" + e.sha256 + "`", strings.Join(published, "<br>"),
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SOURCES.md (-table +file):\n%s", diff)
	}
	for _, hash := range regexp.MustCompile(`[0-9a-f]{64}`).FindAllString(string(data), -1) {
		if !hashes[hash] {
			t.Errorf("SOURCES.md has a hash that the table has not: %s", hash)
		}
	}
}

// TestEveryLicenceIsStated finds each document that is under a licence with
// conditions in LICENSES.md; W3C's are named there by URL.
func TestEveryLicenceIsStated(t *testing.T) {
	licences, err := os.ReadFile("LICENSES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Concat(embedded, conformance) {
		if !bytes.Contains(licences, []byte("`"+e.file+"`")) && !bytes.Contains(licences, []byte(e.url)) {
			t.Errorf("LICENSES.md does not name %s", e.file)
		}
	}
}
