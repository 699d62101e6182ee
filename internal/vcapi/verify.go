package vcapi

import (
	"cmp"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
	"laurel/did"
)

// Verification is what is found out about a credential or a presentation.
type Verification struct {
	// Verified says that it conforms and that all that secures it verifies.
	// Validity and status are warnings, unless the policy makes status decide.
	Verified bool `json:"verified"`
	// Credential is what was secured, where it was asked for and verified.
	Credential json.RawMessage `json:"credential,omitempty"`
	// Presentation is likewise for a presentation.
	Presentation json.RawMessage `json:"verifiablePresentation,omitempty"`
	// Problems are the reasons and the warnings.
	Problems []Problem `json:"problemDetails"`
	Results  *Results  `json:"results,omitempty"`
}

// Results are the findings one by one.
type Results struct {
	Proofs       []ProofResult        `json:"proof"`
	ValidFrom    *TimeResult          `json:"validFrom,omitempty"`
	ValidUntil   *TimeResult          `json:"validUntil,omitempty"`
	Status       []StatusResult       `json:"credentialStatus,omitempty"`
	Presentation *PresentationResults `json:"presentation,omitempty"`
	Credentials  []*Verification      `json:"credentials,omitempty"`
}

// ProofResult is what is found out about one proof.
type ProofResult struct {
	Verified           bool   `json:"verified"`
	Type               string `json:"type"`
	Cryptosuite        string `json:"cryptosuite,omitempty"`
	VerificationMethod string `json:"verificationMethod,omitempty"`
}

// verifyOptions are the options of Verify that VCALM knows. Others are for the
// suites: checks, expectedProofPurpose, challenge and domain.
var verifyOptions = []string{"returnResults", "returnProblemDetails", "returnCredential"}

// expectation is what a request wants to see confirmed.
type expectation struct {
	dataintegrity.Expect
	status bool // whether status is looked at
}

// Verify checks a credential, {verifiableCredential, options}: an object, or a
// JWT as a string. The error is an *Error for a request that is none, or that of
// ctx; whatever is wrong with the credential is in the Verification.
func (i *Instance) Verify(ctx context.Context, body []byte) (*Verification, error) {
	r, err := i.read(body, verifyOptions, "verifiableCredential", "credential")
	if err != nil {
		return nil, err
	}
	expect, err := i.expectation(r, dataintegrity.AssertionMethod)
	if err != nil {
		return nil, err
	}
	var e *examination
	if r.document.Kind() == strictjson.String {
		e, err = i.examineSecured(ctx, bareJWT(r.document.Text(), false), expect)
	} else {
		var credential strictjson.Value
		if credential, err = r.object(); err == nil {
			e, err = i.examine(ctx, credential, expect)
		}
	}
	if err != nil {
		return nil, err
	}
	return e.answer(r, "returnCredential")
}

// expectation reads the options of a verification.
func (i *Instance) expectation(r *request, purpose string) (expectation, error) {
	e := expectation{Expect: dataintegrity.Expect{Now: i.now(), Purpose: purpose}, status: true}
	given, err := r.text("expectedProofPurpose")
	if err != nil {
		return e, err
	}
	if given != "" {
		e.Purpose = given
	}
	if e.Challenge, err = r.text("challenge"); err != nil {
		return e, err
	}
	for domain := range r.options.Get("domain").OneOrMany() {
		if domain.Kind() != strictjson.String || domain.Is("") {
			return e, malformedRequest(domain.Pointer(), "The option is not a text.")
		}
		e.Domain = append(e.Domain, domain.Text())
	}
	checks, chosen, err := r.texts("checks")
	e.status = !chosen || slices.Contains(checks, "credentialStatus") || slices.Contains(checks, "status")
	return e, err
}

// examination is one verification of one document under way.
type examination struct {
	*Instance
	ctx      context.Context
	expect   expectation
	document strictjson.Value // what was secured
	problems []Problem        // that speak against it
	warnings []Problem
	results  Results
	// signers are the identifiers whose keys made the proofs that verified.
	signers []string
	nested  bool // a part of a presentation was not verified
}

func (e *examination) fail(problems ...Problem) { e.problems = append(e.problems, problems...) }

func (e *examination) verified() bool { return len(e.problems) == 0 && !e.nested }

// verification is what is answered of it.
func (e *examination) verification() *Verification {
	problems := append(e.problems[:len(e.problems):len(e.problems)], e.warnings...)
	if problems == nil {
		problems = []Problem{}
	}
	if e.results.Proofs == nil {
		e.results.Proofs = []ProofResult{}
	}
	return &Verification{Verified: e.verified(), Problems: problems, Results: &e.results}
}

