package verifier

import (
	"crypto"
	"errors"
	"net/url"
	"strings"

	"laurel/did"
)

// methodKey finds the key that a proof names and makes sure that it is that of
// id, the issuer or holder: the document that the key belongs to is theirs, and
// lists it for the purpose. A key that names another document is refused before
// anything is fetched. The fragment is compared, never decoded.
func (s *session) methodKey(id, method string, relationship did.Relationship) (crypto.PublicKey, *finding) {
	base, _, _ := strings.Cut(method, "#")
	switch {
	case !strings.HasPrefix(method, "did:") && !strings.HasPrefix(method, "https://"):
		return nil, &finding{code: CodeKeyURLInvalid, outcome: Failed}
	case base != id:
		if _, err := did.ParseURL(method); err != nil && strings.HasPrefix(method, "did:") {
			return nil, &finding{code: CodeKeyURLInvalid, outcome: Failed}
		}
		return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
	}
	computed := relationship == did.AssertionMethod && isComputed(id)
	if computed {
		if public, ok := s.known.keys.get(method); ok {
			return public, nil
		}
	}
	document, err := s.controllerDocument(id)
	if err != nil {
		return nil, keyFault(err, CodeKeyUnresolvable)
	}
	found, err := document.Method(method, relationship)
	if err == nil {
		err = found.CheckTime(s.now)
	}
	if err != nil {
		return nil, keyFault(err, CodeKeyUnsupported)
	}
	if computed && found.Expires.IsZero() && found.Revoked.IsZero() {
		s.known.keys.put(method, found.PublicKey, costOfKey+len(method))
	}
	return found.PublicKey, nil
}

// costOfKey is about how much memory a key takes besides its name.
const costOfKey = 512

// keyFaults are the errors on the way to a key. The first that matches counts.
var keyFaults = []struct {
	err     error
	code    Code
	outcome Outcome
}{
	{did.ErrUnavailable, CodeKeyUnresolvable, Indeterminate},
	{did.ErrNotFound, CodeIssuerNotFound, Indeterminate},
	{did.ErrMethodNotSupported, CodeKeyMethodUnsupported, Indeterminate},
	{did.ErrDocumentID, CodeIssuerDocumentMismatch, Failed},
	{did.ErrInvalidVerificationMethodURL, CodeKeyURLInvalid, Failed},
	{did.ErrInvalidDIDURL, CodeKeyURLInvalid, Failed},
	{did.ErrInvalidDID, CodeKeyURLInvalid, Failed},
	{did.ErrInvalidDocument, CodeIssuerDocumentInvalid, Indeterminate},
	{did.ErrNotAuthorized, CodeKeyNotAuthorized, Failed},
	{did.ErrRevoked, CodeKeyRevoked, Failed},
	{did.ErrExpired, CodeKeyExpired, Failed},
	{did.ErrInvalidKey, CodeKeyInvalid, Failed},
	{did.ErrUnsupportedKey, CodeKeyUnsupported, Indeterminate},
	{did.ErrInvalidVerificationMethod, CodeKeyNotFound, Failed},
}

// keyFault is the finding for an error of package did or of a resolver; any
// other error leaves the matter open.
func keyFault(err error, otherwise Code) *finding {
	for _, fault := range keyFaults {
		if errors.Is(err, fault.err) {
			return &finding{code: fault.code, outcome: fault.outcome}
		}
	}
	return &finding{code: otherwise, outcome: Indeterminate}
}

// issuer says who signed, or who the document claims to come from. The place of
// its document is what the key proves of an issuer; its name is only claimed.
func (e *examination) issuer() {
	id := e.issuerID
	domain := placeOf(id)
	path := e.credential.Value().Get("issuer").Pointer()
	switch {
	case e.trust != verified && domain == "":
	case e.trust != verified:
		e.add(CodeIssuer, Skipped, path, map[string]string{"claimedIssuer": domain})
	case domain == "":
		e.add(CodeIssuerKeyOnly, Passed, path, map[string]string{"id": id})
	default:
		e.add(CodeIssuer, Passed, path, map[string]string{"issuer": domain, "id": id})
	}
}

// domainOf gives the host, with a port if there is one, that an identifier
// belongs to: of a did:web, did:webvh or https URL. It is "" for others and for a
// host that is not plain letters, digits, points and hyphens.
func domainOf(id string) string {
	id = asWeb(id)
	var host string
	if strings.HasPrefix(id, "did:web:") {
		if parsed, err := did.Parse(id); err == nil {
			segment, _, _ := strings.Cut(parsed.ID, ":")
			host, _ = url.PathUnescape(segment)
		}
	} else if strings.HasPrefix(id, "https://") {
		if u, err := url.Parse(id); err == nil {
			host = u.Host
		}
	}
	if host == "" {
		return ""
	}
	host = strings.ToLower(host)
	if len(host) > 259 || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != "" {
		return ""
	}
	return host
}

// asWeb gives the did:web DID of the same place for a did:webvh DID, which has
// the digest of its log before it, and any other identifier as it is.
func asWeb(id string) string {
	if rest, ok := strings.CutPrefix(id, "did:webvh:"); ok {
		if _, place, ok := strings.Cut(rest, ":"); ok {
			return "did:web:" + place
		}
	}
	return id
}

// placeOf gives the host that an identifier belongs to and, where its document
// does not speak for the whole host, the path of it: whoever may put files below
// a university's /students/ is not the university. It is "" like domainOf.
func placeOf(id string) string {
	id = asWeb(id)
	host := domainOf(id)
	var path string
	if strings.HasPrefix(id, "did:web:") {
		_, path, _ = strings.Cut(strings.TrimPrefix(id, "did:web:"), ":")
		path = strings.ReplaceAll(path, ":", "/")
	} else if u, err := url.Parse(id); err == nil {
		path = strings.Trim(u.EscapedPath(), "/")
	}
	if host == "" || path == "" {
		return host
	}
	if len(path) > maxPlacePath {
		path = path[:maxPlacePath] + "…"
	}
	return host + "/" + path
}

// maxPlacePath is how much of a path is shown.
const maxPlacePath = 80
