package didwebvh

import (
	"fmt"
	"strings"

	"laurel/did"
	"laurel/did/didweb"
)

// logURL splits a did:webvh DID into its self-certifying identifier and the https URL of its log. What follows the identifier
// obeys every rule of did:web (didweb.DocumentURL).
func logURL(d did.DID) (scid, url string, err error) {
	if d.Method != "webvh" {
		return "", "", fmt.Errorf("%w: %.32q", did.ErrMethodNotSupported, d.Method)
	}
	scid, place, ok := strings.Cut(d.ID, ":")
	if !ok || !isDigest(scid) {
		return "", "", fmt.Errorf("%w: did:webvh without a self-certifying identifier", did.ErrInvalidDID)
	}
	url, err = didweb.DocumentURL(did.DID{Method: "web", ID: place})
	if err != nil {
		return "", "", err
	}
	return scid, strings.TrimSuffix(url, "did.json") + "did.jsonl", nil
}

func witnessURL(logURL string) string {
	return strings.TrimSuffix(logURL, "did.jsonl") + "did-witness.json"
}
