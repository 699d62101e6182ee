package verifier

import (
	"crypto"
	"errors"
	"strconv"
	"strings"

	"laurel/credential/jose"
	"laurel/credential/openbadges2"
	"laurel/credential/strictjson"
	"laurel/did"
)

// What an Open Badges 2.0 badge must pass: a hosted one is what its host serves
// now, a signed one is looked up in the issuer's list of withdrawn badges.
var (
	requiredOfHosted = []step{stepStructure, stepSignature, stepSchema, stepSubject, stepValidity}
	requiredOfSigned = []step{stepStructure, stepKey, stepSignature, stepSchema, stepSubject, stepValidity, stepStatus}
)

// errGone is the error for an answer 410: there was such a document.
var errGone = errors.New("document is gone")

// openBadges2 examines an Open Badges 2.0 assertion that came as JSON. Of what it
// says only where it is hosted counts.
func (e *examination) openBadges2(shown strictjson.Value) {
	if openbadges2.VerificationOf(shown) == openbadges2.Signed {
		// Signed badges come as JWS; this is a copy of what was in one.
		e.required = requiredOfSigned
		e.add(CodeOpenBadges2, Passed, "", nil)
		e.add(CodeNoProof, Failed, "", nil)
		return
	}
	e.hosted(openbadges2.Address(shown), shown)
}

// hosted examines what a host serves as a badge.
func (e *examination) hosted(address string, _ strictjson.Value) {
	e.required = requiredOfHosted
	e.add(CodeOpenBadges2, Passed, "", nil)
	assertion, err := e.olderDocument(address)
	switch {
	case errors.Is(err, errGone):
		e.add(CodeRevoked, Failed, "", map[string]string{"purpose": "revocation"})
		return
	case err != nil:
		e.add(CodeHostedUnavailable, Indeterminate, "", nil)
		return
	case openbadges2.Address(assertion) != address || !openbadges2.Is(assertion):
		e.add(CodeHostedMismatch, Failed, "", nil)
		return
	}
	if assertion.Get("revoked").Bool() {
		e.add(CodeRevoked, Failed, "", map[string]string{"purpose": "revocation"})
		return
	}
	badge, issuer, ok := e.olderIssuer(assertion)
	if !ok {
		return
	}
	if !openbadges2.Covers(issuer, address) {
		e.add(CodeHostedOrigin, Failed, "", nil)
		return
	}
	e.trust, e.bytes, e.issuerID = verified, assertion.Document().Bytes(), issuer.Get("id").Text()
	e.add(CodeHosted, Passed, "", given(map[string]string{"issuer": partyOf(e.issuerID)}))
	e.olderContent(assertion)
	e.olderExtensions(assertion, badge, issuer)
}

// signedOpenBadges2 examines an Open Badges 2.0 badge that came as JWS.
func (e *examination) signedOpenBadges2(signed *jose.JWS) {
	e.required = requiredOfSigned
	e.add(CodeOpenBadges2, Passed, "", nil)
	assertion := signed.Object
	if openbadges2.VerificationOf(assertion) == openbadges2.Hosted {
		e.hosted(openbadges2.Address(assertion), assertion)
		return
	}
	badge, issuer, ok := e.olderIssuer(assertion)
	if !ok {
		return
	}
	e.issuerID = issuer.Get("id").Text()
	public, fault := e.olderKey(issuer, openbadges2.Creator(assertion))
	if fault != nil {
		e.note(*fault)
		return
	}
	if err := signed.Verify(public); err != nil {
		e.note(*tokenFault(err))
		return
	}
	e.add(CodeKey, Passed, "", nil)
	e.add(CodeSignature, Passed, "", nil)
	e.trust, e.bytes = verified, signed.Payload
	e.olderContent(assertion)
	e.olderExtensions(assertion, badge, issuer)
	e.olderStatus(issuer, assertion)
}

// olderIssuer gets the badge class and the issuer of an assertion, each from
// where it is said to be unless it is embedded, and validates them. The issuer's
// profile always comes from its own address: who it is rests on that.
func (e *examination) olderIssuer(assertion strictjson.Value) (badge, issuer strictjson.Value, ok bool) {
	badge = assertion.Get("badge")
	var err error
	if badge.Kind() != strictjson.Object {
		address := badge.Text()
		if badge, err = e.olderDocument(address); err == nil && badge.Get("id").Text() != address {
			err = did.ErrDocumentID
		}
	}
	if err == nil {
		address := openbadges2.Reference(badge.Get("issuer"))
		if issuer, err = e.olderDocument(address); err == nil && issuer.Get("id").Text() != address {
			err = did.ErrDocumentID
		}
	}
	switch {
	case errors.Is(err, did.ErrDocumentID):
		e.add(CodeIssuerDocumentMismatch, Failed, "", nil)
		return badge, issuer, false
	case err != nil:
		e.add(CodeKeyUnresolvable, Indeterminate, "", nil)
		return badge, issuer, false
	}
	faults := append(openbadges2.CheckBadgeClass(badge), openbadges2.CheckIssuer(issuer)...)
	for _, fault := range faults {
		e.add(CodeSchema, Failed, "", map[string]string{"violation": "openbadges2", "problem": fault.Problem})
	}
	return badge, issuer, len(faults) == 0
}

