package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/schema"
	"laurel/credential/strictjson"
	"laurel/did"
)

// PresentationResults are what is particular to a presentation.
type PresentationResults struct {
	Holder    string   `json:"holder,omitempty"`
	Challenge string   `json:"challenge,omitempty"`
	Domain    []string `json:"domain,omitempty"`
}

// maxCredentials is how many credentials a presentation may hold.
const maxCredentials = 20

// presentationOptions are the options of VerifyPresentation that VCALM knows.
var presentationOptions = []string{"challenge", "domain", "returnResults", "returnProblemDetails", "returnPresentation", "returnCredential"}

// VerifyPresentation checks a presentation, {verifiablePresentation or
// presentation, options}, and every credential in it. A challenge that Challenge
// gave out is good for one presentation; of others the caller keeps count.
// Errors are those of Verify.
func (i *Instance) VerifyPresentation(ctx context.Context, body []byte) (*Verification, error) {
	r, err := i.read(body, presentationOptions, "verifiablePresentation", "presentation")
	if err != nil {
		return nil, err
	}
	expect, err := i.expectation(r, dataintegrity.Authentication)
	if err != nil {
		return nil, err
	}
	e := &examination{Instance: i, ctx: ctx, expect: expect}
	if r.document.Kind() == strictjson.String {
		err = e.securedPresentation(bareJWT(r.document.Text(), true))
	} else if e.document, err = r.object(); err == nil {
		err = e.presentation()
	}
	if err != nil {
		return nil, err
	}
	e.results.Presentation = &PresentationResults{Holder: clip(idOf(e.document.Get("holder"))), Challenge: expect.Challenge, Domain: expect.Domain}
	if ours, fresh := i.challenges.use(expect.Challenge, i.now()); ours && !fresh {
		e.fail(Problem{Type: invalidChallenge, Title: "The challenge was used before, or is too old."})
	}
	return e.answer(r, "returnPresentation")
}

// presentation verifies a presentation in any of its forms.
func (e *examination) presentation() error {
	if jose.IsEnvelope(e.document) {
		return e.envelopedPresentation()
	}
	if err := e.conformPresentation(); err != nil {
		return err
	}
	if err := e.proofs(); err != nil {
		return err
	}
	return e.presented()
}

func (e *examination) envelopedPresentation() error {
	if err := e.conformPresentation(); err != nil {
		return err
	}
	opened, err := jose.ParseEnvelope(e.document)
	switch {
	case err != nil:
		e.fail(problemOf(err, malformedValue, "The envelope is not as it must be."))
	case !opened.Presentation:
		e.fail(Problem{malformedValue, titleMalformed, "A credential stands where a presentation must.", "/type"})
	default:
		return e.securedPresentation(opened)
	}
	return nil
}

// securedPresentation verifies a presentation that something is around.
func (e *examination) securedPresentation(envelope jose.Envelope) error {
	opened, err := e.open(envelope)
	if err == nil {
		e.document, err = alone(opened.document)
	}
	if err != nil {
		e.fail(problemOf(err, parsingError, "What the envelope holds cannot be read."))
		return nil
	}
	if err := e.conformPresentation(); err != nil {
		return err
	}
	e.signature(opened, idOf(e.document.Get("holder")), did.Authentication)
	return e.presented()
}

// conformPresentation holds the presentation to the data model, apart from the
// credentials in it, which are examined one by one.
func (e *examination) conformPresentation() error {
	version, err := schema.IdentifyPresentation(e.document)
	if err != nil {
		e.fail(problemOf(err, malformedValue, titleMalformed))
		return nil
	}
	found := schema.ValidatePresentation(e.document, version)
	own := slices.DeleteFunc(violations(found), func(p Problem) bool { return strings.HasPrefix(p.Path, "/verifiableCredential/") })
	if len(found) >= schema.MaxViolations {
		own = append(own, Problem{Type: malformedValue, Title: "There is more wrong than is counted."})
	}
	e.fail(own...)
	if jose.IsEnvelope(e.document) {
		return nil
	}
	lost, err := e.contextProblems(e.ctx, e.document)
	e.fail(lost...)
	return err
}

var (
	errNotHolder = errors.New("the presentation is not signed with a key of its holder")
	errUnsecured = errors.New("a credential without a proof of its own is secured only where the holder is its issuer")
)

