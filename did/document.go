package did

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"laurel/credential/strictjson"
)

// Bounds on a document. A host decides what its document says, so everything
// that costs time or memory is counted.
const (
	maxDocument   = 256 << 10
	maxMethods    = 256 // an issuer's keys of many years: two for each
	maxReferences = 256 // entries of one relationship
)

// Relationship is a verification relationship: what a document authorizes a
// verification method for.
type Relationship string

// The verification relationships of CID 1.0 §2.3.
const (
	AssertionMethod      Relationship = "assertionMethod"
	Authentication       Relationship = "authentication"
	KeyAgreement         Relationship = "keyAgreement"
	CapabilityInvocation Relationship = "capabilityInvocation"
	CapabilityDelegation Relationship = "capabilityDelegation"
)

var relationships = []Relationship{
	AssertionMethod, Authentication, KeyAgreement, CapabilityInvocation, CapabilityDelegation,
}

// Document is a DID document or a controlled identifier document, which an Open
// Badges Profile with keys also is. A key is taken from it with Method, never
// from the list: being listed gives a key no authority. It must not be changed
// and is safe for concurrent use.
type Document struct {
	// ID is the identifier that the document describes: a DID or an https URL.
	// Whoever fetched the document compares it with what was asked for.
	ID string
	// VerificationMethods holds the methods of verificationMethod and then those
	// embedded in relationships. Those that cannot be used are there too.
	VerificationMethods []VerificationMethod
	// Value is the whole document as it was read.
	Value strictjson.Value

	// listed holds the absolute ids that each relationship refers to; embedded
	// the one relationship of each method that stands inside it.
	listed   map[Relationship][]string
	embedded map[string]Relationship
}

// ParseDocument reads a document. What is wrong with one key stays with that
// key (VerificationMethod.Err); what leaves the document itself in doubt is an
// ErrInvalidDocument: it is not strict JSON of at most 256 KiB with an id that is
// a DID or https URL; verificationMethod or a relationship is not an array of at
// most 64 entries of the right form; a method has no id, or one used twice.
func ParseDocument(data []byte) (*Document, error) {
	parsed, err := strictjson.ParseLimits(data, strictjson.Limits{Size: maxDocument})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidDocument, err)
	}
	root := parsed.Root()
	if root.Kind() != strictjson.Object {
		return nil, invalidDocument("document is %s, not object", root.Kind())
	}
	d := &Document{
		ID: root.Get("id").Text(), Value: root,
		listed: make(map[Relationship][]string), embedded: make(map[string]Relationship),
	}
	if !isIdentifier(d.ID) {
		return nil, invalidDocument("id is not a DID or https URL")
	}
	methods, err := list(root, "verificationMethod", maxMethods)
	if err != nil {
		return nil, err
	}
	for _, v := range methods {
		if _, err := d.add(v); err != nil {
			return nil, err
		}
	}
	for _, relationship := range relationships {
		if err := d.relate(relationship); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func invalidDocument(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidDocument, fmt.Sprintf(format, args...))
}

// list returns the elements of a member that is an array or absent.
func list(root strictjson.Value, name string, limit int) ([]strictjson.Value, error) {
	v, ok := root.Member(name)
	if !ok {
		return nil, nil
	}
	if v.Kind() != strictjson.Array {
		return nil, invalidDocument("%s is %s, not array", name, v.Kind())
	}
	if v.Len() > limit {
		return nil, invalidDocument("%s has more than %d entries", name, limit)
	}
	return slices.Collect(v.Elements()), nil
}

// add reads a verification method and returns its absolute id.
func (d *Document) add(v strictjson.Value) (string, error) {
	if v.Kind() != strictjson.Object {
		return "", invalidDocument("%s is %s, not object", v.Pointer(), v.Kind())
	}
	id := v.Get("id").Text()
	if id == "" {
		return "", invalidDocument("%s has no id", v.Pointer())
	}
	id = d.absolute(id)
	for i := range d.VerificationMethods {
		if d.VerificationMethods[i].ID == id {
			return "", invalidDocument("%s has the id of another method", v.Pointer())
		}
	}
	if len(d.VerificationMethods) == maxMethods {
		return "", invalidDocument("more than %d verification methods", maxMethods)
	}
	method := parseMethod(v, id)
	if base, err := splitMethodURL(id); method.Err == nil && (err != nil || base != d.ID) {
		method.PublicKey, method.Err = nil, invalidMethod("id does not belong to the document")
	}
	d.VerificationMethods = append(d.VerificationMethods, method)
	return id, nil
}

