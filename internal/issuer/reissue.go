package issuer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"laurel/credential"
	"laurel/internal/envelope"
	"laurel/storage"
)

// Reissue asks for a new badge in the place of another: to correct it, or to
// renew it before it ends. What is zero is as in the badge that it replaces. The
// json names are those of the operators' API.
type Reissue struct {
	// AchievementVersion is that of the same achievement.
	AchievementVersion int `json:"achievementVersion,omitempty"`
	// Recipient with a name alone has the same address or id as before.
	Recipient *Recipient `json:"recipient,omitempty"`
	// ValidFrom is now when zero.
	ValidFrom   time.Time         `json:"validFrom,omitzero"`
	ValidUntil  time.Time         `json:"validUntil,omitzero"`
	AwardedDate time.Time         `json:"awardedDate,omitzero"`
	Evidence    []json.RawMessage `json:"evidence,omitempty"` // nil: as in the other
	// Visibility and RefreshService are those of a Request.
	Visibility     storage.Visibility `json:"visibility,omitempty"`
	RefreshService *bool              `json:"refreshService,omitempty"`
	// Linked lets the public find the new badge from the old one and back. Left
	// out, it does where the recipient's address or id is the same: whoever has
	// the old badge must not be led to another person's.
	Linked *bool `json:"linked,omitempty"`
	// Revoke revokes the old badge in the transaction that issues the new one. Its
	// State is not looked at.
	Revoke *Change `json:"-"`
}

// Reissue issues a new badge in the place of another, once. The two refer to each
// other from then on. A badge that was revoked can be replaced too, one that was
// replaced cannot: its replacement can.
//
// Errors are those of Award with paths into the Reissue as JSON, and of the badge
// to be replaced storage.ErrNotFound, storage.ErrConflict when it is not issued
// yet or was replaced before, and storage.ErrErased.
func (s *Service) Reissue(ctx context.Context, caller Caller, id string, request Reissue) (Award, error) {
	if answer, done, err := s.answered(ctx, caller); done {
		caller.Idempotency.Replayed = err == nil
		return answer, err
	}
	prepared, err := s.prepareReissue(ctx, caller.Tenant, id, request)
	if err != nil {
		return Award{}, err
	}
	return s.make(ctx, caller, prepared)
}

func (s *Service) prepareReissue(ctx context.Context, tenant, id string, request Reissue) (p prepared, err error) {
	old, err := s.replaceable(ctx, tenant, id)
	if err != nil {
		return p, err
	}
	if p.tenant, err = s.store.Tenant(ctx, tenant); err != nil {
		return p, err
	}
	p.achieved, err = s.store.Achievement(ctx, tenant, old.record.Achievement, cmp.Or(request.AchievementVersion, old.record.AchievementVersion))
	if request.AchievementVersion != 0 && (errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrInvalid)) {
		return p, fault("/achievementVersion", "version_unknown")
	} else if err != nil {
		return p, err
	}
	s.describe(&p)
	if err = s.compose(&p, old.request(request)); err != nil {
		return p, err
	}
	same := p.recipient.Email == old.recipient.Email && p.recipient.ID == old.recipient.ID
	if same {
		p.subject = old.badge.AchievementCredential().CredentialSubject.ID
	}
	p.replaces = &storage.Replacement{ID: old.record.ID, Linked: same}
	if request.Linked != nil {
		p.replaces.Linked = *request.Linked
	}
	if revoke := request.Revoke; revoke != nil {
		if err = revoke.check(); err != nil {
			return p, within("/revoke", err)
		}
		p.replaces.Revoke, p.replaces.Reason, p.replaces.Wording = true, revoke.Reason, revoke.Wording
	}
	if err = s.judge(ctx, p.unsigned(), toRequest); err != nil {
		return p, err
	}
	if err = s.name(&p); err != nil {
		return p, err
	}
	p.signing, err = s.ring.Signing(ctx, tenant)
	return p, err
}

// original is a badge that is to be replaced.
type original struct {
	record    storage.Credential
	badge     *credential.Credential
	recipient Recipient // as it was asked for
}

// replaceable reads a badge that is to be replaced.
func (s *Service) replaceable(ctx context.Context, tenant, id string) (o original, err error) {
	o.record, err = s.store.Credential(ctx, tenant, id)
	switch {
	case err != nil:
		return o, err
	case o.record.Instance != "":
		return o, fmt.Errorf("reissuing: %w: not an award", storage.ErrNotFound)
	case !o.record.Erased.IsZero():
		return o, fmt.Errorf("reissuing: %w", storage.ErrErased)
	case o.record.Issued.IsZero():
		return o, fmt.Errorf("reissuing what is not issued: %w", storage.ErrConflict)
	case o.record.ReplacedBy != "":
		return o, fmt.Errorf("reissuing what is replaced: %w", storage.ErrConflict)
	}
	signed, err := s.openSigned(ctx, o.record)
	if err != nil {
		return o, err
	}
	if o.badge, err = credential.Parse(signed); err != nil {
		return o, fmt.Errorf("reissuing: %w: %w", storage.ErrCorrupt, err)
	}
	o.recipient, err = s.openRecipient(ctx, o.record)
	return o, err
}

