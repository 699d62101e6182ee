package verifier

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"laurel/credential"
	"laurel/credential/cose"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
)

const (
	// maxStatusEntries is how many status entries of a credential are looked
	// up.
	maxStatusEntries = 16
	// maxStatusList bounds a status list credential in bytes; more than a
	// badge, because its list may fill a mebibyte before base64.
	maxStatusList = 2 << 20
)

// status looks up whether the issuer has withdrawn the credential. Nothing is
// fetched for a credential that nobody has shown to be the issuer's.
func (e *examination) status() {
	member, given := e.credential.Value().Member("credentialStatus")
	switch {
	case !given && e.isPartial():
		e.add(CodeStatusWithheld, Skipped, "", nil)
		return
	case !given:
		e.add(CodeStatus, Skipped, "", nil)
		return
	}
	if e.trust != verified {
		e.add(CodeStatusUnchecked, Skipped, member.Pointer(), nil)
		return
	}
	entries, err := statuslist.ParseEntry(member)
	switch {
	case err != nil:
		f := statusFault(err)
		f.path = member.Pointer()
		if malformed := (*statuslist.MalformedError)(nil); errors.As(err, &malformed) {
			f.code, f.path = CodeStatusEntryMalformed, malformed.Path
		}
		e.note(*f)
		return
	case len(entries) > maxStatusEntries:
		e.add(CodeStatusTooMany, Indeterminate, member.Pointer(), nil)
		return
	}
	for _, entry := range entries {
		e.statusEntry(entry)
	}
}

// isPartial reports whether the holder may have kept a part of the credential
// back. What the issuer wants every verifier to see it makes mandatory, and
// nobody else can tell that it is missing.
func (e *examination) isPartial() bool {
	if e.withheld {
		return true
	}
	list, _ := dataintegrity.Proofs(e.credential.Value())
	return slices.ContainsFunc(list, isSelective)
}

func isSelective(proof dataintegrity.Proof) bool {
	return proof.Cryptosuite == dataintegrity.ECDSASD2023 || proof.Cryptosuite == dataintegrity.BBS2023
}

// statusEntry looks up one status entry. Revocation and suspension decide, a
// message or the hint at a newer copy does not, and of anything else nobody
// here knows what it means.
func (e *examination) statusEntry(entry statuslist.Entry) {
	path := entry.Value.Pointer()
	params := map[string]string{"purpose": entry.StatusPurpose}
	if entry.Kind == statuslist.RevocationList {
		e.revocationList(entry)
		return
	}
	if entry.Kind != statuslist.Bitstring && entry.Kind != statuslist.StatusList2021 {
		e.add(CodeStatusTypeUnknown, Indeterminate, path, nil)
		return
	}
	switch entry.StatusPurpose {
	case statuslist.Revocation, statuslist.Suspension, statuslist.Message, statuslist.Refresh:
	default:
		e.add(CodeStatusPurposeUnknown, Indeterminate, path, params)
		return
	}
	status, list, fault := e.lookUp(entry)
	set := fault == nil && status.Set()
	if fault == nil && !list.ValidFrom.IsZero() {
		params["asOf"] = format(list.ValidFrom)
	}
	switch {
	case entry.StatusPurpose == statuslist.Message || entry.StatusPurpose == statuslist.Refresh:
		e.statusNote(path, params, status, fault)
	case fault != nil:
		fault.path, fault.params = path, given(map[string]string{"purpose": entry.StatusPurpose, "reason": fault.params["reason"]})
		e.note(*fault)
	case set && entry.StatusPurpose == statuslist.Revocation:
		e.add(CodeRevoked, Failed, path, params)
	case set:
		e.add(CodeSuspended, Failed, path, params)
	case list.ID != "" && list.ID != entry.StatusListCredential:
		// Another list of the same issuer's. That a bit is set in it counts;
		// that none is says nothing about the list that was asked for.
		e.add(CodeStatusListMismatch, Indeterminate, path, nil)
	default:
		e.add(CodeStatus, Passed, path, params)
	}
}

// statusNote reports a status that does not bear on validity.
func (e *examination) statusNote(path string, params map[string]string, status statuslist.Status, fault *finding) {
	switch {
	case fault != nil:
		e.add(CodeStatusNote, Indeterminate, path, params)
	case !status.Set():
		e.add(CodeStatusNote, Skipped, path, params)
	default:
		params["note"] = status.Message
		if status.Message == "" {
			params["note"] = "without words"
		}
		e.add(CodeStatusNote, Passed, path, params)
	}
}

// lookUp reads the status of an entry in its list.
func (e *examination) lookUp(entry statuslist.Entry) (statuslist.Status, *statuslist.ListCredential, *finding) {
	list, fault := e.list(entry.StatusListCredential)
	if fault != nil {
		return statuslist.Status{}, nil, fault
	}
	status, err := list.Status(entry)
	if err != nil {
		return statuslist.Status{}, nil, statusFault(err)
	}
	return status, list, nil
}

// readList is a list that was read, or why it cannot be relied on.
type readList struct {
	list  *statuslist.ListCredential
	fault *finding
}

// list gives a status list of the issuer's, once for each verification.
func (e *examination) list(url string) (*statuslist.ListCredential, *finding) {
	id := e.issuerID + "\n" + url
	if known, ok := e.lists[id]; ok {
		return known.list, known.fault
	}
	list, fault := e.readList(url)
	keep(&e.lists, id, readList{list, fault})
	return list, fault
}

