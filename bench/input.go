package main

import (
	"bytes"
	"crypto/ed25519"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mr-tron/base58"

	"laurel/did"
)

//go:embed testdata/credential.json testdata/key.json
var own embed.FS

// input is what everybody signs and verifies, and with which key.
type input struct {
	// source says where it comes from, for the report.
	source   string
	document []byte // minified, without a proof
	// canonical is the canonical form that the document must have; nil when
	// nobody has told us.
	canonical []byte
	key       key
}

// key is an Ed25519 key as a did:key.
type key struct {
	private ed25519.PrivateKey
	// multibase is the public key as a Multikey, DID and method what is named
	// after it.
	multibase, did, method string
	// created is written into every proof.
	created time.Time
}

func (k key) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// secret is the private key as a Multikey.
func (k key) secret() string {
	return "z" + base58.Encode(append([]byte{0x80, 0x26}, k.private...))
}

// readKey reads a seed and a time from JSON.
func readKey(data []byte) (key, error) {
	var stored struct {
		Seed    string    `json:"seedHex"`
		Created time.Time `json:"created"`
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return key{}, fmt.Errorf("reading the key: %w", err)
	}
	seed, err := hex.DecodeString(stored.Seed)
	if err != nil || len(seed) != ed25519.SeedSize {
		return key{}, fmt.Errorf("reading the key: the seed is not %d bytes in hexadecimal", ed25519.SeedSize)
	}
	k := key{private: ed25519.NewKeyFromSeed(seed), created: stored.Created}
	if k.multibase, err = did.EncodeMultikey(k.public()); err != nil {
		return key{}, fmt.Errorf("reading the key: %w", err)
	}
	k.did = "did:key:" + k.multibase
	k.method = k.did + "#" + k.multibase
	return k, nil
}

// judged is the time at which everything is verified: within the validity of
// both inputs, so that the measurement does not end with it.
var judged = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return judged }

// loadInput reads the shared input, or ours, which has the same shape, on a
// machine that does not have it. root is the folder of the repository.
func loadInput(root string) (input, error) {
	shared := os.Getenv("LAUREL_SHARED")
	if shared == "" {
		shared = filepath.Join(root, "..", "shared", "data")
	}
	document, err := os.ReadFile(filepath.Join(shared, "bench", "credential.json"))
	if err != nil {
		return ownInput()
	}
	secret, err := os.ReadFile(filepath.Join(shared, "bench", "key.json"))
	if err != nil {
		return input{}, fmt.Errorf("reading the shared key: %w", err)
	}
	canonical, err := os.ReadFile(filepath.Join(shared, "bench", "canon.nq"))
	if err != nil {
		return input{}, fmt.Errorf("reading the shared canonical form: %w", err)
	}
	return newInput("the shared credential", document, secret, canonical)
}

func ownInput() (input, error) {
	document, err := own.ReadFile("testdata/credential.json")
	if err != nil {
		return input{}, err
	}
	secret, err := own.ReadFile("testdata/key.json")
	if err != nil {
		return input{}, err
	}
	return newInput("our own credential of the same shape (the shared one is not beside the repository)", document, secret, nil)
}

func newInput(source string, document, secret, canonical []byte) (input, error) {
	in := input{source: source, canonical: canonical}
	var minified bytes.Buffer
	if err := json.Compact(&minified, document); err != nil {
		return in, fmt.Errorf("reading the credential: %w", err)
	}
	in.document = minified.Bytes()
	var err error
	in.key, err = readKey(secret)
	return in, err
}
