package didwebvh

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/mr-tron/base58"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
	"laurel/did"
)

// digestLength is the length of a SHA-256 multihash in base58.
const digestLength = 46

// digestOf is the SHA-256 multihash of data in base58.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return base58.Encode(append([]byte{0x12, sha256.Size}, sum[:]...))
}

// isDigest reports whether text is what digestOf could give.
func isDigest(text string) bool {
	if len(text) != digestLength {
		return false
	}
	raw, err := base58.Decode(text)
	return err == nil && len(raw) == 2+sha256.Size && raw[0] == 0x12 && raw[1] == sha256.Size
}

// keyring remembers the keys of a log: each is checked once, which costs about as much as a signature.
type keyring map[string]ed25519.PublicKey

// get decodes a Multikey, nil when it is no Ed25519 key that may be trusted.
func (k keyring) get(multikey string) ed25519.PublicKey {
	key, ok := k[multikey]
	if !ok {
		decoded, _ := did.DecodeMultikey(multikey)
		key, _ = decoded.(ed25519.PublicKey)
		k[multikey] = key
	}
	return key
}

// prove checks that every proof of an entry is good and by one of the authorized keys, and that there is one.
func (r reader) prove(members entryMembers, authorized []string) error {
	count := 0
	digest := sha256.Sum256(members.canonical(members.get("versionId").Text()))
	for proof := range members.get("proof").OneOrMany() {
		if count++; count > maxProofs {
			return fault(FaultSize, "more than %d proofs", maxProofs)
		}
		p, ok := parseProof(proof)
		switch {
		case !ok:
			return fault(FaultProof, "not a proof of the kind that signs entries")
		case !slices.Contains(authorized, p.key):
			return fault(FaultProof, "by a key without authority")
		case !r.keys.verify(p, digest):
			return fault(FaultProof, "signature is not the key's")
		}
	}
	if count == 0 {
		return fault(FaultProof, "none")
	}
	return nil
}

// proof is a proof by the cryptosuite eddsa-jcs-2022 with a did:key.
type proof struct {
	key       string   // as a Multikey
	options   [32]byte // digest of all but the signature
	signature []byte
}

// proofMembers are what a proof may say. Others would be signed, but not understood.
var proofMembers = []string{"id", "type", "cryptosuite", "verificationMethod", "created", "proofPurpose", "proofValue"}

// parseProof reads a proof (VC-DI-EDDSA 1.0 §3.3). The method's fragment must repeat the key, as that of every did:key does:
// otherwise two readers might take two keys.
func parseProof(v strictjson.Value) (proof, bool) {
	if v.Kind() != strictjson.Object {
		return proof{}, false
	}
	options := map[string][]byte{}
	for name, value := range v.Members() {
		if !slices.Contains(proofMembers, name) || value.Kind() != strictjson.String {
			return proof{}, false
		}
		if name != "proofValue" {
			options[name] = jcs.Append(nil, value)
		}
	}
	for name, want := range map[string]string{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": string(did.AssertionMethod),
	} {
		if !v.Get(name).Is(want) {
			return proof{}, false
		}
	}
	if created, ok := v.Member("created"); ok {
		if _, err := parseTime(created.Text()); err != nil {
			return proof{}, false
		}
	}
	key, fragment, ok := strings.Cut(strings.TrimPrefix(v.Get("verificationMethod").Text(), "did:key:"), "#")
	if !ok || key != fragment || !strings.HasPrefix(v.Get("verificationMethod").Text(), "did:key:") {
		return proof{}, false
	}
	signature, ok := decodeSignature(v.Get("proofValue").Text())
	return proof{key: key, options: sha256.Sum256(canonicalObject(options)), signature: signature}, ok
}

func decodeSignature(text string) ([]byte, bool) {
	encoded, ok := strings.CutPrefix(text, "z")
	if !ok || len(encoded) > 2*ed25519.SignatureSize {
		return nil, false
	}
	signature, err := base58.Decode(encoded)
	return signature, err == nil && len(signature) == ed25519.SignatureSize && base58.Encode(signature) == encoded
}

func (k keyring) verify(p proof, digest [32]byte) bool {
	key := k.get(p.key)
	return key != nil && ed25519.Verify(key, append(p.options[:], digest[:]...), p.signature)
}
