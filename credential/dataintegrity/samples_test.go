package dataintegrity

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// sample is a published badge whose eddsa-rdfc-2022 proof is good.
type sample struct {
	name  string
	proof int // the one to verify
}

var samples = []sample{
	{name: "inspector-vc/ob30/simple.json"},
	{name: "inspector-vc/ob30/simple.1ob"},
	{name: "inspector-vc/ob30/simple-context-alias.json"},
	{name: "inspector-vc/ob30/simple-context-version.json"},
	{name: "inspector-vc/ob30/simple-did-key-method.json"},
	{name: "inspector-vc/ob30/simple-did-web-method.json"},
	{name: "inspector-vc/ob30/simple-multiple-proofs.json", proof: 1},
	{name: "inspector-vc/ob30/simple-err-expired.json"},
	{name: "inspector-vc/ob30/simple-err-issued.json"},
	{name: "inspector-vc/ob30/simple-err-issuer.json"},
	{name: "inspector-vc/ob30/endorsement-valid.json"},
	{name: "inspector-vc/ob30/complete.json"},
	{name: "inspector-vc/ob30/bit-string-list/testlist"},
	{name: "inspector-vc/ob30/bit-string-list/credential-status-revoked.json"},
	{name: "inspector-vc/ob30/bit-string-list/credential-status-revoked-blank-nodes.json"},
	{name: "derived/eddsa-rdfc-2022-ob3-signed.json"},
	{name: "derived/eddsa-rdfc-2022-clr2-signed.json"},
}

func (s sample) read(t testing.TB) []byte {
	t.Helper()
	part, rest, _ := strings.Cut(s.name, "/")
	if part == "derived" {
		return testdata.Read(t, "openbadges", "derived", "vectors", rest)
	}
	folder := testdata.Shared(t, "openbadges", "1EdTech+digital-credentials-public-validator", part, "src", "test", "resources")
	data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(rest)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// check verifies the sample's proof in data, which may be a changed copy, with
// the key of the original.
func (s sample) check(suites *Suites, data []byte, original Proof, key any) error {
	document, err := strictjson.Parse(data)
	if err != nil {
		return err
	}
	proofs, err := Proofs(document.Root())
	if err != nil {
		return err
	}
	if len(proofs) <= s.proof {
		return errors.New("the proof is gone")
	}
	_, err = suites.Verify(ctx, document.Root(), proofs[s.proof], key, Expect{Now: now})
	return err
}

func (s sample) key(t testing.TB, proof Proof) any {
	t.Helper()
	if !strings.Contains(proof.VerificationMethod, "#") {
		proof.VerificationMethod = strings.Replace(proof.VerificationMethod, "did:key:", "#", 1)
	}
	return keyOf(t, proof)
}

// sampled is how many copies there are to each that is tried under the race
// detector, which has nothing to find in the others.
const sampled = 20

func TestSamples(t *testing.T) {
	suites := closed(t)
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			data := s.read(t)
			proofs, err := Proofs(parse(t, data))
			if err != nil {
				t.Fatal(err)
			}
			key := s.key(t, proofs[s.proof])
			if err := s.check(suites, data, proofs[s.proof], key); err != nil {
				t.Fatal(err)
			}
			copies, root := 0, parse(t, data)
			for i, c := range changedCopies(root) {
				if raceEnabled && i%sampled != 0 || s.outside(root, c) {
					continue
				}
				copies++
				if s.check(suites, c.data, proofs[s.proof], key) == nil {
					t.Errorf("%s at %s: the copy verifies", c.kind, c.path)
				}
			}
			t.Logf("%d changed copies are refused", copies)
		})
	}
}

// outside reports whether a change is to what the proof does not speak about:
// to another proof, or a deletion of what the badge says a second time about
// the same identifier, which it still says.
func (s sample) outside(root strictjson.Value, c changedCopy) bool {
	if s.proof == 1 && strings.HasPrefix(c.path, "/proof/0") {
		return true
	}
	return c.kind == deleted && saidElsewhere(root, c.path)
}

// saidElsewhere reports whether another object with the identifier of the one
// that holds the member at path has the same member.
func saidElsewhere(root strictjson.Value, path string) bool {
	cut := strings.LastIndexByte(path, '/')
	var holders []strictjson.Value
	var visit func(v strictjson.Value)
	visit = func(v strictjson.Value) {
		for element := range v.Elements() {
			visit(element)
		}
		for _, member := range v.Members() {
			visit(member)
		}
		if v.Get("id").Exists() {
			holders = append(holders, v)
		}
	}
	visit(root)
	at := slices.IndexFunc(holders, func(v strictjson.Value) bool { return v.Pointer() == path[:cut] })
	if at < 0 {
		return false
	}
	id, member := holders[at].Get("id").Text(), holders[at].Get(path[cut+1:])
	return slices.ContainsFunc(holders, func(v strictjson.Value) bool {
		return v.Get("id").Is(id) && v != holders[at] && says(v, path[cut+1:], member)
	})
}

// says reports whether an object has a member with this value. A reference
// equals the object with its identifier, whose own members are compared apart.
func says(v strictjson.Value, name string, value strictjson.Value) bool {
	text := func(v strictjson.Value) string {
		var parts []string
		for item := range v.OneOrMany() {
			if id := item.Get("id"); id.Exists() {
				item = id
			}
			parts = append(parts, string(item.Raw()))
		}
		return strings.Join(parts, ",")
	}
	other := v.Get(name)
	return other.Exists() && text(other) == text(value)
}

// changedCopy is a document with one change.
type changedCopy struct {
	kind, path string
	data       []byte
}

const (
	changed = "changed"
	deleted = "deleted"
	renamed = "renamed"
)

// changedCopies makes a copy for each scalar, changed in the smallest way, and
// two for each member: without it, and under another name.
func changedCopies(root strictjson.Value) []changedCopy {
	var copies []changedCopy
	replace := func(kind string, at strictjson.Value, start, end int, with string) {
		whole := root.Document().Bytes()
		data := slices.Concat(whole[:start], []byte(with), whole[end:])
		copies = append(copies, changedCopy{kind, at.Pointer(), data})
	}
	var visit func(v strictjson.Value)
	visit = func(v strictjson.Value) {
		if with := changedScalar(v); with != "" {
			replace(changed, v, v.Start(), v.End(), with)
		}
		for element := range v.Elements() {
			visit(element)
		}
		for key, member := range v.Fields() {
			visit(member)
			name := string(key.Raw())
			replace(renamed, member, key.Start(), key.End(), name[:len(name)-1]+`x"`)
			start, end := key.Start(), member.End()
			if before := bytes.TrimRight(root.Document().Bytes()[:start], " \t\r\n"); before[len(before)-1] == ',' {
				start = len(before) - 1
			} else if rest := root.Document().Bytes()[end:]; bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(",")) {
				end += bytes.IndexByte(rest, ',') + 1
			}
			replace(deleted, member, start, end, "")
		}
	}
	visit(root)
	return copies
}

// changedScalar returns another JSON text for a scalar, "" for anything else.
func changedScalar(v strictjson.Value) string {
	switch v.Kind() {
	case strictjson.String:
		text := v.Text()
		if text == "" {
			return `"x"`
		}
		last := "a"
		if strings.HasSuffix(text, "a") {
			last = "b"
		}
		return strconv.Quote(text[:len(text)-1] + last)
	case strictjson.Number:
		return strconv.FormatFloat(v.Float()+1, 'f', -1, 64)
	case strictjson.Bool:
		return strconv.FormatBool(!v.Bool())
	}
	return ""
}
