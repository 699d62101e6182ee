package issuer

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"laurel/did"
	"laurel/storage"
	"laurel/verifier"
)

// Resolver resolves the DIDs of this installation's issuers from the store and
// leaves all others to next. With a nil next those cannot be resolved.
func (s *Service) Resolver(next did.Resolver) did.Resolver { return localResolver{s, next} }

type localResolver struct {
	service *Service
	next    did.Resolver
}

// Resolve implements did.Resolver.
func (r localResolver) Resolve(ctx context.Context, id did.DID) (*did.Document, error) {
	slug, own := r.service.base.slugOf(id.String())
	if !own {
		if r.next == nil {
			return nil, fmt.Errorf("resolving DID: %w: not one of this installation", did.ErrUnavailable)
		}
		return r.next.Resolve(ctx, id)
	}
	document, err := r.service.didDocument(ctx, slug)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrInvalid):
		return nil, fmt.Errorf("resolving own DID: %w", did.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("resolving own DID: %w: %w", did.ErrUnavailable, err)
	}
	return document.parsed, nil
}

// slugOf reads the DID of an issuer of this installation, "" for the default
// one. own is true for other DIDs under the installation's host too, which have
// a slug that no issuer can have.
func (a address) slugOf(id string) (slug string, own bool) {
	if id == a.did {
		return "", true
	}
	path, own := strings.CutPrefix(id, a.did+":")
	if slug, ok := strings.CutPrefix(path, "issuers:"); ok {
		return slug, own
	}
	return "/", own
}

// Documents gives a verifier the profiles, badges and status lists of this installation
// from the store and leaves all other URLs to next. With a nil next those
// cannot be had. What is at the installation's own address never goes to next.
func (s *Service) Documents(next verifier.Documents) verifier.Documents {
	return localDocuments{s, next}
}

type localDocuments struct {
	service *Service
	next    verifier.Documents
}

// Document implements verifier.Documents.
func (d localDocuments) Document(ctx context.Context, address string, kind verifier.Kind) ([]byte, error) {
	path, own := d.service.base.pathOf(address)
	if !own {
		if d.next == nil {
			return nil, errors.New("fetching document: not one of this installation")
		}
		return d.next.Document(ctx, address, kind)
	}
	var data []byte
	err := storage.ErrNotFound
	if slug, ok := strings.CutPrefix(path, "/issuers/"); ok && kind == verifier.KindControllerDocument {
		data, err = d.service.Profile(ctx, slug)
	} else if path == "/.well-known/jwks.json" && kind == verifier.KindKeySet {
		data, err = d.service.JWKS(ctx)
	} else if id, ok := strings.CutPrefix(path, "/credentials/"); ok && kind == verifier.KindBadge {
		var found Credential
		found, err = d.service.Credential(ctx, strings.TrimSuffix(id, ".json"))
		data = found.Signed
	} else if id, ok := ownRefresh(path); ok && kind == verifier.KindCredential {
		var found Credential
		found, err = d.service.CurrentCredential(ctx, id)
		data = found.Signed
	} else if id, ok := strings.CutPrefix(path, "/status/"); ok && kind == verifier.KindStatusList {
		var list SignedList
		list, err = d.service.StatusListCredential(ctx, id)
		data = list.Signed
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrInvalid) {
		return nil, errNoDocument{}
	}
	return data, err
}

// ownRefresh reads the id of a badge from the path of its refresh service.
func ownRefresh(path string) (id string, ok bool) {
	id, ok = strings.CutPrefix(path, "/credentials/")
	if ok {
		id, ok = strings.CutSuffix(id, refreshPath)
	}
	return id, ok
}

// pathOf returns the path of a URL at this installation's own address. own is
// also true for spellings of that address that have no document.
func (a address) pathOf(text string) (path string, own bool) {
	if rest, ok := strings.CutPrefix(text, a.url); ok && strings.HasPrefix(rest, "/") {
		return rest, true
	}
	u, err := url.Parse(text)
	own = err == nil && strings.EqualFold(u.Scheme+"://"+u.Host, a.url)
	return "", own
}

// errNoDocument says that there is no document here, the way the verifier reads
// the answer of a host.
type errNoDocument struct{}

func (errNoDocument) Error() string   { return "fetching own document: not found" }
func (errNoDocument) HTTPStatus() int { return 404 }
