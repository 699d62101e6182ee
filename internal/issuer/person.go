package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laurel/credential/jose"
	"laurel/storage"
)

// WhoIs names a person by one of its members. The json names are those of the
// operators' API.
type WhoIs struct {
	// Email and ID are as in a Recipient.
	Email string `json:"email,omitempty"`
	ID    string `json:"id,omitempty"`
	// Credential is the id of one of the person's badges.
	Credential string `json:"credential,omitempty"`
	// Subject is the id under which the institution keeps the person.
	Subject string `json:"subject,omitempty"`
}

// Person is somebody who has badges of a tenant, as far as can be said without
// saying who.
type Person struct {
	// Subject is a random id; it says nothing outside of the installation.
	Subject string
	Since   time.Time
	// Erased is when the person was erased, zero while there are data.
	Erased time.Time
	// Credentials are all awards to the person, the newest first, without bytes.
	Credentials []Credential
}

// FindPerson finds a person of a tenant. Errors: *InvalidError for none or more
// than one name; storage.ErrNotFound, also for who was erased and is named by
// address or id: those are forgotten.
func (s *Service) FindPerson(ctx context.Context, tenant string, who WhoIs) (Person, error) {
	holder, err := s.subjectOf(ctx, tenant, who)
	if err != nil {
		return Person{}, err
	}
	person := Person{Subject: holder.ID, Since: holder.Created, Erased: holder.Erased}
	for cursor, more := "", true; more; more = cursor != "" {
		var page []Credential
		page, cursor, err = s.Credentials(ctx, tenant, storage.CredentialFilter{Subject: holder.ID}, storage.Page{Limit: storage.PageLimit, Cursor: cursor})
		if err != nil {
			return Person{}, err
		}
		person.Credentials = append(person.Credentials, page...)
	}
	return person, nil
}

func (s *Service) subjectOf(ctx context.Context, tenant string, who WhoIs) (storage.SubjectKey, error) {
	given := 0
	for _, name := range []string{who.Email, who.ID, who.Credential, who.Subject} {
		if name != "" {
			given++
		}
	}
	if given != 1 {
		return storage.SubjectKey{}, fault("", "person_unnamed")
	}
	switch {
	case who.Subject != "":
		return s.store.SubjectKey(ctx, tenant, who.Subject)
	case who.Credential != "":
		record, err := s.store.Credential(ctx, tenant, who.Credential)
		if err != nil {
			return storage.SubjectKey{}, err
		}
		return s.store.SubjectKey(ctx, tenant, record.Subject)
	}
	lookup, err := s.lookupOf(tenant, who)
	if err != nil {
		return storage.SubjectKey{}, err
	}
	return s.store.LookupSubject(ctx, tenant, lookup)
}

// Name is an address or an id by which a person is known, as it was given or as
// it is told apart, and its Lookup.
type Name struct {
	Text   string
	Lookup []byte
}

// Names are all names of a person that are known: the one that is given, and
// those in what was told for badges. Somebody who is unknown has the one that is
// given. Errors: as FindPerson, but storage.ErrNotFound only for who is named by
// credential or subject.
func (s *Service) Names(ctx context.Context, tenant string, who WhoIs) ([]Name, error) {
	var names []Name
	add := func(r Recipient) {
		if known, err := normalizeRecipient(Recipient{Email: r.Email, ID: r.ID}); err == nil {
			names = append(names, Name{known.Email + known.ID, s.lookup(tenant, known)})
		}
	}
	person, err := s.FindPerson(ctx, tenant, who)
	unknown := errors.Is(err, storage.ErrNotFound) && who.Email+who.ID != ""
	if err != nil && !unknown {
		return nil, err
	}
	add(Recipient{Email: who.Email, ID: who.ID})
	if unknown || !person.Erased.IsZero() {
		return names, nil
	}
	for _, c := range person.Credentials {
		record, err := s.store.Credential(ctx, tenant, c.ID)
		if err != nil {
			return nil, err
		}
		if record.Recipient == nil {
			continue
		}
		recipient, err := s.openRecipient(ctx, record)
		if err != nil {
			return nil, err
		}
		add(recipient)
	}
	slices.SortFunc(names, func(a, b Name) int { return strings.Compare(a.Text, b.Text) })
	return slices.CompactFunc(names, func(a, b Name) bool { return a.Text == b.Text }), nil
}

func (s *Service) lookupOf(tenant string, who WhoIs) ([]byte, error) {
	recipient, err := normalizeRecipient(Recipient{Email: who.Email, ID: who.ID})
	if err != nil {
		return nil, fault("", "person_unnamed")
	}
	return s.lookup(tenant, recipient), nil
}

// PersonalData are all data of one person at a tenant (GDPR, articles 15 and
// 20), as JSON that a machine reads.
type PersonalData struct {
	Format   string    `json:"format"`
	Issuer   string    `json:"issuer"`
	Exported time.Time `json:"exported"`
	Subject  string    `json:"subject"`
	Since    time.Time `json:"since"`
	// Badges are all awards, the newest first.
	Badges []PersonalBadge `json:"badges"`
	// Rows are those of files for bulk awards that name the person.
	Rows []PersonalRow `json:"rows,omitempty"`
}

