package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"laurel/credential/schema"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/storage"
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

// withStatus returns a credential with status entries beside those that it has.
func withStatus(credential strictjson.Value, status []json.RawMessage) ([]byte, error) {
	if len(status) == 0 {
		return credential.Document().Bytes(), nil
	}
	var entries []string
	for existing := range credential.Get("credentialStatus").OneOrMany() {
		entries = append(entries, string(existing.Raw()))
	}
	for _, entry := range status {
		entries = append(entries, string(entry))
	}
	value := entries[0]
	if len(entries) > 1 {
		value = "[" + strings.Join(entries, ",") + "]"
	}
	document := with(credential, "credentialStatus", value)
	if version, _, err := schema.Identify(credential); err != nil || version != schema.V1 {
		return document, nil
	}
	// Version 1.1 does not know status lists by itself.
	made, err := alone(document)
	if err != nil {
		return nil, err
	}
	context := made.Get("@context")
	for known := range context.Elements() {
		if known.Is(statusContext) {
			return document, nil
		}
	}
	list := strings.TrimSuffix(string(context.Raw()), "]") + "," + quoted(statusContext) + "]"
	return with(made, "@context", list), nil
}

// statusContext defines the terms of status entries for version 1.1.
const statusContext = "https://www.w3.org/ns/credentials/status/v1"

// SetStatus changes the status of a credential that was issued here:
// {credentialId, credentialStatus{type, statusPurpose}, status}. A status that is
// not given is set. What is revoked stays revoked. The error is an *Error.
func (i *Instance) SetStatus(ctx context.Context, body []byte) error {
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
	err = i.ledger.SetStatus(ctx, actorOf(ctx), id.Text(), entry.Get("statusPurpose").Text(), set)
	switch {
	case errors.Is(err, storage.ErrInvalid):
		return malformedRequest("/credentialStatus/statusPurpose", "The credential has no status of this purpose.")
	case errors.Is(err, storage.ErrConflict):
		return malformedRequest("/status", "What is revoked stays revoked.")
	}
	return ledgerError(err)
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
	if purpose, ours := strings.CutPrefix(url, e.memory.listURL("")); ours && e.memory.lists[purpose] != nil {
		return e.StatusList(e.ctx, purpose)
	}
	if e.config.Lists == nil {
		return nil, fmt.Errorf("%w: no lists of others", ErrNotFound)
	}
	return e.config.Lists.StatusList(e.ctx, url)
}
