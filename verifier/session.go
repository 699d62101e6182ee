package verifier

import (
	"context"
	"errors"
	"strings"
	"time"

	"laurel/did"
)

// errNotHad is the error of every document that could not be had. Why is
// nobody's business: it would tell strangers about our network.
var errNotHad = errors.New("document could not be had")

// session is what the examinations of one verification share: the time, the
// number of fetches that are left, and what was fetched already, so that no
// document is asked for twice.
type session struct {
	*Verifier
	ctx       context.Context
	now       time.Time
	fetching  context.Context // ends at MaxFetchTime
	close     context.CancelFunc
	left      int
	documents map[string]had[*did.Document]
	fetched   map[string]had[[]byte] // by kind and URL
	lists     map[string]readList    // by issuer and URL
}

// had is the result of a fetch.
type had[T any] struct {
	value T
	err   error
}

func (v *Verifier) newSession(ctx context.Context) *session {
	fetching, cancel := context.WithTimeout(ctx, MaxFetchTime)
	return &session{
		Verifier: v, ctx: ctx, now: v.config.Clock().UTC(), fetching: fetching, close: cancel, left: MaxFetches,
		documents: make(map[string]had[*did.Document]), fetched: make(map[string]had[[]byte]), lists: make(map[string]readList),
	}
}

// controllerDocument gives the document of an identifier, a DID or an https
// URL, and makes sure that it is that identifier's.
func (s *session) controllerDocument(id string) (*did.Document, error) {
	if known, ok := s.documents[id]; ok {
		return known.value, known.err
	}
	document, err := s.fetchControllerDocument(id)
	if err == nil && document == nil {
		err = errNotHad
	}
	if err == nil && document.ID != id {
		document, err = nil, did.ErrDocumentID
	}
	s.documents[id] = had[*did.Document]{document, err}
	return document, err
}

func (s *session) fetchControllerDocument(id string) (*did.Document, error) {
	if strings.HasPrefix(id, "did:") {
		parsed, err := did.Parse(id)
		if err != nil {
			return nil, err
		}
		if s.config.Resolver == nil {
			return nil, errNotHad
		}
		// did:key and did:jwk are computed.
		if parsed.Method != "key" && parsed.Method != "jwk" && !s.spend() {
			return nil, errNotHad
		}
		return s.config.Resolver.Resolve(s.fetching, parsed)
	}
	data, err := s.fetch(id, KindControllerDocument)
	if err != nil {
		return nil, err
	}
	return did.ParseDocument(data)
}

// fetch gets the document at a URL, once for each kind. The error is
// did.ErrNotFound when the host says that there is none, or errNotHad.
func (s *session) fetch(url string, kind Kind) ([]byte, error) {
	id := string(rune('0'+kind)) + url
	if known, ok := s.fetched[id]; ok {
		return known.value, known.err
	}
	data, err := s.fetchAnew(url, kind)
	s.fetched[id] = had[[]byte]{data, err}
	return data, err
}

func (s *session) fetchAnew(url string, kind Kind) ([]byte, error) {
	if s.config.Documents == nil || !s.spend() {
		return nil, errNotHad
	}
	data, err := s.config.Documents.Document(s.fetching, url, kind)
	if err == nil {
		return data, nil
	}
	var answer interface{ HTTPStatus() int }
	if errors.As(err, &answer) && (answer.HTTPStatus() == 404 || answer.HTTPStatus() == 410) {
		return nil, did.ErrNotFound
	}
	return nil, errNotHad
}

// spend takes one fetch out of the budget.
func (s *session) spend() bool {
	if s.left == 0 || s.fetching.Err() != nil {
		return false
	}
	s.left--
	return true
}
