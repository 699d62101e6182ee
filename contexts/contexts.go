// Package contexts holds the JSON-LD context documents that a badge needs.
//
// The documents are embedded in the program and pinned by SHA-256 in one
// table, so a context can be neither unreachable nor changed under a
// signature: nothing in this package, and nothing that reads contexts through
// it, uses the network. SOURCES.md says where each document came from.
//
// A context is asked for by its exact URL. One URL can have several revisions,
// because publishers have edited contexts in place: a badge signed with an
// older revision verifies only with that one. Operators add documents of their
// own with [Set.With], each with its hash.
package contexts

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"sync"
)

var (
	// ErrUnknown means that a Set holds no document under the URL. The caller
	// must not fetch it instead.
	ErrUnknown = errors.New("unknown context")
	// ErrDigest means that bytes do not have the digest stated for them, or
	// that a digest is of no published edition of a URL, or is malformed.
	ErrDigest = errors.New("context digest does not match")
	// ErrAlgorithm means that a digest was made with a hash other than
	// SHA-256, SHA-384 and SHA-512, so it says nothing either way.
	ErrAlgorithm = errors.New("unsupported digest algorithm")
	// ErrExists means that a document was added under a URL that has one.
	ErrExists = errors.New("context already present")
	// ErrInvalidURL means that a document was added under something that is no
	// absolute URL without a fragment.
	ErrInvalidURL = errors.New("invalid context URL")
	// ErrInvalidDocument means that added bytes are not a context document.
	ErrInvalidDocument = errors.New("invalid context document")
)

// Document is one revision of a context document.
type Document struct {
	// URL is the address the document is pinned under, also when it was asked
	// for by an alias.
	URL string
	// Revision names the revision by the month of its publication, such as
	// "2024-03". It is empty when the URL has one revision only.
	Revision string
	// Bytes is the JSON text. It is shared: callers must not change it. It is
	// equal as JSON to what is published at URL, but not always byte for byte.
	Bytes []byte
	// Digests are the digests of the published editions of this revision, in
	// the form of a digestSRI ("sha256-", "sha384-" or "sha512-" and base64):
	// three for each edition, the weakest first. For a document added with
	// With they are those of its bytes.
	Digests []string
}

// Set is an immutable collection of context documents, safe for concurrent
// use. The zero Set is empty.
type Set struct {
	documents map[string][]Document // by URL or alias, newest revision first
}

//go:embed documents
var files embed.FS

var embeddedSet = sync.OnceValues(func() (*Set, error) {
	return load(files, embedded)
})

// Embedded returns the documents that are part of the program. It checks every
// one against its pin, once; an error wraps ErrDigest and means that the
// program was built from files that are not those of its table.
func Embedded() (*Set, error) {
	return embeddedSet()
}

// load reads the documents of a table and checks their pins.
func load(files fs.FS, table []entry) (*Set, error) {
	documents := make(map[string][]Document, len(table))
	for _, e := range table {
		data, err := fs.ReadFile(files, "documents/"+e.file)
		if err != nil {
			return nil, fmt.Errorf("reading embedded context: %w", err)
		}
		if err := checkPin(data, e.sha256); err != nil {
			return nil, fmt.Errorf("checking embedded context %s: %w", e.file, err)
		}
		doc := Document{URL: e.url, Revision: e.revision, Bytes: data}
		for _, published := range e.editions {
			digests, err := published.sri()
			if err != nil {
				return nil, fmt.Errorf("reading digests of context %s: %w", e.file, err)
			}
			doc.Digests = append(doc.Digests, digests...)
		}
		for _, u := range append([]string{e.url}, e.aliases...) {
			documents[u] = append(documents[u], doc)
		}
	}
	return &Set{documents: documents}, nil
}

// With returns a Set that also holds data as the one revision of a context.
// sha256Hex is the SHA-256 of data in hexadecimal.
//
// It refuses a URL that is not absolute or has a fragment (ErrInvalidURL), a
// URL or alias that the Set has already (ErrExists), bytes of another hash
// (ErrDigest), and bytes that are not a JSON object with an @context, that
// repeat a member name, or that are larger than 1 MiB or nested deeper than 64
// (ErrInvalidDocument). The receiver does not change and data is copied.
func (s *Set) With(url string, data []byte, sha256Hex string) (*Set, error) {
	if err := checkURL(url); err != nil {
		return nil, fmt.Errorf("adding context %q: %w", url, err)
	}
	if _, exists := s.documents[url]; exists {
		return nil, fmt.Errorf("adding context %q: %w", url, ErrExists)
	}
	if err := checkPin(data, sha256Hex); err != nil {
		return nil, fmt.Errorf("adding context %q: %w", url, err)
	}
	if err := checkDocument(data); err != nil {
		return nil, fmt.Errorf("adding context %q: %w", url, err)
	}
	documents := maps.Clone(s.documents)
	if documents == nil {
		documents = make(map[string][]Document, 1)
	}
	documents[url] = []Document{{URL: url, Bytes: bytes.Clone(data), Digests: digestsOf(data)}}
	return &Set{documents: documents}, nil
}

