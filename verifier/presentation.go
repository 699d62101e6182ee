package verifier

import (
	"strconv"
	"strings"

	"laurel/credential"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
	"laurel/did"
)

// MaxCredentials is how many credentials in presentations and learner records
// are examined.
const MaxCredentials = 20

// maxInside is how many bytes of credentials inside others are examined. Those
// side by side have no more than the document; each within another is read again
// at every level, of which a presentation of a learner record has two.
const maxInside = 2<<20 + endorsementSlack

// requiredOfPresentation are the steps of a presentation itself; those of each
// credential in it are its own.
var requiredOfPresentation = []step{stepStructure, stepSignature, stepCredentials}

// presentation examines a presentation (VC Data Model 2.0 §4.13) and every
// credential in it. Who presents is the holder, if the presentation names one,
// or whoever's key signed it.
func (e *examination) presentation(root strictjson.Value) {
	e.required = requiredOfPresentation
	if e.purpose != asBadge || e.contained > 0 {
		e.add(CodePresentation, Failed, root.Pointer(), nil)
		return
	}
	e.add(CodeStructure, Passed, "", map[string]string{"dataModel": "presentation", "kind": "VerifiablePresentation"})
	e.presentationForm(root)
	presenter, proven := e.presenter(root)
	if proven {
		e.trust, e.bytes = verified, root.Raw()
	}
	credentials := root.Get("verifiableCredential")
	if !credentials.Exists() {
		e.add(CodePresentationEmpty, Failed, root.Pointer(), nil)
		return
	}
	for v := range credentials.OneOrMany() {
		examined := e.contain(v)
		if examined == nil {
			break
		}
		e.holderBinding(v.Pointer(), examined, presenter, proven)
	}
}

// presentationForm validates the presentation itself. What is wrong with a
// credential in it is told with that credential.
func (e *examination) presentationForm(root strictjson.Value) {
	inside := root.Pointer() + "/verifiableCredential/"
	n := 0
	presentation, err := credential.PresentationFromValue(root)
	if err != nil {
		e.add(CodeNotCredential, Failed, root.Pointer(), nil)
		return
	}
	for _, violation := range presentation.Validate() {
		if rest, ok := strings.CutPrefix(violation.Path, inside); ok && strings.Contains(rest, "/") || n == maxViolations {
			continue
		}
		n++
		params := map[string]string{"violation": violation.Code, "problem": e.problem(violation)}
		if violation.Severity == credential.SeverityWarning {
			e.add(CodeSchemaWarning, Passed, violation.Path, params)
		} else {
			e.add(CodeSchema, Failed, violation.Path, params)
		}
	}
}

// presenter finds out who presents. proven is false unless every signature known
// here is good, by a key that the presenter's document lists for authentication.
func (e *examination) presenter(root strictjson.Value) (id string, proven bool) {
	id = idOf(root.Get("holder"))
	var fault *finding
	switch {
	case e.token != nil:
		if id, fault = e.presentedToken(id); fault == nil && root.Get("proof").Exists() {
			id, fault = e.presentedProofs(root, id)
		}
	case root.Get("proof").Exists():
		id, fault = e.presentedProofs(root, id)
	case e.asked():
		fault = &finding{code: CodeNoProof, outcome: Failed}
	default:
		e.add(CodePresentationSignature, Skipped, "", nil)
		return "", false
	}
	if fault != nil {
		if fault.code == CodeDomainMismatch || fault.code == CodeChallengeMismatch {
			e.note(*fault)
		}
		e.add(CodePresentationSignature, fault.outcome, fault.path, map[string]string{"reason": string(fault.code)})
		return "", false
	}
	e.add(CodePresentationSignature, Passed, "", map[string]string{"holder": id})
	e.answered = true
	e.uncompared()
	return id, true
}

// presentedToken checks the signature of a presentation that is a JWT.
func (e *examination) presentedToken(holder string) (string, *finding) {
	claims := e.token.Claims
	if holder == "" {
		holder, _, _ = strings.Cut(e.token.JWS.Header.KeyID, "#")
	}
	if claims.Issuer != "" {
		holder = claims.Issuer
	}
	for _, domain := range e.expect.Domain {
		if !claims.Has(domain) {
			return "", &finding{code: CodeDomainMismatch, outcome: Failed}
		}
	}
	if e.expect.Challenge != "" && claims.Nonce != e.expect.Challenge {
		return "", &finding{code: CodeChallengeMismatch, outcome: Failed}
	}
	return holder, e.tokenSignature(holder, did.Authentication)
}

