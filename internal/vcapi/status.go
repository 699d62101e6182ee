package vcapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"laurel/credential/schema"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
)

// TimeResult is one end of a validity period.
type TimeResult struct {
	Value string `json:"value"`
	Valid bool   `json:"valid"`
}

// StatusResult is what a status list says.
type StatusResult struct {
	Purpose string `json:"statusPurpose"`
	// Status is the value in hexadecimal, "0x0" for one that is not set.
	Status string `json:"status,omitempty"`
	Valid  bool   `json:"valid"`
}

// listLife is how long a status list credential lasts; it is made anew at half
// of it.
const listLife = 24 * time.Hour

// list is a status list of an instance.
type list struct {
	purpose, url string

	mu     sync.Mutex
	bits   *statuslist.List
	taken  map[int]bool
	signed []byte
	made   time.Time
}

func newList(purpose, url string) (*list, error) {
	bits, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		return nil, err
	}
	return &list{purpose: purpose, url: url, bits: bits, taken: make(map[int]bool)}, nil
}

func (i *Instance) listURL(purpose string) string { return i.config.URL + "/status-lists/" + purpose }

// take reserves an index that says nothing about when it was taken.
func (l *list) take() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.taken) >= l.bits.Len()/2 {
		return 0, invalid(Problem{Type: rangeError, Title: "The status list is full."})
	}
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(l.bits.Len())))
		if err != nil {
			return 0, err
		}
		if index := int(n.Int64()); !l.taken[index] {
			l.taken[index] = true
			return index, nil
		}
	}
}

// withStatus returns a credential with the status entries of the policy beside
// those that it has, and the indexes by purpose.
func (i *Instance) withStatus(credential strictjson.Value) (document []byte, indexes map[string]int, err error) {
	document = credential.Document().Bytes()
	purposes := i.config.Policy.StatusPurposes
	if len(purposes) == 0 {
		return document, nil, nil
	}
	indexes = make(map[string]int, len(purposes))
	var entries []string
	for existing := range credential.Get("credentialStatus").OneOrMany() {
		entries = append(entries, string(existing.Raw()))
	}
	for _, purpose := range purposes {
		l := i.lists[purpose]
		index, err := l.take()
		if err != nil {
			return nil, nil, err
		}
		indexes[purpose] = index
		entry, err := json.Marshal(struct {
			ID         string `json:"id"`
			Type       string `json:"type"`
			Purpose    string `json:"statusPurpose"`
			Index      string `json:"statusListIndex"`
			Credential string `json:"statusListCredential"`
		}{l.url + "#" + strconv.Itoa(index), "BitstringStatusListEntry", purpose, strconv.Itoa(index), l.url})
		if err != nil {
			return nil, nil, fmt.Errorf("writing status entry: %w", err)
		}
		entries = append(entries, string(entry))
	}
	value := entries[0]
	if len(entries) > 1 {
		value = "[" + strings.Join(entries, ",") + "]"
	}
	document = with(credential, "credentialStatus", value)
	if version, _, err := schema.Identify(credential); err != nil || version != schema.V1 {
		return document, indexes, nil
	}
	// Version 1.1 does not know status lists by itself.
	made, err := alone(document)
	if err != nil {
		return nil, nil, err
	}
	context := made.Get("@context")
	for known := range context.Elements() {
		if known.Is(statusContext) {
			return document, indexes, nil
		}
	}
	list := strings.TrimSuffix(string(context.Raw()), "]") + "," + quoted(statusContext) + "]"
	return with(made, "@context", list), indexes, nil
}

// statusContext defines the terms of status entries for version 1.1.
const statusContext = "https://www.w3.org/ns/credentials/status/v1"

