package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laurel/credential/jose"
	"laurel/internal/testdata"
)

var update = flag.Bool("update", false, "write testdata/verdicts.tsv anew")

const verdictsFile = "testdata/verdicts.tsv"

// listSample is the status list among the samples, and where the badges on it
// look for it.
const (
	listSample    = "ob30/bit-string-list/testlist"
	listSampleURL = "https://raw.githubusercontent.com/1EdTech/digital-credentials-public-validator/refs/heads/main/inspector-vc/src/test/resources/ob30/bit-string-list/testlist"
)

// samples are the published examples by a short name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for short, long := range map[string][]string{
		"ob30/":    {"openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources", "ob30"},
		"clr20/":   {"openbadges", "1EdTech+digital-credentials-public-validator", "inspector-clr", "src", "test", "resources", "clr20"},
		"ob20/":    {"openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources", "ob20"},
		"vectors/": {"openbadges", "derived", "vectors"}, "examples/": {"openbadges", "derived", "examples"},
	} {
		root := testdata.Shared(t, long...)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if short == "ob20/" && strings.Contains(filepath.ToSlash(name), "/") {
				return nil // parts of badges; see serveOlder
			}
			all[short+filepath.ToSlash(name)], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// serveIssuer makes the issuer of a sample publish the keys that its proofs
// name. The samples put the key into the fragment, where the verifier must not
// take it from.
func (l *lab) serveIssuer(sample []byte) {
	l.Helper()
	if in, err := read(sample); err == nil {
		text := in.text
		if in.baked != nil {
			sample, text = in.baked.Credential, in.baked.Credential
		}
		if isCompactJWS(text) {
			l.serveKeySet(text)
			return
		}
	}
	var c struct {
		Issuer any
		Proof  any
	}
	if json.Unmarshal(sample, &c) != nil {
		return
	}
	id, _ := c.Issuer.(string)
	if profile, ok := c.Issuer.(object); ok {
		id, _ = profile["id"].(string)
	}
	keys := make(map[string]string)
	proofs, ok := c.Proof.([]any)
	if !ok {
		proofs = []any{c.Proof}
	}
	for _, proof := range proofs {
		proof, _ := proof.(object)
		method, _ := proof["verificationMethod"].(string)
		base, fragment, _ := strings.Cut(method, "#")
		if base == id && strings.HasPrefix(fragment, "z6Mk") {
			keys[method] = fragment
		}
	}
	if len(keys) > 0 {
		l.serve(id, controllerDocument(id, keys))
	}
}

// serveKeySet makes the host of a token's issuer list the key that the token
// brings.
func (l *lab) serveKeySet(text []byte) {
	l.Helper()
	token, err := jose.OpenCredential(text, jose.Options{})
	if err != nil || token.JWS.Header.Key == nil {
		return
	}
	var c struct{ Issuer object }
	if err := json.Unmarshal(token.Document, &c); err != nil {
		l.Fatal(err)
	}
	id, _ := c.Issuer["id"].(string)
	data, err := jose.MarshalJWKSet([]jose.JWK{{Key: token.JWS.Header.Key, Issuer: id}})
	if err != nil {
		l.Fatal(err)
	}
	l.world.documents["https://"+domainOf(id)+"/.well-known/jwks.json"] = data
}

// serveOlder serves what the Open Badges 2.0 samples refer to, and the sample
// itself.
func (l *lab) serveOlder(sample []byte) {
	l.Helper()
	assets, err := filepath.Glob(filepath.Join(testdata.Shared(l, "openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources", "ob20", "assets"), "*.json"))
	if err != nil {
		l.Fatal(err)
	}
	for _, path := range assets {
		data, err := os.ReadFile(path)
		if err != nil {
			l.Fatal(err)
		}
		l.serveByID(data, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	if in, err := read(sample); err == nil && in.baked != nil {
		sample = in.baked.Credential
	}
	l.serveByID(sample, "")
}

// serveByID serves a document at the address that is its id, over TLS. Of several with the
// same the one counts whose name that address ends in, or has none.
func (l *lab) serveByID(data []byte, name string) {
	var o object
	if json.Unmarshal(data, &o) != nil {
		return
	}
	id, _ := o["id"].(string)
	id = strings.Replace(id, "http://", "https://", 1) // nobody is asked for it without TLS
	if l.world.documents[id] == nil || strings.Contains(id, "/"+name) {
		l.world.documents[id] = data
	}
}

// TestSamples compares the verdict on every published sample with the table:
// with nothing in reach, and with the sample's own issuer and status list in
// reach.
func TestSamples(t *testing.T) {
	all := samples(t)
	var got bytes.Buffer
	fmt.Fprintln(&got, "# sample\tverdict and decisive check with nothing in reach\tthe same with the issuer and its status list in reach")
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		cut, reached := newLab(t), newLab(t)
		cut.world.cut = true
		reached.serveIssuer(all[name])
		if strings.HasPrefix(name, "ob20/") {
			reached.serveOlder(all[name])
		}
		reached.world.documents[listSampleURL] = all[listSample]
		fmt.Fprintf(&got, "%s\t%s\t%s\n", name, cut.judge(name, all[name]), reached.judge(name, all[name]))
	}
	if *update {
		if err := os.WriteFile(verdictsFile, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile(verdictsFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(table), "\n")
	for _, line := range strings.Split(got.String(), "\n") {
		if !slices.Contains(want, line) {
			t.Errorf("not in the table: %s", line)
		}
	}
	if len(want) != len(all)+2 {
		t.Errorf("the table has %d lines for %d samples", len(want), len(all))
	}
}

// judge verifies a sample and checks what must hold of every report.
func (l *lab) judge(name string, data []byte) string {
	l.Helper()
	report, err := New(l.config).Verify(context.Background(), data, Expect{})
	if err != nil {
		return "not readable"
	}
	check, ok := report.Decisive()
	if !ok {
		l.Errorf("%s: %s for no reason\n%s", name, report.Verdict, describe(report))
	}
	if l.world.cut && (report.Verdict == VerdictValid || report.Credential != nil) {
		l.Errorf("%s: %s with nothing in reach", name, report.Verdict)
	}
	return fmt.Sprintf("%s %s", report.Verdict, check.Code)
}
