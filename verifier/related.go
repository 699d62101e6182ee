package verifier

import (
	"crypto"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/mr-tron/base58"

	"laurel/contexts"
	"laurel/credential/strictjson"
)

// digest is the fingerprint of a related resource.
type digest struct {
	algorithm crypto.Hash // 0 when not known here
	sum       []byte
}

// relatedResources compares the digests of related resources (VC Data Model 2.0
// §5.3) with the published editions of the contexts that are known here.
// Nothing else is looked at, because nothing is fetched for it.
func (e *examination) relatedResources() {
	resources, given := e.credential.Value().Member("relatedResource")
	if !given {
		return
	}
	right, unchecked := 0, 0
	for resource := range resources.OneOrMany() {
		compared, err := e.relatedResource(resource)
		switch {
		case err != nil:
			e.add(CodeRelatedResource, Failed, resource.Pointer(), map[string]string{"id": resource.Get("id").Text()})
		case compared:
			right++
		default:
			unchecked++
		}
	}
	path := resources.Pointer()
	if right > 0 {
		e.add(CodeRelatedResource, Passed, path, map[string]string{"count": strconv.Itoa(right)})
	}
	if unchecked > 0 {
		e.add(CodeRelatedResource, Skipped, path, map[string]string{"count": strconv.Itoa(unchecked)})
	}
}

// relatedResource compares every digest of a resource that can be compared.
func (e *examination) relatedResource(resource strictjson.Value) (compared bool, err error) {
	if _, err := e.config.Contexts.Revisions(resource.Get("id").Text()); err != nil {
		return false, nil
	}
	return CheckRelatedResource(e.config.Contexts, resource)
}

// CheckRelatedResource compares the digests of one entry of relatedResource (VC
// Data Model 2.0 §5.3) with the published editions of a context; compared is
// false when the resource is none of set and when no digest is of a hash that
// is known here. The error says that a digest is malformed or not that of any
// published edition.
func CheckRelatedResource(set *contexts.Set, resource strictjson.Value) (compared bool, err error) {
	digests, err := digestsOf(resource)
	if err != nil {
		return false, err
	}
	for _, d := range digests {
		_, err := set.Published(resource.Get("id").Text(), d.algorithm, d.sum)
		switch {
		case errors.Is(err, contexts.ErrAlgorithm), errors.Is(err, contexts.ErrUnknown):
		case err != nil:
			return false, err
		default:
			compared = true
		}
	}
	return compared, nil
}

var errDigest = errors.New("malformed digest")

// digestsOf reads digestSRI and digestMultibase of a resource.
func digestsOf(resource strictjson.Value) ([]digest, error) {
	var digests []digest
	for value := range resource.Get("digestSRI").OneOrMany() {
		for expression := range strings.FieldsSeq(value.Text()) {
			d, err := parseSRI(expression)
			if err != nil {
				return nil, err
			}
			digests = append(digests, d)
		}
	}
	for value := range resource.Get("digestMultibase").OneOrMany() {
		d, err := parseMultibase(value.Text())
		if err != nil {
			return nil, err
		}
		digests = append(digests, d)
	}
	return digests, nil
}

var sriAlgorithms = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// parseSRI reads one hash expression of Subresource Integrity, without the
// options that may follow it.
func parseSRI(expression string) (digest, error) {
	expression, _, _ = strings.Cut(expression, "?")
	name, encoded, ok := strings.Cut(expression, "-")
	if !ok {
		return digest{}, errDigest
	}
	if len(encoded)%4 == 1 {
		// The W3C suite writes base64 with the mark of multibase in front.
		encoded = strings.TrimPrefix(encoded, "M")
	}
	sum, err := base64.StdEncoding.DecodeString(encoded)
	algorithm := sriAlgorithms[name]
	if err != nil || algorithm != 0 && len(sum) != algorithm.Size() {
		return digest{}, errDigest
	}
	return digest{algorithm, sum}, nil
}

// multihashes are the codes of the hash functions of Controlled Identifiers 1.0
// §2.5.
var multihashes = map[byte]crypto.Hash{0x12: crypto.SHA256, 0x20: crypto.SHA384, 0x13: crypto.SHA512}

// parseMultibase reads a digest in base64url or base58btc: a multihash, or the
// bare hash value, which is in use as well and told by its length.
func parseMultibase(text string) (digest, error) {
	const most = 128 // characters; SHA-512 needs 91
	if len(text) < 2 || len(text) > most {
		return digest{}, errDigest
	}
	var raw []byte
	var err error
	switch text[0] {
	case 'u':
		raw, err = base64.RawURLEncoding.DecodeString(text[1:])
	case 'z':
		raw, err = base58.Decode(text[1:])
	default:
		return digest{}, errDigest
	}
	if err != nil {
		return digest{}, errDigest
	}
	switch len(raw) {
	case 32:
		return digest{crypto.SHA256, raw}, nil
	case 48:
		return digest{crypto.SHA384, raw}, nil
	case 64:
		return digest{crypto.SHA512, raw}, nil
	}
	if len(raw) > 2 && int(raw[1]) == len(raw)-2 {
		return digest{multihashes[raw[0]], raw[2:]}, nil
	}
	return digest{}, errDigest
}