// SetStatus changes the status of a credential that was issued here:
// {credentialId, credentialStatus{type, statusPurpose}, status}. A status that is
// not given is set. What is revoked stays revoked. The error is an *Error.
func (i *Instance) SetStatus(_ context.Context, body []byte) error {
	r, err := i.read(body, nil)
	if err != nil {
		return err
	}
	id, entry := r.root.Get("credentialId"), r.root.Get("credentialStatus")
	switch {
	case id.Kind() != strictjson.String || id.Is(""):
		return malformedRequest("/credentialId", "This is not a text.")
	case entry.Kind() != strictjson.Object:
		return malformedRequest("/credentialStatus", "This is not an object.")
	case entry.Get("type").Exists() && !entry.Get("type").Is("BitstringStatusListEntry"):
		return malformedRequest("/credentialStatus/type", "This type of status is not known here.")
	}
	set := true
	if status, ok := r.root.Member("status"); ok {
		if set = status.Bool(); status.Kind() != strictjson.Bool {
			return malformedRequest("/status", "This is neither true nor false.")
		}
	}
	issued, err := i.issued.of(id.Text())
	if err != nil {
		return err
	}
	purpose := entry.Get("statusPurpose").Text()
	index, ok := issued.indexes[purpose]
	switch {
	case !ok:
		return malformedRequest("/credentialStatus/statusPurpose", "The credential has no status of this purpose.")
	case !set && purpose == statuslist.Revocation:
		return malformedRequest("/status", "What is revoked stays revoked.")
	}
	l := i.lists[purpose]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signed = nil
	return l.bits.Set(index, set)
}

// of is get for what may have been deleted.
func (s *issued) of(id string) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.records[id]; ok {
		return r, nil
	}
	return record{}, &Error{ErrNotFound, []Problem{{Type: "about:blank", Title: "There is no credential of this id."}}}
}

// StatusList returns the status list credential of a purpose, signed. The error
// unwraps to ErrNotFound for a purpose without one.
func (i *Instance) StatusList(ctx context.Context, purpose string) ([]byte, error) {
	l, ok := i.lists[purpose]
	if !ok {
		return nil, &Error{ErrNotFound, []Problem{{Type: "about:blank", Title: "There is no status list of this name."}}}
	}
	now := i.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.signed != nil && now.Sub(l.made) < listLife/2 && !now.Before(l.made) {
		return l.signed, nil
	}
	from := now.Truncate(time.Second).Add(-time.Minute)
	unsigned, err := statuslist.Credential(l.bits, statuslist.Options{
		URL: l.url, Issuer: json.RawMessage(quoted(i.config.Issuer)), Purposes: []string{purpose},
		ValidFrom: from, ValidUntil: from.Add(listLife), TTL: time.Minute,
	})
	if err != nil {
		return nil, err
	}
	proof, err := i.config.Proofs[0].present(ctx)
	if err != nil {
		return nil, err
	}
	if l.signed, err = i.suites.Sign(ctx, unsigned, proof.Signer, proof.options(now)); err != nil {
		l.signed = nil
		return nil, fmt.Errorf("signing status list: %w", err)
	}
	l.made = now
	return l.signed, nil
}

// validity looks at the validity period. A period that does not hold is a
// warning: the credential is as secured as it was.
func (e *examination) validity() {
	from, until := "validFrom", "validUntil"
	if version, _, err := schema.Identify(e.document); err == nil && version == schema.V1 {
		from, until = "issuanceDate", "expirationDate"
	}
	if t, _, err := schema.ParseDateTimeStamp(e.document.Get(from).Text()); err == nil {
		e.results.ValidFrom = &TimeResult{e.document.Get(from).Text(), !e.expect.Now.Before(t)}
		if !e.results.ValidFrom.Valid {
			e.warnings = append(e.warnings, Problem{rangeError, "The credential is not valid yet.", "", "/" + from})
		}
	}
	if t, _, err := schema.ParseDateTimeStamp(e.document.Get(until).Text()); err == nil {
		e.results.ValidUntil = &TimeResult{e.document.Get(until).Text(), !e.expect.Now.After(t)}
		if !e.results.ValidUntil.Valid {
			e.warnings = append(e.warnings, Problem{rangeError, "The credential has expired.", "", "/" + until})
		}
	}
}

