package conformance

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"testing"

	"github.com/mr-tron/base58"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
	"laurel/did"
)

// signer makes proofs of eddsa-jcs-2022 with any members, also those that a
// good implementation would not make.
type signer struct {
	key    ed25519.PrivateKey
	did    string
	method string
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	multikey, err := did.EncodeMultikey(public)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{private, "did:key:" + multikey, "did:key:" + multikey + "#" + multikey}
}

// sign adds a proof, with members set or removed, over the document as it is.
func (s *signer) sign(t *testing.T, document, members object) object {
	t.Helper()
	proof := with(t, object{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2024-02-03T04:05:06Z",
		"verificationMethod": s.method, "proofPurpose": "assertionMethod",
	}, members)
	if context, ok := document["@context"]; ok {
		proof["@context"] = context
	}
	proofHash, documentHash := hashOf(t, proof), hashOf(t, document)
	signature := ed25519.Sign(s.key, append(proofHash[:], documentHash[:]...))
	proof["proofValue"] = "z" + base58.Encode(signature)
	return with(t, document, object{"proof": proof})
}

func hashOf(t *testing.T, value object) [sha256.Size]byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := strictjson.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(jcs.Append(nil, parsed.Root()))
}

// credential is a signed credential, changed before it is signed.
func (s *signer) credential(t *testing.T, change object) object {
	t.Helper()
	return s.sign(t, with(t, minimal(s.did), change), nil)
}

// present signs a presentation.
func (s *signer) present(t *testing.T, presentation object) object {
	t.Helper()
	return s.sign(t, presentation, object{"proofPurpose": "authentication"})
}
