package verifier

import (
	"context"
	"errors"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/did"
)

// proofs checks who made the document, and that all of it is what they made.
// Every proof of a kind that is known must be the issuer's and good; so must the
// signature of the JWT that it came in.
func (e *examination) proofs() {
	if e.token != nil {
		e.tokenProof()
		if e.trust != verified || !e.credential.Value().Get("proof").Exists() {
			return
		}
	}
	e.embeddedProofs()
}

func (e *examination) embeddedProofs() {
	v := e.credential.Value()
	readable := e.knownContexts(v)
	list, err := dataintegrity.Proofs(v)
	if err != nil {
		e.trust = broken
		e.note(*proofFault(err, v))
		return
	}
	known := 0
	for i := range list {
		if dataintegrity.Supported(list[i]) {
			known++
		}
	}
	if known < len(list) {
		e.unknownProofs(list, known)
	}
	good := 0
	document := e.config.Suites.Read(v)
	for _, proof := range list {
		if !dataintegrity.Supported(proof) {
			continue
		}
		path := proof.Value.Pointer()
		e.add(CodeProof, Passed, path, map[string]string{"cryptosuite": proof.Cryptosuite})
		if !readable {
			continue
		}
		switch fault := e.proof(document, proof); {
		case fault == nil:
			good++
		case e.note(*fault):
			e.trust = broken
		}
	}
	if good > 0 && good == known {
		e.trust = verified
		e.add(CodeContexts, Passed, "", nil)
		e.add(CodeLossless, Passed, "", nil)
		return
	}
	e.signatureUnchecked()
	// How a proof of an unknown kind would cover the document is unknown too.
	if known > 0 {
		e.reading()
	}
}

// signatureUnchecked says so where nothing was said of a signature.
func (e *examination) signatureUnchecked() {
	for _, c := range e.checks {
		if c.Code == CodeSignature || c.Code == CodeSignatureInvalid {
			return
		}
	}
	e.add(CodeSignatureUnchecked, Skipped, "", nil)
}

// unknownProofs reports proofs of kinds that are not known here.
func (e *examination) unknownProofs(list []dataintegrity.Proof, known int) {
	for _, proof := range list {
		path := proof.Value.Pointer()
		switch {
		case dataintegrity.Supported(proof):
		case known == 0 && e.token == nil:
			e.add(CodeProofUnsupported, Indeterminate, path, nil)
		case e.config.StrictProofs:
			e.add(CodeProofUnchecked, Failed, path, nil)
		default:
			e.add(CodeProofUnchecked, Skipped, path, nil)
		}
	}
}

// proof checks one proof: what it says of itself, whose its key is, and the
// signature.
func (e *examination) proof(document *dataintegrity.Document, proof dataintegrity.Proof) *finding {
	expect := dataintegrity.Expect{Purpose: dataintegrity.AssertionMethod, Now: e.now}
	v := e.credential.Value()
	if err := proof.Check(expect); err != nil {
		return proofFault(err, v)
	}
	path := proof.Value.Get("verificationMethod").Pointer()
	public, fault := e.methodKey(e.issuerID, proof.VerificationMethod, did.AssertionMethod)
	if fault == nil {
		e.add(CodeKey, Passed, path, nil)
	} else if vouchedFor, ok := e.vouched(proof.VerificationMethod, path, fault); ok {
		public = vouchedFor
	} else {
		fault.path = path
		return fault
	}
	used, isKnown := e.served.find(proof.Index, public)
	if !isKnown {
		good, err := e.verifyProof(document, v, proof, public, expect)
		if err != nil {
			return proofFault(err, v)
		}
		used = good.Contexts
		e.served.add(proved{proof.Index, public, used})
	}
	e.add(CodeSignature, Passed, proof.Value.Pointer(), given(map[string]string{
		"verificationMethod": proof.VerificationMethod, "created": proof.Created, "expires": proof.Expires,
	}))
	e.revisions(used)
	return nil
}

// revisions names the revisions of the contexts that a signature holds with,
// where there are several.
func (e *examination) revisions(used []contexts.Document) {
	for _, document := range used {
		all := e.contexts[document.URL]
		if len(all) < 2 {
			continue
		}
		code := CodeContextRevision
		if document.Revision != all[0].Revision {
			code = CodeContextSuperseded
		}
		e.add(code, Passed, "", map[string]string{"context": document.URL, "revision": document.Revision})
	}
}