// status looks at the status lists, where that is wanted. The error is that of
// ctx.
func (e *examination) status() error {
	member := e.document.Get("credentialStatus")
	if !e.expect.status || !member.Exists() {
		return nil
	}
	entries, err := statuslist.ParseEntry(member)
	if err != nil {
		e.found(problemOf(err, malformedValue, titleMalformed))
		return nil
	}
	for _, entry := range entries {
		if err := e.entry(entry); err != nil {
			return err
		}
	}
	return nil
}

// found notes what is wrong with the status, by the policy as a reason or as a
// warning.
func (e *examination) found(p Problem) {
	if e.config.Policy.StatusDecides {
		e.fail(p)
		return
	}
	e.warnings = append(e.warnings, p)
}

// entry looks one status up.
func (e *examination) entry(entry statuslist.Entry) error {
	path := entry.Value.Pointer()
	if entry.Kind != statuslist.Bitstring && entry.Kind != statuslist.StatusList2021 {
		// VC-JOSE-COSE §3.1 and VC Data Model leave other types to those who know
		// them: it cannot be found out.
		e.found(Problem{statusVerification, "The type of status is not known here.", "", path})
		return nil
	}
	result := StatusResult{Purpose: clip(entry.StatusPurpose)}
	status, problem, err := e.lookUp(entry)
	if err != nil {
		return err
	}
	takesValidity := entry.StatusPurpose == statuslist.Revocation || entry.StatusPurpose == statuslist.Suspension
	switch {
	case problem != nil:
		problem.Path = path
		e.found(*problem)
	case status.Set() && takesValidity:
		result.Status = "0x" + strconv.FormatUint(status.Value, 16)
		e.found(Problem{statusVerification, "The credential is withdrawn.", "Its status is set for the purpose " + entry.StatusPurpose + ".", path})
	default:
		result.Status, result.Valid = "0x"+strconv.FormatUint(status.Value, 16), true
	}
	e.results.Status = append(e.results.Status, result)
	return nil
}

// lookUp reads the status of an entry in its list, after the list was verified
// like a credential. The error is that of ctx.
func (e *examination) lookUp(entry statuslist.Entry) (statuslist.Status, *Problem, error) {
	failed := func(err error, kind, title string) (statuslist.Status, *Problem, error) {
		p := problemOf(err, kind, title)
		return statuslist.Status{}, &p, e.ctx.Err()
	}
	data, err := e.listAt(entry.StatusListCredential)
	if err != nil {
		return failed(err, statusRetrieval, "The status list cannot be had.")
	}
	root, err := alone(data)
	if err != nil {
		return failed(err, statusVerification, "The status list is not verified.")
	}
	examined := &examination{Instance: e.Instance, ctx: e.ctx, document: root, expect: expectation{Expect: e.expect.Expect}}
	examined.expect.Challenge, examined.expect.Domain, examined.expect.Purpose = "", nil, ""
	if err := examined.conform(); err != nil {
		return statuslist.Status{}, nil, err
	}
	if err := examined.proofs(); err != nil {
		return statuslist.Status{}, nil, err
	}
	if len(examined.problems) > 0 {
		p := Problem{Type: statusVerification, Title: "The status list is not verified.", Detail: examined.problems[0].Title}
		return statuslist.Status{}, &p, nil
	}
	parsed, err := statuslist.ParseListCredential(root)
	if err == nil {
		err = parsed.ValidAt(e.expect.Now)
	}
	if err != nil {
		return failed(err, statusVerification, "The status list is not verified.")
	}
	status, err := parsed.Status(entry)
	if err != nil {
		return failed(err, statusVerification, "The status list does not answer for the credential.")
	}
	return status, nil, nil
}

// listAt gets a status list, its own from where it is made.
func (e *examination) listAt(url string) ([]byte, error) {
	if purpose, ours := strings.CutPrefix(url, e.listURL("")); ours && slices.Contains(e.config.Policy.StatusPurposes, purpose) {
		return e.StatusList(e.ctx, purpose)
	}
	if e.config.Lists == nil {
		return nil, fmt.Errorf("%w: no lists of others", ErrNotFound)
	}
	return e.config.Lists.StatusList(e.ctx, url)
}
