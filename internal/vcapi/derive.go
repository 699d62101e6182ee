package vcapi

import (
	"context"
	"encoding/json"

	"laurel/credential/dataintegrity"
)

// deriveOptions are the options of Derive.
var deriveOptions = []string{"selectivePointers", "presentationHeader"}

// Derive makes, of a credential with a base proof, {verifiableCredential,
// options}, the one that its holder shows: what options.selectivePointers name,
// and what is mandatory. options.presentationHeader, a text, binds a proof of
// bbs-2023 to its use. The error is an *Error, or that of ctx.
func (i *Instance) Derive(ctx context.Context, body []byte) (json.RawMessage, error) {
	r, err := i.read(body, deriveOptions, "verifiableCredential")
	if err != nil {
		return nil, err
	}
	credential, err := r.object()
	if err != nil {
		return nil, err
	}
	pointers, _, err := r.texts("selectivePointers")
	if err != nil {
		return nil, err
	}
	header, err := r.text("presentationHeader")
	if err != nil {
		return nil, err
	}
	options := dataintegrity.DeriveOptions{SelectivePointers: pointers}
	if header != "" {
		options.PresentationHeader = []byte(header)
	}
	derived, err := i.suites.Derive(ctx, credential.Document().Bytes(), options)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, invalid(problemOf(err, proofGeneration, "Nothing can be derived from the credential."))
	}
	return derived, nil
}
