package vcapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// issueOptions are the options of Issue that VCALM knows.
var issueOptions = []string{"credentialId", "mandatoryPointers"}

// Issue secures a credential, {credential, options}, and returns it. It is
// remembered under options.credentialId or its id. The error is an *Error, or
// that of ctx.
func (i *Instance) Issue(ctx context.Context, body []byte) (json.RawMessage, error) {
	r, err := i.read(body, issueOptions, "credential")
	if err != nil {
		return nil, err
	}
	credential, err := r.object()
	if err != nil {
		return nil, err
	}
	if err := i.issuable(ctx, credential); err != nil {
		return nil, err
	}
	pointers, given, err := r.texts("mandatoryPointers")
	if err != nil {
		return nil, err
	}
	if !given {
		pointers = nil
	}
	id, err := r.text("credentialId")
	if err != nil {
		return nil, err
	}
	if credential, id, err = i.identified(credential, id); err != nil {
		return nil, err
	}
	name, status, err := i.ledger.Reserve(ctx, actorOf(ctx), id, i.config.Policy.StatusPurposes)
	if err != nil {
		return nil, ledgerError(err)
	}
	document, err := withStatus(credential, status)
	if err != nil {
		return nil, err
	}
	secured, method, err := i.secure(ctx, document, pointers, given)
	if err != nil {
		return nil, err
	}
	if err := i.ledger.Commit(ctx, actorOf(ctx), name, method, secured); err != nil {
		return nil, ledgerError(err)
	}
	return secured, nil
}

// identified settles under which id a credential is kept: the one asked for or
// its own. One whose status is kept for good must have one, and is given it.
func (i *Instance) identified(credential strictjson.Value, wanted string) (strictjson.Value, string, error) {
	if wanted != "" {
		return credential, wanted, nil
	}
	if id := credential.Get("id").Text(); id != "" || i.config.Ledger == nil || len(i.config.Policy.StatusPurposes) == 0 {
		return credential, id, nil
	}
	id, err := i.newID()
	if err != nil {
		return credential, "", err
	}
	made, err := alone(with(credential, "id", quoted(id)))
	return made, id, err
}

// newID is a random URL.
func (i *Instance) newID() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(i.config.Random, raw); err != nil {
		return "", fmt.Errorf("making id: %w", err)
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]), nil
}

// issuable refuses what is not to be issued, or not here.
func (i *Instance) issuable(ctx context.Context, credential strictjson.Value) error {
	problems, err := i.credentialProblems(ctx, credential)
	if err != nil {
		return err
	}
	if jose.IsEnvelope(credential) {
		problems = append(problems, Problem{malformedValue, titleMalformed, "An envelope is no credential to be issued.", "/type"})
	}
	if i.config.Policy.BindIssuer && idOf(credential.Get("issuer")) != i.config.Issuer {
		problems = append(problems, Problem{proofGeneration, "This instance signs for another issuer.", "", "/issuer"})
	}
	if i.config.Policy.RefuseProofs && credential.Get("proof").Exists() {
		problems = append(problems, Problem{proofGeneration, "The credential has a proof already.", "", "/proof"})
	}
	if len(i.config.Proofs) == 0 && i.config.Envelope == nil {
		problems = append(problems, Problem{Type: proofGeneration, Title: "This instance does not issue."})
	}
	if len(problems) > 0 {
		return invalid(problems...)
	}
	return nil
}

// neverHidden are the members of a document that a holder must not be able to
// leave out where a request does not say what is mandatory: without them an
// expired or withdrawn credential looks like a good one, and one of version 1.1
// is none.
func neverHidden(document []byte) (pointers []string) {
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return nil // to sign it fails
	}
	for _, name := range []string{"issuanceDate", "validFrom", "validUntil", "expirationDate", "credentialStatus"} {
		if parsed.Root().Get(name).Exists() {
			pointers = append(pointers, "/"+name)
		}
	}
	return pointers
}

