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
	expect    Expect
	ctx       context.Context
	begun     time.Time       // by the machine's clock
	now       time.Time       // by the verifier's
	fetching  context.Context // ends at MaxFetchTime; made for the first fetch
	cancel    context.CancelFunc
	left      int
	documents map[string]had[*did.Document]
	fetched   map[string]had[[]byte] // by kind and URL
	lists     map[string]readList    // by issuer and URL
	worked    int                    // of maxWork
	contained int                    // credentials inside another document that were examined
	insideLen int                    // and their bytes
}

// had is the result of a fetch.
type had[T any] struct {
	value T
	err   error
}

func (v *Verifier) newSession(ctx context.Context) *session {
	return &session{Verifier: v, ctx: ctx, begun: time.Now(), now: v.config.Clock().UTC(), left: MaxFetches}
}

func (s *session) close() {
	if s.cancel != nil {
		s.cancel()
	}
}

// keep notes a result in a map that is made when it is needed.
func keep[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = value
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
	keep(&s.documents, id, had[*did.Document]{document, err})
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
		if isComputed(id) {
			return s.config.Resolver.Resolve(s.ctx, parsed)
		}
		if !s.spend() || strings.HasPrefix(id, "did:webvh:") && !s.spend() {
			return nil, errNotHad // a did:webvh has its log and its witnesses
		}
		return s.config.Resolver.Resolve(s.fetching, parsed)
	}
	data, err := s.fetch(id, KindControllerDocument)
	if err != nil {
		return nil, err
	}
	return s.known.documents.Parse(data)
}

// isComputed reports whether a DID is its own key, so that nothing is fetched
// for it and it never changes.
func isComputed(id string) bool {
	return strings.HasPrefix(id, "did:key:") || strings.HasPrefix(id, "did:jwk:")
}

// fetch gets the document at a URL, once for each kind. The error is
// did.ErrNotFound when the host says that there is none, or errNotHad.
func (s *session) fetch(url string, kind Kind) ([]byte, error) {
	id := string(rune('0'+kind)) + url
	if known, ok := s.fetched[id]; ok {
		return known.value, known.err
	}
	data, err := s.fetchAnew(url, kind)
	keep(&s.fetched, id, had[[]byte]{data, err})
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
	if errors.As(err, &answer) && answer.HTTPStatus() == 410 && kind == KindOpenBadges2 {
		return nil, errGone
	}
	if errors.As(err, &answer) && (answer.HTTPStatus() == 404 || answer.HTTPStatus() == 410) {
		return nil, did.ErrNotFound
	}
	return nil, errNotHad
}

// spend takes one fetch out of the budget.
func (s *session) spend() bool {
	if s.fetching == nil {
		s.fetching, s.cancel = context.WithDeadline(s.ctx, s.begun.Add(MaxFetchTime))
	}
	if s.left == 0 || s.fetching.Err() != nil {
		return false
	}
	s.left--
	return true
}
