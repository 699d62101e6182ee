package issuer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/internal/keys"
	"laurel/storage"
)

// Request asks for an award. The json names are those of the operators' API.
type Request struct {
	// Achievement is the public id of one of the tenant's achievements, or its
	// URL. The latest version is awarded.
	Achievement string    `json:"achievement"`
	Recipient   Recipient `json:"recipient"`
	// ValidFrom is now when zero. It may lie in the future. Times are cut to
	// whole seconds.
	ValidFrom   time.Time `json:"validFrom,omitzero"`
	ValidUntil  time.Time `json:"validUntil,omitzero"`
	AwardedDate time.Time `json:"awardedDate,omitzero"`
	// Evidence are Open Badges Evidence objects; type may be left out.
	Evidence []json.RawMessage `json:"evidence,omitempty"`
	// Visibility is storage.VisibilityLink when empty.
	Visibility storage.Visibility `json:"visibility,omitempty"`
	// RefreshService makes the badge name the service that a renewal of it can be
	// had from (1EdTechCredentialRefresh). Some verifiers ask it whenever they
	// check the badge, which tells the issuer of every check.
	RefreshService bool `json:"refreshService,omitempty"`
}

// Recipient is who gets the badge: by e-mail address or by id, not both.
type Recipient struct {
	// Email becomes a salted SHA-256 IdentityObject, and the subject a random
	// urn:uuid. What is hashed is the address trimmed and in lower case; it
	// does not stand in the badge.
	Email string `json:"email,omitempty"`
	// ID is a DID or another URI and becomes the subject's id.
	ID string `json:"id,omitempty"`
	// Name is optional. It goes into the badge in the clear, trimmed and with
	// single spaces, as an IdentityObject of type name: whoever gives it wants
	// readers to see whose badge it is.
	Name string `json:"name,omitempty"`
}

// Award is the answer to a Request.
type Award struct {
	ID    string        `json:"id"`
	URL   string        `json:"url"`
	State storage.State `json:"state"`
}

// signingTime bounds what happens between reservation and commitment. It is
// shorter than the lease of the idempotency key.
const signingTime = idempotencyLease / 2

// Award issues one badge, once. It returns when the signed badge is stored.
//
// Errors: *InvalidError with paths into the Request as JSON; storage.ErrNotFound
// for an achievement that the tenant does not have; storage.ErrErased when the
// recipient's data was erased while the badge was in the making;
// storage.ErrInFlight and ErrMismatch for the idempotency key, whose replay
// returns the first answer; ErrSelfCheck; keys.ErrNoSigningKey. After an error
// nothing was released; asking again with the same idempotency key completes
// what was begun.
func (s *Service) Award(ctx context.Context, caller Caller, request Request) (Award, error) {
	if answer, done, err := s.answered(ctx, caller); done {
		caller.Idempotency.Replayed = err == nil
		return answer, err
	}
	prepared, err := s.prepare(ctx, caller.Tenant, request)
	if err != nil {
		return Award{}, err
	}
	return s.make(ctx, caller, prepared)
}

// make issues what was prepared.
func (s *Service) make(ctx context.Context, caller Caller, prepared prepared) (Award, error) {
	reserved, err := s.reserve(ctx, caller, prepared)
	if answer, ok := replayed(err); ok {
		caller.Idempotency.Replayed = true
		return answer, nil
	}
	if err != nil {
		return Award{}, err
	}
	// The index is spent. A caller that goes away now does not waste it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signingTime)
	defer cancel()
	answer, err := s.complete(ctx, caller, prepared, reserved)
	if err != nil {
		// The next request with this idempotency key may go on at once. Where
		// that cannot be stored, its lease runs out.
		abandoned := s.store.AbandonCredential(ctx, s.act(Caller{Actor: caller.Actor}, nil), caller.Tenant, reserved.Credential.ID)
		if errors.Is(abandoned, storage.ErrConflict) {
			abandoned = nil // it was committed, or revoked, after all
		}
		return Award{}, errors.Join(err, abandoned)
	}
	return answer, nil
}