// secure adds the proofs of the instance, or its envelope, and returns the URL of
// the first key too.
func (i *Instance) secure(ctx context.Context, document []byte, pointers []string, given bool) (secured []byte, method string, err error) {
	if i.config.Envelope != nil {
		return i.envelop(ctx, document)
	}
	previous, err := i.previousProofs(document)
	if err != nil {
		return nil, "", err
	}
	for _, proof := range i.config.Proofs {
		proof, err := proof.present(ctx)
		if err != nil {
			return nil, "", err
		}
		if method == "" {
			method = proof.VerificationMethod
		}
		options := proof.options(i.now())
		if options.PreviousProof = previous; i.config.Policy.ChainProofs {
			if options.ID, err = i.newID(); err != nil {
				return nil, "", err
			}
		}
		if proof.selective() {
			for _, pointer := range neverHidden(document) {
				if !slices.Contains(options.MandatoryPointers, pointer) {
					options.MandatoryPointers = append(slices.Clip(options.MandatoryPointers), pointer)
				}
			}
		}
		if given && (proof.selective() || i.config.Policy.StrictOptions) {
			options.MandatoryPointers = pointers
		}
		signed, err := i.suites.Sign(ctx, document, proof.Signer, options)
		if err != nil {
			if ctx.Err() != nil {
				return nil, "", ctx.Err()
			}
			return nil, "", invalid(problemOf(err, proofGeneration, "The credential cannot be signed."))
		}
		document = signed
	}
	return document, method, nil
}

// previousProofs names the proofs that a document has, for those that chain to
// them.
func (i *Instance) previousProofs(document []byte) ([]string, error) {
	if !i.config.Policy.ChainProofs {
		return nil, nil
	}
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return nil, err
	}
	var ids []string
	for proof := range parsed.Root().Get("proof").OneOrMany() {
		id := proof.Get("id").Text()
		if id == "" {
			return nil, invalid(Problem{proofGeneration, "The proof that is there has no id, so none can be chained to it.", "", proof.Pointer()})
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// options are those of a proof that asserts.
func (p Proof) options(now time.Time) dataintegrity.Options {
	options := dataintegrity.Options{
		Cryptosuite: p.Cryptosuite, VerificationMethod: p.VerificationMethod,
		ProofPurpose: dataintegrity.AssertionMethod, Created: now, MandatoryPointers: p.MandatoryPointers,
	}
	if p.Undated {
		options.Created = time.Time{}
	}
	return options
}

func (i *Instance) envelop(ctx context.Context, document []byte) ([]byte, string, error) {
	signer, method := i.config.Envelope.Signer, i.config.Envelope.KeyID
	if current := i.config.Envelope.Current; current != nil {
		var err error
		if signer, method, err = current(ctx); err != nil {
			return nil, "", err
		}
	}
	token, err := jose.SignVC(document, signer, jose.SigningOptions{KeyID: method, Random: i.config.Random})
	if err != nil {
		return nil, "", invalid(problemOf(err, proofGeneration, "The credential cannot be signed."))
	}
	enveloped, err := jose.MarshalEnvelope(jose.Envelope{MediaType: "application/vc+jwt", Data: []byte(token)})
	if err != nil {
		return nil, "", fmt.Errorf("enveloping credential: %w", err)
	}
	return enveloped, method, nil
}

// Credential returns what was issued under an identifier. The error unwraps to
// ErrNotFound or ErrDeleted.
func (i *Instance) Credential(ctx context.Context, id string) ([]byte, error) {
	secured, err := i.ledger.Credential(ctx, id)
	return secured, ledgerError(err)
}

// Delete forgets a credential; its status stays. Errors are those of Credential.
func (i *Instance) Delete(ctx context.Context, id string) error {
	return ledgerError(i.ledger.Delete(ctx, actorOf(ctx), id))
}
