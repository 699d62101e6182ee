package issuer

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"laurel/storage"
)

// Batch awards one version of an achievement to many people. What they have in
// common is read and judged once. It is safe for concurrent use.
//
// The steps are those of Service.Award, but for the transactions, which are the
// caller's: Reservation, then storing it, then Sign, then storing that. Nothing
// that Sign returns may be released before it is stored.
type Batch struct {
	service *Service
	caller  Caller
	award   string
	common  prepared
	signing sync.Mutex // guards common.signing
}

// Batch begins a bulk award of a version of an achievement, 0 for the latest.
// award is the id of the job, which its credentials are marked with. The terms
// are a Request without a recipient; its achievement is not used.
//
// Errors: storage.ErrNotFound for an achievement that the tenant does not have;
// *InvalidError for the terms, as for Award; keys.ErrNoSigningKey.
func (s *Service) Batch(ctx context.Context, caller Caller, award string, achievement Version, terms Request) (*Batch, error) {
	b := &Batch{service: s, caller: Caller{Tenant: caller.Tenant, Actor: caller.Actor}, award: award}
	p := &b.common
	var err error
	if p.tenant, err = s.store.Tenant(ctx, caller.Tenant); err != nil {
		return nil, err
	}
	id := strings.TrimPrefix(achievement.ID, s.base.achievement(""))
	if p.achieved, err = s.store.Achievement(ctx, caller.Tenant, id, achievement.Version); err != nil {
		return nil, err
	}
	s.describe(p)
	sample := *p
	terms.Recipient = Recipient{ID: sampleURN}
	if err := s.compose(&sample, terms); err != nil {
		return nil, err
	}
	if err := s.judge(ctx, sample.unsigned(), toRequest); err != nil {
		return nil, err
	}
	return b, b.Renew(ctx)
}

// Version names a version of an achievement; 0 is the latest.
type Version struct {
	ID      string
	Version int
}

// Achievement returns what is awarded.
func (b *Batch) Achievement() Achievement { return b.service.achievement(b.common.achieved) }

// Renew looks up the signing key again. What is signed from then on is signed
// with the key that is the tenant's now.
func (b *Batch) Renew(ctx context.Context) error {
	signing, err := b.service.ring.Signing(ctx, b.caller.Tenant)
	if err != nil {
		return err
	}
	b.signing.Lock()
	defer b.signing.Unlock()
	b.common.signing = signing
	return nil
}

// compose is the award of one request.
func (b *Batch) compose(request Request) (prepared, error) {
	b.signing.Lock()
	p := b.common
	b.signing.Unlock()
	return p, b.service.compose(&p, request)
}

// Judge says what is wrong with a request, as Award would, and returns its
// recipient in the form in which people are told apart. The error is an
// *InvalidError, or the context's.
func (b *Batch) Judge(ctx context.Context, request Request) (Recipient, error) {
	p, err := b.compose(request)
	if err != nil {
		return Recipient{}, err
	}
	// An address is hashed and a name is a text: both are covered whatever they
	// are. Of the rest this cannot be known before it is tried.
	if p.recipient.ID != "" || len(p.evidence) > 0 || !request.ValidUntil.IsZero() || !request.AwardedDate.IsZero() || !request.ValidFrom.IsZero() {
		err = b.service.judge(ctx, p.unsigned(), toRequest)
	}
	return p.recipient, err
}

// Lookup is storage.SubjectKey.Lookup of a recipient that Judge returned.
func (b *Batch) Lookup(r Recipient) []byte { return b.service.lookup(b.caller.Tenant, r) }

// Recognise is the Lookup of whoever stands in a request that may have other
// faults, nil where the address or id is none. Of somebody with both it is that
// of the address.
func (b *Batch) Recognise(r Recipient) []byte {
	if r.Email != "" {
		if known, err := normalizeRecipient(Recipient{Email: r.Email}); err == nil {
			return b.Lookup(known)
		}
	}
	known, err := normalizeRecipient(Recipient{ID: r.ID})
	if err != nil {
		return nil
	}
	return b.Lookup(known)
}

// Held looks for an award of the achievement, of any version, that a recipient
// has: one in force before one that was revoked. The error is
// storage.ErrNotFound when there is none. One in the making counts where a bulk
// award is making it.
func (b *Batch) Held(ctx context.Context, r Recipient) (Credential, error) {
	s := b.service
	holder, err := s.store.LookupSubject(ctx, b.caller.Tenant, b.Lookup(r))
	if err != nil {
		return Credential{}, err
	}
	var held Credential
	page := storage.Page{Limit: storage.PageLimit}
	for {
		list, next, err := s.store.ListCredentials(ctx, b.caller.Tenant, storage.CredentialFilter{Subject: holder.ID}, page)
		if err != nil {
			return Credential{}, err
		}
		for _, record := range list {
			if record.Achievement != b.common.achieved.ID || record.State == storage.StatePending && record.Award == "" {
				continue
			}
			if held = s.credential(record); record.State != storage.StateRevoked {
				return held, nil
			}
		}
		switch page.Cursor = next; {
		case next != "":
		case held.ID != "":
			return held, nil
		default:
			return Credential{}, fmt.Errorf("looking for award: %w", storage.ErrNotFound)
		}
	}
}

// Reservation makes the reservation of a request. It is stored by
// ReserveAwards of the store.
func (b *Batch) Reservation(ctx context.Context, request Request) (storage.Reservation, error) {
	p, err := b.compose(request)
	if err != nil {
		return storage.Reservation{}, err
	}
	id, err := b.service.newID()
	if err != nil {
		return storage.Reservation{}, err
	}
	r, err := b.service.reservation(ctx, b.caller, id, p)
	r.Award = b.award
	return r, err
}

// Sign signs what was reserved for a request, and looks at the result with a
// stranger's eyes. It is stored by CommitAwards of the store. Besides the errors
// of Award it returns storage.ErrErased.
func (b *Batch) Sign(ctx context.Context, request Request, reserved storage.Reserved) (storage.Issuance, error) {
	if !reserved.Subject.Erased.IsZero() {
		return storage.Issuance{}, fmt.Errorf("signing credential: %w", storage.ErrErased)
	}
	p, err := b.compose(request)
	if err == nil {
		err = b.service.name(&p)
	}
	if err != nil {
		return storage.Issuance{}, err
	}
	return b.service.issuance(ctx, b.caller, p, reserved)
}

// Resume reads a reservation that was made earlier and not completed.
func (b *Batch) Resume(ctx context.Context, credential string) (storage.Reserved, error) {
	record, err := b.service.store.Credential(ctx, b.caller.Tenant, credential)
	if err != nil {
		return storage.Reserved{}, err
	}
	if record.State != storage.StatePending {
		return storage.Reserved{}, fmt.Errorf("resuming award: %w", storage.ErrConflict)
	}
	holder, err := b.service.store.SubjectKey(ctx, b.caller.Tenant, record.Subject)
	return storage.Reserved{Credential: record, Subject: holder, Resumed: true}, err
}