// relate reads the entries of one relationship: references, or methods embedded
// for this relationship alone.
func (d *Document) relate(relationship Relationship) error {
	entries, err := list(d.Value, string(relationship), maxReferences)
	if err != nil {
		return err
	}
	for _, v := range entries {
		if v.Kind() == strictjson.String {
			d.listed[relationship] = append(d.listed[relationship], d.absolute(v.Text()))
			continue
		}
		id, err := d.add(v)
		if err != nil {
			return err
		}
		d.embedded[id] = relationship
	}
	return nil
}

// authorizes reports whether a method of the document is for a relationship. One
// that is embedded in a relationship is for that one only, whatever the others
// refer to.
func (d *Document) authorizes(id string, relationship Relationship) bool {
	if only, ok := d.embedded[id]; ok {
		return only == relationship
	}
	return slices.Contains(d.listed[relationship], id)
}

// absolute resolves a document-relative id, #fragment. There is no other
// relative form: everything else is compared as it was written.
func (d *Document) absolute(id string) string {
	if strings.HasPrefix(id, "#") {
		return d.ID + id
	}
	return id
}

// Method returns the verification method with the given absolute id, if the
// document authorizes it for the relationship: the rules of CID 1.0 §3.3 from
// the point where the document has been fetched. The id is a DID URL or https
// URL with a fragment; it belongs to this document or the error is an
// ErrDocumentID. A relationship that refers to a method in another document gives
// nothing here: the caller fetches that document and asks it.
//
// Errors, in the order of the checks: ErrInvalidVerificationMethodURL (for a DID
// also ErrInvalidDIDURL), ErrDocumentID, ErrInvalidVerificationMethod (no such
// method, or another controller), ErrNotAuthorized, and last, so that a key
// without authority is never reported as merely unusable, what is wrong with the
// method itself: ErrInvalidVerificationMethod, ErrInvalidKey, ErrUnsupportedKey.
//
// The times are not judged: call CheckTime on the result.
func (d *Document) Method(id string, relationship Relationship) (VerificationMethod, error) {
	base, err := splitMethodURL(id)
	if err != nil {
		return VerificationMethod{}, err
	}
	if base != d.ID {
		return VerificationMethod{}, fmt.Errorf("verification method of another document: %w", ErrDocumentID)
	}
	i := slices.IndexFunc(d.VerificationMethods, func(m VerificationMethod) bool { return m.ID == id })
	if i < 0 {
		return VerificationMethod{}, fmt.Errorf("%w: not in the document", ErrInvalidVerificationMethod)
	}
	method := d.VerificationMethods[i]
	if method.Controller != d.ID {
		return VerificationMethod{}, fmt.Errorf("%w: controller is not the document's id", ErrInvalidVerificationMethod)
	}
	if !d.authorizes(id, relationship) {
		return VerificationMethod{}, fmt.Errorf("%w: not listed under %s", ErrNotAuthorized, relationship)
	}
	if method.Err != nil {
		return VerificationMethod{}, method.Err
	}
	return method, nil
}

// splitMethodURL returns the identifier of the document that a verification
// method belongs to: its URL without the fragment. Nothing else is read from the
// fragment, here or anywhere.
func splitMethodURL(id string) (base string, err error) {
	base, fragment, _ := strings.Cut(id, "#")
	if strings.HasPrefix(id, "did:") {
		if _, err := ParseURL(id); err != nil {
			return "", fmt.Errorf("%w: %w", ErrInvalidVerificationMethodURL, err)
		}
	} else if !isHTTPS(base) || len(id) > maxLength || !consistsOf(fragment, isQueryChar) {
		return "", fmt.Errorf("%w: not a DID or https URL", ErrInvalidVerificationMethodURL)
	}
	if fragment == "" {
		return "", fmt.Errorf("%w: no fragment", ErrInvalidVerificationMethodURL)
	}
	return base, nil
}

// isIdentifier reports whether s can be the id of a document.
func isIdentifier(s string) bool {
	if strings.HasPrefix(s, "did:") {
		_, err := Parse(s)
		return err == nil
	}
	return isHTTPS(s)
}

// isHTTPS reports whether s is an absolute https URL without user information
// and fragment. URLs are compared as texts, so only the lower-case scheme is
// known.
func isHTTPS(s string) bool {
	if len(s) > maxLength || !strings.HasPrefix(s, "https://") || strings.ContainsRune(s, '#') {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && u.User == nil
}