// knownContexts looks, before anything is fetched, whether the contexts of the
// document are known. What is written into the document instead of named is
// left to the reader of linked data, which knows what it may take.
// At most maxUnknownContexts are named.
func (e *examination) knownContexts(v strictjson.Value) bool {
	unknown := 0
	for contexts := v.Get("@context").Items(); contexts.Next() && unknown < maxUnknownContexts; {
		context := contexts.Value()
		if context.Kind() == strictjson.String && !e.isKnownContext(context) {
			e.add(CodeContextUnknown, Indeterminate, context.Pointer(), nil)
			unknown++
		}
	}
	return unknown == 0
}

const maxUnknownContexts = 16

func (v *Verifier) isKnownContext(context strictjson.Value) bool {
	url, plain := context.Plain()
	if !plain {
		url = context.AppendText(nil)
	}
	return len(v.contexts[string(url)]) > 0
}

// reading finds out whether the document can be read without loss, where no
// signature has shown it.
func (e *examination) reading() {
	if err := e.read(); err != nil {
		e.note(*proofFault(err, e.credential.Value()))
		return
	}
	e.add(CodeContexts, Passed, "", nil)
	e.add(CodeLossless, Passed, "", nil)
}

// read reads the document, with older revisions of its contexts if need be. They
// are named where it is the issuer's.
func (e *examination) read() error {
	source := jsonld.Source{Object: e.credential.Value(), Without: []string{"proof"}}
	reading, err := e.config.JSONLD.Reading(e.ctx, source)
	if err == nil && reading.Superseded && e.trust == verified {
		e.revisions(reading.Contexts)
	}
	return err
}

// faults are the errors of reading and of proofs. The first that matches
// counts.
var faults = []struct {
	err     error
	code    Code
	outcome Outcome
}{
	{dataintegrity.ErrNoProof, CodeNoProof, Failed},
	{dataintegrity.ErrMalformedProof, CodeProofMalformed, Failed},
	{dataintegrity.ErrPurpose, CodeProofPurpose, Failed},
	{dataintegrity.ErrExpiredProof, CodeProofExpired, Failed},
	{dataintegrity.ErrFutureProof, CodeProofNotYetValid, Failed},
	{dataintegrity.ErrDomain, CodeDomainMismatch, Failed},
	{dataintegrity.ErrChallenge, CodeChallengeMismatch, Failed},
	{dataintegrity.ErrKeyType, CodeKeyType, Failed},
	{dataintegrity.ErrSignature, CodeSignatureInvalid, Failed},
	{dataintegrity.ErrUnsupportedCryptosuite, CodeProofUnsupported, Indeterminate},
	{dataintegrity.ErrUnsupportedProof, CodeProofUnsupported, Indeterminate},
	{jsonld.ErrUnknownContext, CodeContextUnknown, Indeterminate},
	{jsonld.ErrInlineContext, CodeContextInline, Indeterminate},
	{jsonld.ErrInvalidContext, CodeContextInvalid, Failed},
	{jsonld.ErrDataLoss, CodeLossless, Failed},
	{errWork, CodeTooComplex, Indeterminate},
	{jsonld.ErrLimit, CodeTooComplex, Indeterminate},
	{rdfc.ErrBudget, CodeTooComplex, Indeterminate},
	{context.Canceled, CodeInterrupted, Indeterminate},
	{context.DeadlineExceeded, CodeInterrupted, Indeterminate},
}

// proofFault is the finding for an error of dataintegrity, jsonld or rdfc. An
// error that is none of those known here means that the check could not be
// made.
func proofFault(err error, document strictjson.Value) *finding {
	f := &finding{code: CodeInternalFault, outcome: Indeterminate}
	for _, fault := range faults {
		if errors.Is(err, fault.err) {
			f.code, f.outcome = fault.code, fault.outcome
			break
		}
	}
	var (
		inProof   *dataintegrity.ProofError
		inContext *jsonld.ContextError
		loss      *jsonld.LossError
	)
	switch {
	case errors.As(err, &loss):
		f.path, f.params = loss.Path, map[string]string{"reason": string(loss.Reason)}
	case errors.As(err, &inContext):
		f.path = inContext.Path
	case errors.As(err, &inProof):
		f.path = inProof.Path
	case f.code == CodeNoProof:
		f.path = document.Pointer() + "/proof"
	}
	return f
}