// presented verifies the credentials of the presentation and whom it binds.
func (e *examination) presented() error {
	holder := idOf(e.document.Get("holder"))
	if e.document.Get("holder").Exists() && len(e.problems) == 0 && !slices.Contains(e.signers, holder) {
		e.fail(problemOf(errNotHolder, proofVerification, "The holder is somebody else."))
	}
	expect := e.expect
	expect.Expect = dataintegrity.Expect{Now: e.expect.Now}
	count := 0
	for value := range e.document.Get("verifiableCredential").OneOrMany() {
		if count++; count > maxCredentials {
			e.fail(Problem{rangeError, "There are too many credentials.", "", "/verifiableCredential"})
			return nil
		}
		one, err := e.presentedCredential(value, holder, expect)
		if err != nil {
			return err
		}
		verification := one.verification()
		e.nested = e.nested || !verification.Verified
		for _, problem := range one.problems {
			problem.Path = value.Pointer() + problem.Path
			e.fail(problem)
		}
		e.results.Credentials = append(e.results.Credentials, verification)
	}
	return nil
}

// presentedCredential verifies one credential of the presentation.
func (e *examination) presentedCredential(value strictjson.Value, holder string, expect expectation) (*examination, error) {
	if value.Kind() == strictjson.String {
		if version, _ := schema.IdentifyPresentation(e.document); version == schema.V1 {
			return e.examineSecured(e.ctx, bareJWT(value.Text(), false), expect)
		}
	}
	one := &examination{Instance: e.Instance, ctx: e.ctx, expect: expect, document: value}
	if value.Kind() != strictjson.Object {
		one.fail(Problem{Type: malformedValue, Title: titleMalformed, Detail: "A credential is not an object."})
		return one, nil
	}
	credential, err := alone(value.Raw())
	if err != nil {
		return nil, err
	}
	if credential.Get("proof").Exists() || jose.IsEnvelope(credential) {
		return e.examine(e.ctx, credential, expect)
	}
	// Self-asserted: secured by the proof of the presentation alone (VC Data
	// Model 2.0 §4.13.4).
	one.document = credential
	if err := one.conform(); err != nil {
		return nil, err
	}
	if holder == "" || holder != idOf(credential.Get("issuer")) || !slices.Contains(e.signers, holder) {
		one.fail(problemOf(errUnsecured, cryptographicError, titleNotSecured))
	}
	return one, one.circumstances()
}

// presentOptions are the options of Present.
var presentOptions = []string{"challenge", "domain"}

// Present secures a presentation, {presentation, options{challenge, domain}},
// in the name of Config.Issuer, who must be its holder if it has one. The error
// is an *Error, or that of ctx.
func (i *Instance) Present(ctx context.Context, body []byte) (json.RawMessage, error) {
	r, err := i.read(body, presentOptions, "presentation")
	if err != nil {
		return nil, err
	}
	expect, err := i.expectation(r, dataintegrity.Authentication)
	if err != nil {
		return nil, err
	}
	e := &examination{Instance: i, ctx: ctx, expect: expect}
	if e.document, err = r.object(); err != nil {
		return nil, err
	}
	if err := e.conformPresentation(); err != nil {
		return nil, err
	}
	switch holder := e.document.Get("holder"); {
	case i.config.Policy.AssertsOnly || len(i.config.Proofs) == 0 || i.config.Proofs[0].selective():
		e.fail(Problem{Type: proofGeneration, Title: "This instance does not present."})
	case jose.IsEnvelope(e.document):
		e.fail(Problem{malformedValue, titleMalformed, "An envelope is no presentation to be signed.", "/type"})
	case holder.Exists() && idOf(holder) != i.config.Issuer:
		e.fail(Problem{proofGeneration, "This instance signs for another holder.", "", "/holder"})
	}
	if len(e.problems) > 0 {
		return nil, invalid(e.problems...)
	}
	proof, err := i.config.Proofs[0].present(ctx)
	if err != nil {
		return nil, err
	}
	options := proof.options(i.now())
	options.ProofPurpose, options.Challenge, options.Domain = dataintegrity.Authentication, expect.Challenge, expect.Domain
	signed, err := i.suites.Sign(ctx, e.document.Document().Bytes(), proof.Signer, options)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, invalid(problemOf(err, proofGeneration, "The presentation cannot be signed."))
	}
	return signed, nil
}
