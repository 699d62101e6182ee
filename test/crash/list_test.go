package crash

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/test/program"
)

// placesOf reads where the status of a badge is: its entry for revocation and,
// if it has one, that for suspension.
func placesOf(data []byte) ([]statuslist.Entry, error) {
	document, err := strictjson.Parse(data)
	if err != nil {
		return nil, err
	}
	entries, err := statuslist.ParseEntry(document.Root().Get("credentialStatus"))
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 || entries[0].StatusPurpose != statuslist.Revocation {
		return nil, errors.New("no entry for revocation")
	}
	return entries, nil
}

// bit is what a badge in a state has in the list of a purpose.
func bit(state, purpose string) bool {
	return purpose == statuslist.Revocation && state == revoked || purpose == statuslist.Suspension && state == suspended
}

// isSet reads a status list as it came, without looking at its proof.
func isSet(answer program.Answer, place statuslist.Entry) (bool, error) {
	if answer.Status != http.StatusOK {
		return false, fmt.Errorf("answered with %d %s", answer.Status, answer.Body)
	}
	document, err := strictjson.Parse(answer.Body)
	if err != nil {
		return false, err
	}
	list, err := statuslist.ParseListCredential(document.Root())
	if err != nil {
		return false, err
	}
	status, err := list.Status(place)
	return status.Set(), err
}

// lists reads the signed status lists of a server, each once.
type lists struct {
	server *program.Server
	suites *dataintegrity.Suites
	issuer *did.Document
	read   map[string]*statuslist.ListCredential
}

func newLists(ctx context.Context, server *program.Server) (*lists, error) {
	set, err := contexts.Embedded()
	if err != nil {
		return nil, err
	}
	answer, err := server.Get(ctx, "/.well-known/did.json", "")
	if err != nil {
		return nil, err
	}
	issuer, err := did.ParseDocument(answer.Body)
	if err != nil {
		return nil, err
	}
	suites := dataintegrity.New(jsonld.New(set, jsonld.Options{}))
	return &lists{server, suites, issuer, make(map[string]*statuslist.ListCredential)}, nil
}

// set looks up a place in the signed list.
func (l *lists) set(ctx context.Context, place statuslist.Entry) (bool, error) {
	list, ok := l.read[place.StatusListCredential]
	if !ok {
		var err error
		if list, err = l.fetch(ctx, place.StatusListCredential); err != nil {
			return false, err
		}
		l.read[place.StatusListCredential] = list
	}
	status, err := list.Status(place)
	return status.Set(), err
}

// fetch gets a list and checks its proof with the issuer's key.
func (l *lists) fetch(ctx context.Context, url string) (*statuslist.ListCredential, error) {
	answer, err := l.server.Get(ctx, url, "application/vc")
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("answered with %d %s", answer.Status, answer.Body)
	}
	document, err := strictjson.Parse(answer.Body)
	if err != nil {
		return nil, err
	}
	key := func(_ context.Context, proof dataintegrity.Proof) (crypto.PublicKey, error) {
		method, err := l.issuer.Method(proof.VerificationMethod, did.AssertionMethod)
		return method.PublicKey, err
	}
	if _, err := l.suites.VerifyAll(ctx, document.Root(), key, dataintegrity.Expect{Now: time.Now()}); err != nil {
		return nil, err
	}
	return statuslist.ParseListCredential(document.Root())
}
