package verifier

import (
	"context"
	"errors"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
)

// Bounds of one verification.
const (
	// MaxFetches is how many documents of other hosts are asked for.
	MaxFetches = 8
	// MaxFetchTime is how long after the start of a verification they are.
	MaxFetchTime = 10 * time.Second
	// MaxEndorsements is how many endorsements are checked; others are
	// reported as skipped.
	MaxEndorsements = 20
)

// ErrNotReadable says that the input is neither strict JSON nor a form that is
// recognised. For JSON the error also is the *strictjson.Error.
var ErrNotReadable = errors.New("input not readable")

// Kind is what a document is fetched for.
type Kind uint8

// The kinds of documents.
const (
	// KindControllerDocument is what an https identifier of an issuer serves:
	// a controlled identifier document, or an Open Badges Profile with keys.
	KindControllerDocument Kind = iota + 1
	// KindStatusList is a status list credential, or a 1EdTechRevocationList.
	KindStatusList
	// KindKeySet is the JWK Set of a host.
	KindKeySet
	// KindCredential is a newer copy of a credential, from its refreshService.
	KindCredential
	// KindOpenBadges2 is an Assertion, BadgeClass, Profile, CryptographicKey or
	// RevocationList of Open Badges 2.0.
	KindOpenBadges2
	// KindBadge is a badge in any form, also a picture, behind a link that
	// somebody gave. It is up to 5 MiB large.
	KindBadge
	// KindSchema is a JSON Schema that a credential names.
	KindSchema
)

// MediaTypes lists the media types a document of this kind may come in, the
// best first.
func (k Kind) MediaTypes() []string {
	switch k {
	case KindStatusList, KindCredential:
		return []string{
			"application/vc", "application/vc+jwt", "application/vc+cose", "application/vc+ld+json", "application/ld+json", "application/json",
			"application/jwt", "text/plain",
		}
	case KindBadge:
		return []string{
			"application/vc", "application/vc+jwt", "application/vc+sd-jwt", "application/vc+cose", "application/vp", "application/vp+jwt",
			"application/vp+cose", "application/vc+ld+json", "application/ld+json", "application/json", "application/jwt", "image/png", "image/svg+xml", "text/plain",
		}
	case KindSchema:
		return []string{"application/schema+json", "application/json", "text/plain"}
	case KindKeySet:
		return []string{"application/jwk-set+json", "application/json"}
	case KindOpenBadges2:
		return []string{"application/ld+json", "application/json"}
	}
	return []string{"application/cid", "application/ld+json", "application/json", "application/did+json", "application/did+ld+json"}
}

// Documents gets the document at an https URL: from another host through a
// guarded client, or from this installation's own store. The error for an
// answer with an HTTP status other than 200 unwraps to one that has a method
// HTTPStatus() int; every other error means that the document could not be
// had. An implementation must be safe for concurrent use.
type Documents interface {
	Document(ctx context.Context, url string, kind Kind) ([]byte, error)
}

// Config is what a Verifier is made of. Contexts, JSONLD and Suites are
// required.
type Config struct {
	// Contexts are the contexts that JSONLD knows. The digests of related
	// resources are compared with them.
	Contexts *contexts.Set
	// JSONLD reads credentials, Suites check proofs.
	JSONLD *jsonld.Processor
	Suites *dataintegrity.Suites
	// Resolver resolves the DIDs of issuers. Without one, no DID can be
	// resolved and every credential of a DID is indeterminate.
	Resolver did.Resolver
	// Documents gets the documents of https issuers, and status lists. Without
	// it none can be had.
	Documents Documents
	// Register, when set, is asked about badges whose key their issuer has
	// declared compromised.
	Register Register
	// Clock gives the time; time.Now when nil. It is asked once for each
	// verification.
	Clock func() time.Time
	// Exceptions are the laboratory exceptions to the rules of the network, as
	// text. Each is named in every report.
	Exceptions []string
	// StrictProofs makes a proof of an unknown kind a failure even beside a
	// good one.
	StrictProofs bool
}

// Verifier checks credentials. It is safe for concurrent use. It keeps, within
// bounds, what never changes: the keys of did:key and did:jwk, and documents and
// status lists that it has read, by their whole content. What hosts serve it asks
// for each time; how long an answer lasts is for Resolver and Documents to decide.
type Verifier struct {
	config Config
	// contexts are the revisions of every context that is known, newest first.
	contexts map[string][]contexts.Document
	known    *known
}

// New makes a Verifier. It starts nothing.
func New(config Config) *Verifier {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	v := &Verifier{config: config, known: newKnown()}
	if config.Contexts != nil {
		v.contexts = make(map[string][]contexts.Document)
		for _, url := range config.Contexts.URLs() {
			v.contexts[url], _ = config.Contexts.Revisions(url)
		}
	}
	return v
}

// Expect is what the caller wants to see confirmed beyond the credential
// itself. The zero Expect asks for nothing.
type Expect struct {
	// Email and ID are whom the badge is to be about: the address, and the id
	// (a DID or another URI) or another identifier. The answer is a check of its
	// own for each; a badge about somebody else is not valid then, and one that
	// does not say is not decided. Nothing of them is repeated in the Report.
	Email, ID string
	// Domain and Challenge are what the proof of a presentation must name. One
	// that is empty is not compared, which the Report says; where either is given,
	// what is no presentation is not valid.
	Domain    []string
	Challenge string
	// Refresh asks for the newer copy that a good credential names, once.
	Refresh bool
}

// Verify checks a badge, an endorsement, a learner record or a presentation with
// such in it: as JSON, compact JWS, SD-JWT or COSE, baked into a picture, or behind a link,
// which is an https URL alone or {"url": "https://…"}. Whatever is wrong
// with it is said in the Report; the error is ErrNotReadable, for input that is
// no credential in any form, or nil. Verify does not panic, whatever the
// input and whatever the Resolver and Documents do. The caller must not change
// data while the Report is in use.
//
// When ctx ends, checks that were not made are indeterminate.
func (v *Verifier) Verify(ctx context.Context, data []byte, expect Expect) (report *Report, err error) {
	in, err := read(data)
	if err != nil {
		return nil, err
	}
	defer in.release()
	session := v.newSession(ctx)
	session.expect = expect
	defer session.close()
	e := &examination{session: session, purpose: asBadge}
	// A fault of ours or of what we were given is a check that could not be
	// made. What was found before it may be half of the truth and is dropped.
	defer func() {
		if recover() != nil {
			e = &examination{session: session}
			e.laboratory()
			e.add(CodeInternalFault, Indeterminate, "", nil)
			report, err = e.report(in.format), nil
		}
	}()
	e.laboratory()
	if in.format == FormatLink {
		e.link(&in)
	}
	e.submission(&in)
	e.unanswered()
	return e.report(in.format), nil
}