// PersonalRow is a row of a file for a bulk award as far as it is kept.
type PersonalRow struct {
	// Award is the id of the bulk award, Row the number as the spreadsheet
	// shows it.
	Award    string           `json:"award"`
	Row      int              `json:"row"`
	State    storage.RowState `json:"state"`
	Uploaded time.Time        `json:"uploaded"`
	Headings []string         `json:"headings"`
	Cells    []string         `json:"cells"`
}

// PersonalBadge is an award and what is kept with it.
type PersonalBadge struct {
	ID                 string             `json:"id"`
	URL                string             `json:"url"`
	State              storage.State      `json:"state"`
	Visibility         storage.Visibility `json:"visibility"`
	Achievement        string             `json:"achievement"`
	AchievementVersion int                `json:"achievementVersion"`
	Created            time.Time          `json:"created"`
	Issued             time.Time          `json:"issued,omitzero"`
	ValidUntil         time.Time          `json:"validUntil,omitzero"`
	Changed            time.Time          `json:"changed,omitzero"`
	Reason             string             `json:"reason,omitempty"`
	Wording            string             `json:"wording,omitempty"`
	// Recipient is what the institution was told of the person.
	Recipient *Recipient `json:"recipient,omitempty"`
	// Badge is the signed badge byte for byte; of one that is not JSON the text.
	Badge json.RawMessage `json:"badge,omitempty"`
}

const personalFormat = "laurel personal data 1"

// ExportPerson gives out all that is kept of a person, and the rows of files
// that name them, and enters in the record of acts that it did. Errors: as
// FindPerson; storage.ErrErased, and storage.ErrCorrupt rather than leave out what
// is damaged or missing. Somebody without badges is known where there are rows.
func (s *Service) ExportPerson(ctx context.Context, caller Caller, who WhoIs, rows ...PersonalRow) (PersonalData, error) {
	person, err := s.FindPerson(ctx, caller.Tenant, who)
	object := "subject/" + person.Subject
	if errors.Is(err, storage.ErrNotFound) && len(rows) > 0 {
		object, err = "subject/unknown", nil
		person.Since = firstUpload(rows)
	}
	if err != nil {
		return PersonalData{}, err
	}
	if !person.Erased.IsZero() {
		return PersonalData{}, fmt.Errorf("exporting person: %w", storage.ErrErased)
	}
	tenant, err := s.store.Tenant(ctx, caller.Tenant)
	if err != nil {
		return PersonalData{}, err
	}
	now := s.clock().UTC()
	data := PersonalData{
		Format: personalFormat, Issuer: tenant.DID, Exported: now, Subject: person.Subject, Since: person.Since, Badges: []PersonalBadge{}, Rows: rows,
	}
	for _, c := range person.Credentials {
		badge, err := s.personalBadge(ctx, c)
		if err != nil {
			return PersonalData{}, err
		}
		data.Badges = append(data.Badges, badge)
	}
	_, err = s.store.AppendAudit(ctx, storage.AuditEntry{
		Tenant: caller.Tenant, Time: now, Actor: caller.Actor, Action: storage.ActionExportSubject,
		Object: object, Detail: decimal(len(data.Badges)),
	})
	return data, err
}

func firstUpload(rows []PersonalRow) time.Time {
	since := rows[0].Uploaded
	for _, row := range rows {
		if row.Uploaded.Before(since) {
			since = row.Uploaded
		}
	}
	return since
}

func (s *Service) personalBadge(ctx context.Context, c Credential) (PersonalBadge, error) {
	badge := PersonalBadge{
		ID: c.ID, URL: c.URL, State: c.State, Visibility: c.Visibility, Achievement: c.Achievement, AchievementVersion: c.AchievementVersion,
		Created: c.Created, Issued: c.Issued, ValidUntil: c.ValidUntil, Changed: c.Changed, Reason: c.Reason, Wording: c.Wording,
	}
	record, err := s.store.Credential(ctx, c.Tenant, c.ID)
	if err != nil {
		return badge, err
	}
	if record.Recipient != nil || record.Instance == "" { // of an award it is always known
		recipient, err := s.openRecipient(ctx, record)
		if err != nil {
			return badge, err
		}
		badge.Recipient = &recipient
	}
	if record.Signed == nil && record.Issued.IsZero() {
		return badge, nil
	}
	signed, err := s.openSigned(ctx, record)
	if err != nil {
		return badge, err
	}
	if badge.Badge = signed; !json.Valid(signed) {
		badge.Badge, err = json.Marshal(string(signed))
	}
	return badge, err
}