// answer leaves out what was not asked for, and adds the document where the
// option of that name asks for it.
func (e *examination) answer(r *request, returnDocument string) (*Verification, error) {
	results, errResults := r.flag("returnResults", true)
	problems, errProblems := r.flag("returnProblemDetails", true)
	document, errDocument := r.flag(returnDocument, false)
	if err := cmp.Or(errResults, errProblems, errDocument); err != nil {
		return nil, err
	}
	v := e.verification()
	switch {
	case !document || !v.Verified:
	case e.results.Presentation != nil:
		v.Presentation = e.document.Raw()
	default:
		v.Credential = e.document.Raw()
	}
	if !results {
		v.Results = nil
	}
	if !problems && v.Verified {
		v.Problems = []Problem{}
	}
	return v, nil
}

// examine verifies a credential. The error is that of ctx.
func (i *Instance) examine(ctx context.Context, credential strictjson.Value, expect expectation) (*examination, error) {
	if jose.IsEnvelope(credential) {
		return i.examineEnvelope(ctx, credential, expect)
	}
	e := &examination{Instance: i, ctx: ctx, expect: expect, document: credential}
	if err := e.conform(); err != nil {
		return nil, err
	}
	if err := e.proofs(); err != nil {
		return nil, err
	}
	return e, e.circumstances()
}

// conform holds the credential to the data model.
func (e *examination) conform() error {
	problems, err := e.credentialProblems(e.ctx, e.document)
	e.fail(problems...)
	return err
}

// circumstances are what may change with time; they are looked at only for what
// is secured.
func (e *examination) circumstances() error {
	if len(e.problems) > 0 {
		return nil
	}
	e.validity()
	return e.status()
}

// proofs verifies every proof of the document.
func (e *examination) proofs() error {
	all, err := dataintegrity.Proofs(e.document)
	if err != nil {
		e.fail(problemOf(err, proofVerification, titleProof))
		return nil
	}
	read := e.suites.Read(e.document)
	for _, proof := range all {
		result := ProofResult{Type: clip(proof.Type), Cryptosuite: clip(proof.Cryptosuite), VerificationMethod: clip(proof.VerificationMethod)}
		err := e.proof(read, proof)
		switch {
		case e.ctx.Err() != nil:
			return e.ctx.Err()
		case err != nil:
			problem := problemOf(err, proofVerification, titleProof)
			if problem.Path == "" {
				problem.Path = proof.Value.Pointer()
			}
			e.fail(problem)
		default:
			result.Verified = true
		}
		e.results.Proofs = append(e.results.Proofs, result)
	}
	return nil
}

// proof verifies one proof by the key that it names.
func (e *examination) proof(read *dataintegrity.Document, proof dataintegrity.Proof) error {
	if !dataintegrity.Supported(proof) {
		// Also one that names a suite with selective disclosure: Verify says
		// why it is none that can be checked.
		_, err := read.Verify(e.ctx, proof, nil, e.expect.Expect)
		return cmp.Or(err, dataintegrity.ErrUnsupportedCryptosuite)
	}
	if err := proof.Check(e.expect.Expect); err != nil {
		return err
	}
	key, controller, err := e.key(proof.VerificationMethod, did.Relationship(proof.ProofPurpose))
	if err != nil {
		return err
	}
	if issuer := idOf(e.document.Get("issuer")); e.config.Policy.BindIssuer && e.document.Get("issuer").Exists() && issuer != controller {
		return errNotIssuer
	}
	if _, err := read.Verify(e.ctx, proof, key, e.expect.Expect); err != nil {
		return err
	}
	e.signers = append(e.signers, controller)
	return nil
}

// errNotIssuer says that a proof was made with somebody else's key.
var errNotIssuer = errors.New("the key of the proof is not one of the issuer's document")

// key finds a key by the URL of its verification method, and whose it is.
func (e *examination) key(method string, relationship did.Relationship) (key crypto.PublicKey, controller string, err error) {
	controller, _, _ = strings.Cut(method, "#")
	parsed, err := did.Parse(controller)
	if err != nil {
		return nil, "", err
	}
	document, err := e.config.Resolver.Resolve(e.ctx, parsed)
	if err != nil {
		return nil, "", err
	}
	if document.ID != controller {
		return nil, "", did.ErrDocumentID
	}
	found, err := document.Method(method, relationship)
	if err != nil {
		return nil, "", err
	}
	if err := found.CheckTime(e.expect.Now); err != nil {
		return nil, "", err
	}
	return found.PublicKey, controller, nil
}