// answered looks for the answer of an earlier request before this one is
// judged: what was right then may be too late now.
func (s *Service) answered(ctx context.Context, caller Caller) (answer Award, done bool, err error) {
	i := caller.Idempotency
	if i == nil {
		return Award{}, false, nil
	}
	record, err := s.store.Idempotency(ctx, caller.Tenant, i.Space, i.Key)
	if err != nil || !record.Done || record.Body != i.Body || !s.clock().Before(record.Expires) {
		return Award{}, false, nil // the reservation has the last word on each of these
	}
	answer, ok := replayed(&storage.ReplayError{Record: record})
	if !ok {
		return Award{}, true, fmt.Errorf("reading idempotency record: %w", storage.ErrMismatch)
	}
	return answer, true, nil
}

// replayed reads the answer of the first request with an idempotency key.
func replayed(err error) (Award, bool) {
	var replay *storage.ReplayError
	var answer Award
	ok := errors.As(err, &replay) && json.Unmarshal(replay.Record.Answer, &answer) == nil && answer.ID != ""
	return answer, ok
}

// prepared is a request that has been judged.
type prepared struct {
	draft
	tenant     storage.Tenant
	achieved   storage.Achievement
	recipient  Recipient // normalised
	visibility storage.Visibility
	signing    keys.Signing
	replaces   *storage.Replacement // nil for a badge that replaces none
	pattern    *pattern
	opened     *openedKey // of the recipient; nil where it is not kept
}

// prepare judges everything about a request that can be judged before an index
// is spent: also that there is a key to sign with.
func (s *Service) prepare(ctx context.Context, tenant string, request Request) (p prepared, err error) {
	if p.tenant, err = s.store.Tenant(ctx, tenant); err != nil {
		return p, err
	}
	id := strings.TrimPrefix(request.Achievement, s.base.achievement(""))
	if p.achieved, err = s.store.Achievement(ctx, tenant, id, 0); err != nil {
		return p, err
	}
	s.describe(&p)
	p.opened = new(openedKey)
	if err = s.compose(&p, request); err != nil {
		return p, err
	}
	if !p.plain() || !p.pattern.judged.Load() {
		if err = s.judge(ctx, p.unsigned(), toRequest); err != nil {
			return p, err
		}
		if p.plain() {
			p.pattern.judged.Store(true)
		}
	}
	if err = s.name(&p); err != nil {
		return p, err
	}
	p.signing, err = s.ring.Signing(ctx, tenant)
	return p, err
}

// plain reports whether a badge is good whenever another plain one of its pattern
// is: an address is hashed, a name is a text, the times are in their order, and
// there is nothing else that is its own. What is signed is looked at as a whole
// in any case; see selfCheck.
func (p *prepared) plain() bool {
	return p.recipient.ID == "" && len(p.evidence) == 0 && !p.refresh && (p.validUntil.IsZero() || !p.validUntil.Before(p.validFrom))
}

// toRequest leads from paths in a badge to those in a Request.
var toRequest = rebase(
	"/credentialSubject/id", "/recipient/id",
	"/credentialSubject/identifier", "/recipient",
	"/credentialSubject/achievement", "/achievement",
	"/name", "/achievement/name")

// compose takes over what is this request's own.
func (s *Service) compose(p *prepared, request Request) (err error) {
	if p.recipient, err = normalizeRecipient(request.Recipient); err != nil {
		return err
	}
	if err = s.terms(p, request); err != nil {
		return err
	}
	p.identifiers, err = s.identifiers(p.recipient)
	p.subject = p.recipient.ID
	return err
}

// name gives a subject without an id one of its own.
func (s *Service) name(p *prepared) (err error) {
	if p.subject == "" {
		p.subject, err = s.newUUID()
	}
	return err
}

// describe puts issuer and achievement into the draft.
func (s *Service) describe(p *prepared) {
	p.pattern = s.pattern(p.tenant, p.achieved)
	p.issuer, p.draft.achievement, p.name = p.pattern.profile, p.pattern.document, p.pattern.name
}