// presentedProofs checks the Data Integrity proofs of a presentation. In a token,
// which has been checked, they say once more what it says: each must be as good,
// but need not answer again what the token has answered.
func (e *examination) presentedProofs(root strictjson.Value, holder string) (string, *finding) {
	if !e.knownContexts(root) {
		return "", &finding{code: CodeContextUnknown, outcome: Indeterminate}
	}
	list, err := dataintegrity.Proofs(root)
	if err != nil {
		return "", proofFault(err, root)
	}
	document := e.config.Suites.Read(root)
	for _, proof := range list {
		expect := dataintegrity.Expect{
			Purpose: dataintegrity.Authentication, Domain: e.expect.Domain, Challenge: e.expect.Challenge, Now: e.now,
		}
		if e.token != nil && len(proof.Domain) == 0 {
			expect.Domain = nil
		}
		if e.token != nil && proof.Challenge == "" {
			expect.Challenge = ""
		}
		if !dataintegrity.Supported(proof) {
			return "", &finding{code: CodeProofUnsupported, outcome: Indeterminate, path: proof.Value.Pointer()}
		}
		if err := proof.Check(expect); err != nil {
			return "", proofFault(err, root)
		}
		signer, _, _ := strings.Cut(proof.VerificationMethod, "#")
		if holder == "" {
			holder = signer
		}
		public, fault := e.methodKey(holder, proof.VerificationMethod, did.Authentication)
		if fault != nil {
			fault.path = proof.Value.Get("verificationMethod").Pointer()
			return "", fault
		}
		good, err := e.verifyProof(document, root, proof, public, expect)
		if err != nil {
			return "", proofFault(err, root)
		}
		e.revisions(good.Contexts)
	}
	return holder, nil
}

// contain examines a credential inside another document and notes what came
// out. It is nil when there were too many.
func (e *examination) contain(v strictjson.Value) *examination {
	path := v.Pointer()
	e.insideLen += len(v.Raw())
	if e.contained == MaxCredentials || e.insideLen > maxInside {
		e.add(CodeCredentialsTooMany, Indeterminate, path, map[string]string{"limit": strconv.Itoa(MaxCredentials)})
		return nil
	}
	e.contained++
	examined := &examination{session: e.session, purpose: asBadge}
	if v.Kind() == strictjson.String {
		examined.jws([]byte(v.Text()))
	} else {
		examined.examine(v)
	}
	e.inside = append(e.inside, Contained{Path: path, Verdict: examined.verdict(), Checks: examined.checks, Credential: examined.shown()})
	e.inside = append(e.inside, examined.inside...)
	params := map[string]string{}
	if examined.trust == verified {
		params["issuer"] = partyOf(examined.issuerID)
	}
	reason, _ := examined.conclusion()
	switch examined.verdict() {
	case VerdictValid:
		e.add(CodeCredential, Passed, path, params)
	case VerdictIndeterminate:
		params["reason"] = string(reason)
		e.add(CodeCredential, Indeterminate, path, params)
	default:
		params["reason"] = string(reason)
		e.add(CodeCredential, Failed, path, params)
	}
	return examined
}

// holderBinding compares who presents with whom a credential is about. Only a
// subject that is named by a DID can be bound to a key.
func (e *examination) holderBinding(path string, examined *examination, presenter string, proven bool) {
	identified, bound := 0, true
	if proven && examined.trust == verified {
		for subject := range examined.document().Get("credentialSubject").OneOrMany() {
			id := subject.Get("id").Text()
			if !strings.HasPrefix(id, "did:") {
				continue
			}
			identified++
			bound = bound && id == presenter
		}
	}
	switch {
	case identified == 0:
		e.add(CodeHolderBinding, Skipped, path, map[string]string{"binding": "not_applicable"})
	case bound:
		e.add(CodeHolderBinding, Passed, path, map[string]string{"binding": "bound"})
	default:
		e.add(CodeHolderBinding, Failed, path, map[string]string{"binding": "unbound"})
	}
}

// recordType is the type of a Comprehensive Learner Record 2.0.
const recordType = "ClrCredential"

// record examines the credentials in a Comprehensive Learner Record 2.0. One
// without a proof of its own has the word of the record's issuer and no other.
func (e *examination) record() {
	e.add(CodeRecordUnchecked, Skipped, "", nil)
	for subject := range e.credential.Value().Get("credentialSubject").OneOrMany() {
		for v := range subject.Get("verifiableCredential").OneOrMany() {
			if v.Kind() == strictjson.Object && !v.Get("proof").Exists() && !jose.IsEnvelope(v) {
				e.unsigned(v)
				continue
			}
			if e.contain(v) == nil {
				return
			}
		}
	}
}

// unsigned looks at a credential in a record that has no proof of its own, as far
// as that goes without one. What comes out does not bear on the record, whose
// issuer only says it; by itself such a credential is never valid.
func (e *examination) unsigned(v strictjson.Value) {
	path := v.Pointer()
	e.add(CodeCredentialUnsigned, Skipped, path, nil)
	if len(e.inside) >= MaxCredentials {
		return
	}
	examined := &examination{session: e.session, purpose: asBadge}
	c, err := credential.FromValue(v)
	switch {
	case err != nil:
		examined.add(CodeNotCredential, Failed, path, nil)
	case !examined.wants(c.Kind):
		examined.add(CodeNotBadge, Failed, path, nil)
	default:
		examined.credential, examined.issuerID = c, c.IssuerID()
		examined.add(CodeStructure, Passed, path, map[string]string{"dataModel": c.Version.String(), "kind": c.Kind.String()})
		examined.schema()
		examined.validity()
	}
	examined.add(CodeCredentialUnsigned, Indeterminate, path, nil)
	e.inside = append(e.inside, Contained{Path: path, Verdict: examined.verdict(), Checks: examined.checks})
}