// olderDocument fetches a document of Open Badges 2.0. Many addresses of that time
// begin with http; the same host is asked for the same path over TLS, and nobody
// without it. What it serves has to name the address as it was written.
func (e *examination) olderDocument(address string) (strictjson.Value, error) {
	if rest, ok := strings.CutPrefix(address, "http://"); ok {
		address = "https://" + rest
	}
	data, err := e.fetch(address, KindOpenBadges2)
	if err != nil {
		return strictjson.Value{}, err
	}
	document, err := strictjson.Parse(data)
	if err != nil {
		return strictjson.Value{}, err
	}
	return document.Root(), nil
}

// olderKey finds the key that an assertion names among those of its issuer's
// profile, or the only one there is.
func (e *examination) olderKey(issuer strictjson.Value, creator string) (crypto.PublicKey, *finding) {
	var listed []strictjson.Value
	for key := range issuer.Get("publicKey").OneOrMany() {
		if creator == "" || openbadges2.Reference(key) == creator {
			listed = append(listed, key)
		}
	}
	if len(listed) != 1 {
		return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
	}
	key, err := listed[0], error(nil)
	address := openbadges2.Reference(key)
	if key.Kind() != strictjson.Object {
		if key, err = e.olderDocument(address); err != nil {
			return nil, &finding{code: CodeKeyUnresolvable, outcome: Indeterminate}
		}
		if key.Get("id").Text() != address {
			return nil, &finding{code: CodeIssuerDocumentMismatch, outcome: Failed}
		}
	}
	public, owner, err := openbadges2.Key(key)
	if err == nil {
		err = jose.CheckPublicKey(public)
	}
	switch {
	case errors.Is(err, jose.ErrUnsupportedKey):
		return nil, &finding{code: CodeKeyUnsupported, outcome: Indeterminate}
	case err != nil:
		return nil, &finding{code: CodeKeyInvalid, outcome: Failed}
	case owner != e.issuerID:
		return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
	}
	return public, nil
}

// olderContent checks what a proven assertion says.
func (e *examination) olderContent(assertion strictjson.Value) {
	e.add(CodeIssuer, Passed, "", map[string]string{"issuer": partyOf(e.issuerID), "id": e.issuerID})
	faults := openbadges2.CheckAssertion(assertion)
	for _, fault := range faults {
		e.add(CodeSchema, Failed, fault.Path, map[string]string{"violation": "openbadges2", "problem": fault.Problem})
	}
	if len(faults) == 0 {
		e.add(CodeSchema, Passed, "", nil)
		e.add(CodeSubject, Passed, "", nil)
	}
	issuedOn, expires := openbadges2.Dates(assertion)
	switch {
	case e.now.Add(clockSkew).Before(issuedOn):
		e.add(CodeNotYetValid, Failed, "/issuedOn", between(issuedOn, expires, map[string]string{"issuedOn": format(issuedOn)}))
	case !expires.IsZero() && e.now.After(expires):
		e.add(CodeExpired, Failed, "/expires", between(issuedOn, expires, map[string]string{"expires": format(expires)}))
	default:
		e.add(CodeValidity, Passed, "", nil)
	}
	e.olderRecipient(assertion.Get("recipient"))
}

// olderExtensions says how many extensions stand in the documents of a badge. The
// schemas that extensions name are their authors' own, at addresses of their own:
// none is fetched, so that what an extension says is shown as the issuer's word
// and as no more.
func (e *examination) olderExtensions(documents ...strictjson.Value) {
	count := 0
	for _, document := range documents {
		count += openbadges2.Extensions(document)
	}
	if count > 0 {
		e.add(CodeExtensionUnchecked, Skipped, "", map[string]string{"count": strconv.Itoa(count)})
	}
}

// olderRecipient compares the recipient with whom the caller expects.
func (e *examination) olderRecipient(recipient strictjson.Value) {
	kind := recipient.Get("type").Text()
	for _, expected := range []struct{ by, value string }{{"email", e.expect.Email}, {"id", e.expect.ID}} {
		if expected.value == "" {
			continue
		}
		found := unsaid
		if isEmail := kind == "email"; isEmail == (expected.by == "email") {
			found = matchOlderIdentity(recipient, expected.value)
		}
		e.recipientFound(found, "/recipient", expected.by)
	}
}

func matchOlderIdentity(recipient strictjson.Value, expected string) match {
	return matchHash(recipient.Get("identity").Text(), recipient.Get("hashed").Bool(), recipient.Get("salt").Text(), expected)
}

// olderStatus looks a signed assertion up in the issuer's list.
func (e *examination) olderStatus(issuer, assertion strictjson.Value) {
	reference, isListed := issuer.Member("revocationList")
	if !isListed {
		e.add(CodeStatus, Skipped, "", nil)
		return
	}
	list, err := e.olderDocument(openbadges2.Reference(reference))
	if err != nil {
		e.add(CodeStatusUnavailable, Indeterminate, "", nil)
		return
	}
	revoked, reason, err := openbadges2.Revoked(list, e.issuerID, assertion)
	switch {
	case err != nil:
		e.add(CodeStatusListInvalid, Indeterminate, "", nil)
	case revoked:
		e.add(CodeRevoked, Failed, "", given(map[string]string{"purpose": "revocation", "reason": quotable(reason)}))
	default:
		e.add(CodeStatus, Passed, "", map[string]string{"purpose": "revocation"})
	}
}