// Revisions returns the revisions of a context, newest first, at least one.
// The error wraps ErrUnknown when the Set has none under exactly this URL.
func (s *Set) Revisions(url string) ([]Document, error) {
	documents, ok := s.documents[url]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, url)
	}
	return slices.Clone(documents), nil
}

// URLs returns every URL that Revisions knows, aliases included, sorted.
func (s *Set) URLs() []string {
	return slices.Sorted(maps.Keys(s.documents))
}

// Published returns the newest revision of a context that was published with
// the given digest: what a relatedResource entry of a credential (VC Data
// Model 2.0 section 5.3) is checked against. digest is the bare hash value,
// taken out of a digestSRI or digestMultibase by the caller.
//
// The error wraps ErrUnknown when the Set does not have the URL, ErrAlgorithm
// when the hash is none of SHA-256, SHA-384 and SHA-512, and ErrDigest when no
// edition known here has the digest. Only the last speaks against the entry.
func (s *Set) Published(url string, algorithm crypto.Hash, digest []byte) (Document, error) {
	documents, ok := s.documents[url]
	if !ok {
		return Document{}, fmt.Errorf("%w: %q", ErrUnknown, url)
	}
	sri, err := formatSRI(algorithm, digest)
	if err != nil {
		return Document{}, fmt.Errorf("looking for an edition of %q: %w", url, err)
	}
	for _, doc := range documents {
		if slices.Contains(doc.Digests, sri) {
			return doc, nil
		}
	}
	return Document{}, fmt.Errorf("looking for an edition of %q: %w", url, ErrDigest)
}

// checkPin tells whether data has the SHA-256 written in hexadecimal.
func checkPin(data []byte, sha256Hex string) error {
	want, err := hex.DecodeString(sha256Hex)
	if err != nil || len(want) != sha256.Size {
		return fmt.Errorf("%w: the stated SHA-256 is not 64 hexadecimal digits", ErrDigest)
	}
	if got := sha256.Sum256(data); !bytes.Equal(got[:], want) {
		return fmt.Errorf("%w: SHA-256 is %x, not %x", ErrDigest, got, want)
	}
	return nil
}

// checkURL accepts absolute URLs that stand for one document: no fragment, and
// spelled so that nothing changes when they are parsed and written again.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%w: not a URL", ErrInvalidURL)
	case !u.IsAbs(), u.Host == "" && (u.Opaque == "" || u.Scheme == "https" || u.Scheme == "http"):
		return fmt.Errorf("%w: not absolute", ErrInvalidURL)
	case u.String() != raw:
		return fmt.Errorf("%w: not in its usual spelling", ErrInvalidURL)
	case u.Fragment != "":
		return fmt.Errorf("%w: has a fragment", ErrInvalidURL)
	}
	return nil
}

// digestsOf returns the digests of data as Document.Digests has them.
func digestsOf(data []byte) []string {
	s256, s384, s512 := sha256.Sum256(data), sha512.Sum384(data), sha512.Sum512(data)
	return []string{
		"sha256-" + base64.StdEncoding.EncodeToString(s256[:]),
		"sha384-" + base64.StdEncoding.EncodeToString(s384[:]),
		"sha512-" + base64.StdEncoding.EncodeToString(s512[:]),
	}
}

// formatSRI writes a digest as a hash-expression of Subresource Integrity.
func formatSRI(algorithm crypto.Hash, digest []byte) (string, error) {
	var name string
	switch algorithm {
	case crypto.SHA256:
		name = "sha256"
	case crypto.SHA384:
		name = "sha384"
	case crypto.SHA512:
		name = "sha512"
	default:
		return "", ErrAlgorithm
	}
	if len(digest) != algorithm.Size() {
		return "", fmt.Errorf("%w: %d bytes are no %s", ErrDigest, len(digest), name)
	}
	return name + "-" + base64.StdEncoding.EncodeToString(digest), nil
}
