package didwebvh

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"laurel/did"
)

// object is a JSON object. Marshalled by encoding/json its names are sorted, which for ASCII is the canonical form: the tests
// make their logs without the code that they test.
type object = map[string]any

func canonicalJSON(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func multihash(data []byte) string {
	sum := sha256.Sum256(data)
	return base58.Encode(append([]byte{0x12, 0x20}, sum[:]...))
}

// testKey is a key pair made from a number.
type testKey struct {
	private  ed25519.PrivateKey
	multikey string
}

func makeKey(n byte) testKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	private := ed25519.NewKeyFromSeed(seed)
	return testKey{private, "z" + base58.Encode(append([]byte{0xed, 0x01}, private.Public().(ed25519.PublicKey)...))}
}

func (k testKey) did() string { return "did:key:" + k.multikey }

// options are those of a good proof.
func (k testKey) options() object {
	return object{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod",
		"created": "2025-01-01T00:00:00Z", "verificationMethod": k.did() + "#" + k.multikey,
	}
}

func (k testKey) sign(document object, options object) object {
	first, second := sha256.Sum256(canonicalJSON(options)), sha256.Sum256(canonicalJSON(document))
	proof := maps.Clone(options)
	proof["proofValue"] = "z" + base58.Encode(ed25519.Sign(k.private, append(first[:], second[:]...)))
	return proof
}

const host = "badges.example.org"

// step is one entry to be made. What is not given is that of a good log.
type step struct {
	parameters object
	state      func(scid string) object
	signer     byte // number of the key, 1 by default
	time       string
	before     func(entry object)   // spoils the entry before its digest and proof are made
	digest     func(string) string  // spoils the versionId
	options    func(options object) // spoils the proof's options before it is signed
	after      func(entry object)   // spoils the finished entry
}

func document(id string, more object) object {
	key := makeKey(100)
	d := object{
		"@context": []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"}, "id": id,
		"verificationMethod": []object{{"id": id + "#key-1", "type": "Multikey", "controller": id, "publicKeyMultibase": key.multikey}},
		"assertionMethod":    []string{id + "#key-1"},
	}
	maps.Copy(d, more)
	return d
}

// genesis are the parameters of a first entry whose only key is key 1.
func genesis(more object) object {
	p := object{"method": methodVersion, "scid": placeholder, "updateKeys": []string{makeKey(1).multikey}}
	maps.Copy(p, more)
	for name, value := range p {
		if value == nil {
			delete(p, name)
		}
	}
	return p
}

// log is a log that was made.
type log struct {
	scid       string
	lines      [][]byte
	versionIDs []string
}

func (l log) did() string   { return "did:webvh:" + l.scid + ":" + host }
func (l log) bytes() []byte { return append(bytes.Join(l.lines, []byte("\n")), '\n') }
func at(n int) string       { return fmt.Sprintf("2025-01-%02dT00:00:00Z", n) }
func day(n int) time.Time   { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }
func now() time.Time        { return day(20) }

// makeLog makes a log; entry n is of the nth of January 2025.
func makeLog(steps ...step) log {
	var l log
	for i, s := range steps {
		if s.parameters == nil {
			s.parameters = object{}
			if i == 0 {
				s.parameters = genesis(nil)
			}
		}
		if s.time == "" {
			s.time = at(i + 1)
		}
		if s.signer == 0 {
			s.signer = 1
		}
		scid := l.scid
		if i == 0 {
			scid = placeholder
		}
		entry := object{"versionTime": s.time, "parameters": s.parameters, "state": document("did:webvh:"+scid+":"+host, nil)}
		if s.state != nil {
			entry["state"] = s.state(scid)
		}
		if s.before != nil {
			s.before(entry)
		}
		if i == 0 {
			entry["versionId"] = placeholder
			text := canonicalJSON(entry)
			l.scid = multihash(text)
			clear(entry)
			if err := json.Unmarshal(bytes.ReplaceAll(text, []byte(placeholder), []byte(l.scid)), &entry); err != nil {
				panic(err)
			}
		} else {
			entry["versionId"] = l.versionIDs[i-1]
		}
		versionID := fmt.Sprintf("%d-%s", i+1, multihash(canonicalJSON(entry)))
		if s.digest != nil {
			versionID = s.digest(versionID)
		}
		entry["versionId"] = versionID
		key := makeKey(s.signer)
		options := key.options()
		if s.options != nil {
			s.options(options)
		}
		entry["proof"] = []any{key.sign(entry, options)}
		if s.after != nil {
			s.after(entry)
		}
		l.lines, l.versionIDs = append(l.lines, canonicalJSON(entry)), append(l.versionIDs, versionID)
	}
	return l
}

// approval is a record of the witnesses' file.
func approval(versionID string, keys ...byte) object {
	var proofs []any
	for _, n := range keys {
		key := makeKey(n)
		proofs = append(proofs, key.sign(object{"versionId": versionID}, key.options()))
	}
	return object{"versionId": versionID, "proof": proofs}
}

// source serves a log and a witnesses' file.
type source struct {
	log, witnesses       []byte
	logErr, witnessesErr error
	asked                []string
}

func (s *source) Fetch(_ context.Context, url, _ string) ([]byte, error) {
	s.asked = append(s.asked, url)
	if strings.HasSuffix(url, "/did-witness.json") {
		return s.witnesses, s.witnessesErr
	}
	return s.log, s.logErr
}

type statusError int

func (e statusError) Error() string   { return fmt.Sprint("status ", int(e)) }
func (e statusError) HTTPStatus() int { return int(e) }

func (s *source) resolver() *Resolver { return New(Config{Fetcher: s, Clock: now}) }

func mustParse(t testing.TB, text string) did.DID {
	t.Helper()
	d, err := did.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// checkFault checks that an error is the fault at the entry.
func checkFault(t *testing.T, err error, entry int, want Fault) {
	t.Helper()
	var found *LogError
	if !errors.As(err, &found) || found.Fault != want || found.Entry != entry || !errors.Is(err, did.ErrInvalidDocument) {
		t.Errorf("got %v, want entry %d: %s", err, entry, want)
	}
}