// terms takes over dates, evidence and visibility.
func (s *Service) terms(p *prepared, request Request) error {
	now := s.clock()
	p.validFrom, p.validUntil, p.awardedDate = request.ValidFrom, request.ValidUntil, request.AwardedDate
	if p.validFrom.IsZero() {
		p.validFrom = now
	}
	for _, date := range [...]struct {
		path string
		time *time.Time
	}{{"/validFrom", &p.validFrom}, {"/validUntil", &p.validUntil}, {"/awardedDate", &p.awardedDate}} {
		*date.time = date.time.UTC().Truncate(time.Second)
		if year := date.time.Year(); year > 9999 || year < 1 {
			return fault(date.path, "date_time_malformed")
		}
	}
	if !p.validUntil.IsZero() && !now.Before(p.validUntil) {
		return fault("/validUntil", "period_past")
	}
	for i, evidence := range request.Evidence {
		whole, err := completed(evidence, "", "Evidence")
		var invalid *InvalidError
		if errors.As(err, &invalid) {
			for j := range invalid.Violations {
				invalid.Violations[j].Path = "/evidence/" + decimal(i) + invalid.Violations[j].Path
			}
		}
		if err != nil {
			return err
		}
		p.evidence = append(p.evidence, whole)
	}
	p.refresh = request.RefreshService
	p.visibility = cmp.Or(request.Visibility, storage.VisibilityLink)
	if !knownVisibility(p.visibility) {
		return fault("/visibility", "visibility_unknown")
	}
	return nil
}

// reserve spends an index on a request. Where the request was begun before, it
// returns what was reserved then.
func (s *Service) reserve(ctx context.Context, caller Caller, p prepared) (storage.Reserved, error) {
	id, err := s.newID()
	if err != nil {
		return storage.Reserved{}, err
	}
	var reserved storage.Reserved
	for range 5 { // two first badges of one person, or an erasure, at the same time
		var r storage.Reservation
		if r, err = s.reservation(ctx, caller, id, p); err != nil {
			return storage.Reserved{}, err
		}
		reserved, err = s.store.ReserveCredential(ctx, r)
		if !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrErased) {
			break
		}
	}
	return reserved, err
}

// reservation asks for a credential of an id for whoever the recipient is in
// the store at the moment.
func (s *Service) reservation(ctx context.Context, caller Caller, id string, p prepared) (storage.Reservation, error) {
	holder, err := s.holder(ctx, caller.Tenant, p)
	if err != nil {
		return storage.Reservation{}, err
	}
	sealed, err := s.sealRecipient(id, holder, p)
	purposes := []string{storage.PurposeRevocation}
	if s.suspension {
		purposes = append(purposes, storage.PurposeSuspension)
	}
	return storage.Reservation{
		Act: s.act(caller, nil), Tenant: caller.Tenant, ID: id,
		Achievement: p.achieved.ID, AchievementVersion: p.achieved.Version,
		Subject: holder, Recipient: sealed, Purposes: purposes,
		Visibility: p.visibility, ValidUntil: p.validUntil,
	}, err
}

// complete signs what was reserved and stores it.
func (s *Service) complete(ctx context.Context, caller Caller, p prepared, reserved storage.Reserved) (Award, error) {
	record := reserved.Credential
	if reserved.Resumed && record.AchievementVersion != p.achieved.Version {
		var err error
		if p.achieved, err = s.store.Achievement(ctx, caller.Tenant, record.Achievement, record.AchievementVersion); err != nil {
			return Award{}, err
		}
		s.describe(&p)
	}
	issuance, err := s.issuance(ctx, caller, p, reserved)
	if err != nil {
		return Award{}, err
	}
	answer := Award{ID: record.ID, URL: s.base.credential(record.ID), State: storage.StateIssued}
	if issuance.Answer, err = json.Marshal(answer); err != nil {
		return Award{}, err
	}
	_, err = s.store.CommitCredential(ctx, issuance)
	return answer, err
}

// issuance signs what was reserved, looks at the result with a stranger's eyes, and
// seals it.
func (s *Service) issuance(ctx context.Context, caller Caller, p prepared, reserved storage.Reserved) (storage.Issuance, error) {
	record := reserved.Credential
	p.id, p.status, p.base = s.base.credential(record.ID), record.Status, s.base
	signed, err := s.suites.Sign(ctx, p.unsigned(), p.signing.Signer, dataintegrity.Options{
		VerificationMethod: p.tenant.DID + "#" + p.signing.Fragment, Created: s.clock(),
	})
	if err != nil {
		return storage.Issuance{}, fmt.Errorf("signing credential: %w", err)
	}
	if err := s.selfCheck(ctx, signed, p.validFrom); err != nil {
		return storage.Issuance{}, err
	}
	sealed, digest, err := s.sealBadge(record, reserved.Subject, p, signed)
	return storage.Issuance{
		Act: s.act(Caller{Actor: caller.Actor}, nil), Tenant: caller.Tenant, ID: record.ID,
		Key: p.signing.Fragment, Signed: sealed, Frame: p.pattern.frame, Digest: digest, Replaces: p.replaces,
	}, err
}
