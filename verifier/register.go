package verifier

import (
	"context"
	"crypto"
	"time"
)

// Register is an installation's own record of what its issuers have issued. A
// key that others may have proves nothing any more, but what the issuer stored
// before it got out it still knows for its own. An implementation must be safe
// for concurrent use.
type Register interface {
	// Vouch reports whether the register holds exactly this document, stored
	// before its key became known to others. It must say so only of an issuer of
	// its own and by its own clock, never by a time in the document.
	Vouch(ctx context.Context, claim Claim) (Vouched, bool)
}

// Claim is a document as it was handed in, with what it says of itself.
type Claim struct {
	// Issuer is the id of its issuer, ID its own, VerificationMethod the URL of
	// the key of its proof.
	Issuer, ID, VerificationMethod string
	// Document is the credential with all of its proofs.
	Document []byte
}

// Vouched is what a register says of a document that it holds.
type Vouched struct {
	// PublicKey is the key that the proof was made with. The signature is
	// checked with it all the same.
	PublicKey crypto.PublicKey
	// Stored is when the register took the document in, Compromised since when
	// the key may be known to others, later than Stored.
	Stored, Compromised time.Time
}

// CodeKeyVouched says that the key of a proof is compromised and that the
// register of the issuer vouches for the document.
const CodeKeyVouched Code = "key_vouched"

// vouched asks the register about a document whose key its issuer does not list
// any more. It notes what it says and returns the key.
func (e *examination) vouched(method, path string, fault *finding) (crypto.PublicKey, bool) {
	if e.config.Register == nil || e.purpose == asStatusList || fault.code != CodeKeyNotAuthorized && fault.code != CodeKeyRevoked {
		return nil, false
	}
	found, ok := e.config.Register.Vouch(e.ctx, Claim{
		Issuer: e.issuerID, ID: e.credential.Value().Get("id").Text(), VerificationMethod: method, Document: e.credential.Raw(),
	})
	if !ok || !found.Stored.Before(found.Compromised) {
		return nil, false
	}
	e.add(CodeKeyVouched, Passed, path, map[string]string{
		"stored": found.Stored.UTC().Format(time.RFC3339), "compromised": found.Compromised.UTC().Format(time.RFC3339),
	})
	return found.PublicKey, true
}