// Receipt says that a person was erased, without saying who.
type Receipt struct {
	Format string `json:"format"`
	// Issuer is the DID of the institution.
	Issuer string `json:"issuer"`
	// Subject is the id under which it kept the person.
	Subject string    `json:"subject"`
	Erased  time.Time `json:"erased"`
	// Credentials are the badges whose contents were destroyed. Their status
	// goes on being published, so that copies that others hold can be checked.
	Credentials []ErasedCredential `json:"credentials"`
	// Rows is in how many rows of files somebody stood who had no badge.
	Rows int `json:"rows,omitempty"`
}

// ErasedCredential is what is left of a badge.
type ErasedCredential struct {
	ID     string                `json:"id"`
	State  storage.State         `json:"state"`
	Status []storage.StatusEntry `json:"status"`
}

// SignedReceipt is a receipt and a compact JWS with the same receipt as its
// payload, under a key of the issuer's. JWS is empty when no key could sign:
// the person is erased nevertheless.
type SignedReceipt struct {
	Receipt Receipt `json:"receipt"`
	JWS     string  `json:"jws,omitempty"`
}

const receiptFormat = "laurel erasure receipt 1"

// ErasePerson destroys the key of a person's data and removes the data: badges,
// what is known of the recipient, rows of bulk awards and e-mails. What is left
// is the record that there were badges, and their status. It cannot be undone.
// A person who was erased before, and is named by credential or subject, gets
// the receipt again. Errors: as FindPerson.
//
// In the file on the disk the removed bytes are noise to whoever has not the
// installation's key, and gone once the store is compacted; in backups they are
// until those run out.
func (s *Service) ErasePerson(ctx context.Context, caller Caller, who WhoIs) (SignedReceipt, error) {
	holder, err := s.subjectOf(ctx, caller.Tenant, who)
	if errors.Is(err, storage.ErrNotFound) && (who.Email != "" || who.ID != "") {
		return SignedReceipt{}, s.eraseUnknown(ctx, caller, who, err)
	}
	if err != nil {
		return SignedReceipt{}, err
	}
	// The receipt is made anew for a repeated request.
	if _, err := s.store.EraseSubject(ctx, s.act(Caller{Actor: caller.Actor}, nil), caller.Tenant, holder.ID); err != nil {
		return SignedReceipt{}, err
	}
	return s.receipt(ctx, caller.Tenant, holder.ID)
}

// eraseUnknown forgets somebody who has no badge, but may stand in a file that
// was uploaded. The answer is that nobody is known by this name, as before.
func (s *Service) eraseUnknown(ctx context.Context, caller Caller, who WhoIs, unknown error) error {
	lookup, err := s.lookupOf(caller.Tenant, who)
	if err != nil {
		return err
	}
	if err := s.store.EraseLookup(ctx, s.act(Caller{Actor: caller.Actor}, nil), caller.Tenant, lookup); err != nil {
		return err
	}
	return unknown
}

func (s *Service) receipt(ctx context.Context, slug, subject string) (SignedReceipt, error) {
	tenant, err := s.store.Tenant(ctx, slug)
	if err != nil {
		return SignedReceipt{}, err
	}
	person, err := s.FindPerson(ctx, slug, WhoIs{Subject: subject})
	if err != nil {
		return SignedReceipt{}, err
	}
	receipt := Receipt{Format: receiptFormat, Issuer: tenant.DID, Subject: subject, Erased: person.Erased, Credentials: []ErasedCredential{}}
	for _, c := range slices.Backward(person.Credentials) {
		record, err := s.store.Credential(ctx, slug, c.ID)
		if err != nil {
			return SignedReceipt{}, err
		}
		receipt.Credentials = append(receipt.Credentials, ErasedCredential{c.ID, c.State, record.Status})
	}
	return s.signReceipt(ctx, tenant, receipt)
}

// RowsReceipt is the receipt for somebody who had no badge, and stood in so many
// rows of files. Its subject is empty.
func (s *Service) RowsReceipt(ctx context.Context, slug string, rows int) (SignedReceipt, error) {
	tenant, err := s.store.Tenant(ctx, slug)
	if err != nil {
		return SignedReceipt{}, err
	}
	return s.signReceipt(ctx, tenant, Receipt{
		Format: receiptFormat, Issuer: tenant.DID, Erased: s.clock().UTC(), Credentials: []ErasedCredential{}, Rows: rows,
	})
}

func (s *Service) signReceipt(ctx context.Context, tenant storage.Tenant, receipt Receipt) (SignedReceipt, error) {
	signed := SignedReceipt{Receipt: receipt}
	key, err := s.ring.Signing(ctx, tenant.Slug)
	if err != nil {
		return signed, nil // the erasure does not depend on it
	}
	payload, err := json.Marshal(receipt)
	if err != nil {
		return signed, err
	}
	// Not every kind of key signs a JWS.
	signed.JWS, _ = jose.Sign(payload, key.Signer, jose.SigningOptions{
		KeyID: tenant.DID + "#" + key.Fragment, Type: "laurel-erasure+jws", Random: s.rand,
	})
	return signed, nil
}