// CheckRecipient makes sure that what is known of an award's recipient opens.
// Errors: storage.ErrNotFound, storage.ErrErased and, also where it is missing,
// storage.ErrCorrupt.
func (s *Service) CheckRecipient(ctx context.Context, tenant, id string) error {
	record, err := s.store.Credential(ctx, tenant, id)
	if err != nil {
		return err
	}
	_, err = s.openRecipient(ctx, record)
	return err
}

// openRecipient unseals what the institution knows of a recipient.
func (s *Service) openRecipient(ctx context.Context, record storage.Credential) (r Recipient, err error) {
	holder, err := s.store.SubjectKey(ctx, record.Tenant, record.Subject)
	if err != nil {
		return r, fmt.Errorf("opening recipient: %w", err)
	}
	if !holder.Erased.IsZero() {
		return r, fmt.Errorf("opening recipient: %w", storage.ErrErased)
	}
	key, err := s.envelope.Unwrap(record.Tenant, holder.ID, holder.Wrapped)
	if err != nil {
		return r, fmt.Errorf("opening recipient: %w: %w", storage.ErrCorrupt, err)
	}
	plain, err := key.Open(envelope.Place{Tenant: record.Tenant, Record: record.ID, Field: fieldRecipient}, record.Recipient)
	if err == nil {
		err = json.Unmarshal(plain, &r)
	}
	if err != nil {
		return Recipient{}, fmt.Errorf("opening recipient: %w: %w", storage.ErrCorrupt, err)
	}
	return r, nil
}

// request fills what a reissue leaves out from the badge that it replaces.
func (o original) request(r Reissue) Request {
	request := Request{
		Recipient: o.recipient, ValidFrom: r.ValidFrom, ValidUntil: r.ValidUntil, AwardedDate: r.AwardedDate,
		Evidence: r.Evidence, Visibility: cmp.Or(r.Visibility, o.record.Visibility),
		RefreshService: o.badge.Value().Get("refreshService").Exists(),
	}
	switch given := r.Recipient; {
	case given == nil:
	case given.Email == "" && given.ID == "" && given.Name != "":
		request.Recipient.Name = given.Name
	default:
		request.Recipient = *given
	}
	if r.RefreshService != nil {
		request.RefreshService = *r.RefreshService
	}
	if request.ValidUntil.IsZero() {
		request.ValidUntil, _ = o.badge.ValidUntil() // our own badges have good dates
	}
	if request.AwardedDate.IsZero() {
		request.AwardedDate, _ = o.badge.AwardedDate()
	}
	if request.Evidence == nil {
		for evidence := range o.badge.Value().Get("evidence").OneOrMany() {
			request.Evidence = append(request.Evidence, evidence.Raw())
		}
	}
	return request
}

// longestChain bounds how many replacements are followed in one request.
const longestChain = 1000

// CurrentCredential returns the badge that is now in the place of the one with
// this id: the last of its replacements that the public may be led to and whose
// validity has begun, or that badge itself. Who may see what is as in Credential.
func (s *Service) CurrentCredential(ctx context.Context, id string) (Credential, error) {
	current, err := s.Credential(ctx, id)
	if err != nil {
		return Credential{}, err
	}
	for range longestChain {
		next, ok, err := s.neighbour(ctx, current, current.ReplacedBy)
		if err != nil {
			return Credential{}, err
		}
		if !ok || !next.Linked || !s.begun(next) {
			break
		}
		current = next
	}
	return current, nil
}

// begun reports whether the validity of a badge has begun.
func (s *Service) begun(c Credential) bool {
	badge, err := credential.Parse(c.Signed)
	if err != nil {
		return false
	}
	from, err := badge.ValidFrom()
	return err == nil && !s.clock().Before(from)
}

// Neighbours are the URLs of the badges before and after one, as far as the
// public may be led to them; "" otherwise.
func (s *Service) Neighbours(ctx context.Context, c Credential) (older, newer string, err error) {
	before, ok, err := s.neighbour(ctx, c, c.Replaces)
	if err != nil {
		return "", "", err
	}
	if ok && c.Linked {
		older = before.URL
	}
	after, ok, err := s.neighbour(ctx, c, c.ReplacedBy)
	if err != nil {
		return "", "", err
	}
	if ok && after.Linked {
		newer = after.URL
	}
	return older, newer, nil
}

// neighbour reads the badge of the same issuer that another refers to. ok is
// false when the public may not see it.
func (s *Service) neighbour(ctx context.Context, c Credential, id string) (found Credential, ok bool, err error) {
	if id == "" {
		return Credential{}, false, nil
	}
	found, err = s.Credential(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrErased) {
		return Credential{}, false, nil
	}
	return found, err == nil && found.Tenant == c.Tenant, err
}
