package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"laurel/storage"
)

// Checkpoint is a statement of where every chain ended at some time.
//
// Its signed form is a note (https://c2sp.org/signed-note) of the text
//
//	laurel audit checkpoint 1
//	installation <id of the store>
//	number <count of checkpoints, from 1>
//	time <RFC 3339, UTC>
//	chain <tenant, or - for the installation> <sequence of the last entry> <its hash, base64>
//
// with one line for each chain, an empty line, and one Ed25519 signature whose
// key's name is "laurel-audit-" and the id of the store.
type Checkpoint struct {
	Installation string
	Number       uint64
	Time         time.Time
	Chains       []storage.ChainHead
}

const checkpointHeader = "laurel audit checkpoint 1\n"

var (
	errTorn   = errors.New("not a whole note")
	errForged = errors.New("signature does not hold")
)

func (c Checkpoint) text() string {
	var b strings.Builder
	b.WriteString(checkpointHeader)
	fmt.Fprintf(&b, "installation %s\nnumber %d\ntime %s\n", c.Installation, c.Number, c.Time.UTC().Format(time.RFC3339))
	for _, head := range c.Chains {
		fmt.Fprintf(&b, "chain %s %d %s\n", chainName(head.Tenant), head.Sequence, base64.StdEncoding.EncodeToString(head.Hash[:]))
	}
	return b.String()
}

// chainName is a chain as it is written; no tenant has the name "-".
func chainName(tenant string) string {
	if tenant == "" {
		return "-"
	}
	return tenant
}

// signer signs notes and checks its own signatures.
type signer struct {
	name string
	key  ed25519.PrivateKey
}

func (s signer) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// id is the key's id: the beginning of a hash of its name, kind and value.
func (s signer) id() []byte {
	sum := sha256.Sum256(append([]byte(s.name+"\n\x01"), s.public()...))
	return sum[:4]
}

// verificationKey is the key as those write it who check notes with other tools.
func (s signer) verificationKey() string {
	return s.name + "+" + hex.EncodeToString(s.id()) + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, s.public()...))
}

func (s signer) sign(c Checkpoint) []byte {
	text := c.text()
	signature := append(s.id(), ed25519.Sign(s.key, []byte(text))...)
	return []byte(text + "\n— " + s.name + " " + base64.StdEncoding.EncodeToString(signature) + "\n")
}

// open reads a note that this key signed. It returns errTorn for what is not a
// whole note, and errForged for a whole one that is not this key's.
func (s signer) open(note []byte) (Checkpoint, error) {
	text, signatures, ok := cutSignature(note)
	if !ok {
		return Checkpoint{}, errTorn
	}
	failure := errTorn
	for line := range strings.SplitSeq(signatures, "\n") {
		name, encoded, ok := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if !ok || err != nil || len(signature) != 4+ed25519.SignatureSize {
			continue
		}
		if name == s.name && bytes.HasPrefix(signature, s.id()) && ed25519.Verify(s.public(), []byte(text), signature[4:]) {
			return parseText(text)
		}
		failure = errForged
	}
	return Checkpoint{}, failure
}

// cutSignature parts what is signed from the signatures.
func cutSignature(note []byte) (text, signatures string, ok bool) {
	text, signatures, ok = strings.Cut(strings.TrimRight(string(note), "\n"), "\n\n")
	return text + "\n", signatures, ok
}

// parseText reads exactly what text writes.
func parseText(text string) (Checkpoint, error) {
	malformed := errors.New("reading checkpoint: malformed")
	rest, ok := strings.CutPrefix(text, checkpointHeader)
	if !ok {
		return Checkpoint{}, malformed
	}
	var c Checkpoint
	for line := range strings.SplitSeq(strings.TrimSuffix(rest, "\n"), "\n") {
		fields := strings.Split(line, " ")
		var err error
		switch {
		case len(fields) == 2 && fields[0] == "installation":
			c.Installation = fields[1]
		case len(fields) == 2 && fields[0] == "number":
			c.Number, err = strconv.ParseUint(fields[1], 10, 64)
		case len(fields) == 2 && fields[0] == "time":
			c.Time, err = time.Parse(time.RFC3339, fields[1])
		case len(fields) == 4 && fields[0] == "chain":
			var head storage.ChainHead
			head, err = parseHead(fields[1:])
			c.Chains = append(c.Chains, head)
		default:
			err = malformed
		}
		if err != nil {
			return Checkpoint{}, malformed
		}
	}
	if c.text() != text {
		return Checkpoint{}, malformed
	}
	return c, nil
}

func parseHead(fields []string) (storage.ChainHead, error) {
	head := storage.ChainHead{Tenant: fields[0]}
	if head.Tenant == "-" {
		head.Tenant = ""
	}
	hash, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil || copy(head.Hash[:], hash) != len(head.Hash) {
		return head, errors.New("malformed hash")
	}
	head.Sequence, err = strconv.ParseUint(fields[1], 10, 64)
	return head, err
}

// notes takes a file of notes apart: each begins with the header and ends where
// the next one does. What a crash left of one that was being written stands on
// its own.
func notes(file []byte) [][]byte {
	var all [][]byte
	header := []byte(checkpointHeader)
	for start := bytes.Index(file, header); start >= 0; {
		file = file[start:]
		end := len(file)
		if start = bytes.Index(file[len(header):], header); start >= 0 {
			start += len(header)
			end = start
		}
		all = append(all, file[:end])
	}
	return all
}