// readList fetches a list and examines it like any credential: it must be a
// status list credential by the issuer of the badge, with a good proof, and
// current. A list that may itself be withdrawn is not followed further. Bytes
// that were read before are not decoded again and their signature is not computed
// again; whose key it is and what the time says is.
func (e *examination) readList(url string) (*statuslist.ListCredential, *finding) {
	data, err := e.fetch(url, KindStatusList)
	if err != nil {
		return nil, &finding{code: CodeStatusUnavailable, outcome: Indeterminate}
	}
	digest := sha256.Sum256(data)
	list, isKnown := e.known.lists.get(digest)
	if !isKnown {
		if list, err = openList(data); err != nil {
			return nil, statusFault(err)
		}
	}
	root := list.root
	c, err := credential.FromValue(root)
	switch {
	case err != nil || c.Kind != credential.KindStatusList:
		return nil, &finding{code: CodeStatusListInvalid, outcome: Indeterminate}
	case c.IssuerID() != e.issuerID:
		return nil, &finding{code: CodeStatusListIssuer, outcome: Indeterminate}
	case root.Get("credentialStatus").Exists():
		return nil, &finding{code: CodeStatusListChained, outcome: Indeterminate}
	}
	examined := &examination{session: e.session, purpose: asStatusList, served: list, token: list.token, message: list.message}
	examined.examine(root)
	switch reason, good := examined.conclusion(); {
	case reason == CodeExpired || reason == CodeNotYetValid:
		return nil, &finding{code: CodeStatusListOutdated, outcome: Indeterminate}
	case !good:
		return nil, &finding{code: CodeStatusListUnverified, outcome: Indeterminate, params: map[string]string{"reason": string(reason)}}
	}
	if isKnown {
		return list.list, nil
	}
	if list.list, err = statuslist.ParseListCredential(root); err != nil {
		return nil, statusFault(err)
	}
	e.known.lists.put(digest, list, costOfTree*len(data)+list.list.List.Len()/8)
	return list.list, nil
}

// openList reads a status list credential, which comes as JSON, as JWS or COSE,
// or as either of them in an envelope.
func openList(data []byte) (*knownList, error) {
	if text := bytes.TrimSpace(data); isCompactJWS(text) {
		return listOfToken(jose.OpenCredential(text, jose.Options{}))
	}
	if isCOSE(data) {
		return listOfCOSE(data)
	}
	document, err := strictjson.ParseLimits(data, strictjson.Limits{Size: maxStatusList})
	if err != nil {
		return nil, err
	}
	root := document.Root()
	if !jose.IsEnvelope(root) {
		return &knownList{root: root}, nil
	}
	inside, err := jose.ParseEnvelope(root)
	switch {
	case err != nil:
		return nil, err
	case strings.HasSuffix(inside.MediaType, "+cose"):
		return listOfCOSE(inside.Data)
	}
	return listOfToken(jose.OpenCredential(inside.Data, jose.Options{}))
}

func listOfToken(token *jose.Token, err error) (*knownList, error) {
	if err != nil {
		return nil, err
	}
	document, err := strictjson.ParseLimits(token.Document, strictjson.Limits{Size: maxStatusList})
	if err != nil {
		return nil, err
	}
	return &knownList{root: document.Root(), token: token}, nil
}

func listOfCOSE(data []byte) (*knownList, error) {
	message, err := cose.Parse(data)
	if err != nil {
		return nil, err
	}
	list, err := listOfToken(tokenOfCOSE(message, false))
	if err == nil {
		list.message = message
	}
	return list, err
}

// revocationList looks up a 1EdTechRevocationList. It is not signed: that the
// host which the signed badge names serves it over TLS is all there is.
func (e *examination) revocationList(entry statuslist.Entry) {
	path := entry.Value.Pointer()
	params := map[string]string{"purpose": statuslist.Revocation}
	data, err := e.fetch(entry.ID, KindStatusList)
	if err != nil {
		e.add(CodeStatusUnavailable, Indeterminate, path, params)
		return
	}
	list, err := statuslist.ParseRevocationList(data)
	switch {
	case err != nil:
		e.add(CodeStatusListInvalid, Indeterminate, path, params)
		return
	case list.Issuer != "" && list.Issuer != e.issuerID:
		e.add(CodeStatusListIssuer, Indeterminate, path, params)
		return
	}
	reason, revoked := list.Revoked(e.credential.ID())
	params["reason"] = quotable(reason)
	params = given(params)
	switch {
	case revoked:
		e.add(CodeRevoked, Failed, path, params)
	case list.ID != "" && list.ID != entry.ID:
		e.add(CodeStatusListMismatch, Indeterminate, path, params)
	case e.credential.ID() == "":
		e.add(CodeStatusEntryMalformed, Indeterminate, path, params)
	default:
		e.add(CodeStatus, Passed, path, params)
	}
}

// statusFaults are the errors of reading a status. The first that matches
// counts; any other is a list that is none.
var statusFaults = []struct {
	err  error
	code Code
}{
	{statuslist.ErrTooLarge, CodeStatusListTooLarge},
	{statuslist.ErrLength, CodeStatusListTooShort},
	{statuslist.ErrRange, CodeStatusIndexRange},
	{statuslist.ErrMismatch, CodeStatusPurposeMismatch},
}

// statusFault is the finding for an error of package statuslist, or of reading
// a list as JSON. None of them decides against a badge.
func statusFault(err error) *finding {
	f := &finding{code: CodeStatusListInvalid, outcome: Indeterminate}
	for _, fault := range statusFaults {
		if errors.Is(err, fault.err) {
			f.code = fault.code
			return f
		}
	}
	if syntax := (*strictjson.Error)(nil); errors.As(err, &syntax) && syntax.Code == strictjson.CodeTooLarge {
		f.code = CodeStatusListTooLarge
	}
	return f
}

// costOfTree is how much memory a read document takes, in multiples of its
// length: the bytes, their tree, and what was made of it.
const costOfTree = 4
