package cose

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	gocose "github.com/veraison/go-cose"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// SignOptions say what stands in the protected header beside alg, typ and the
// content type.
type SignOptions struct {
	// KeyID is kid, the URL of a verification method; "" for none.
	KeyID string
	// Issuer is iss of the CWT claims; "" for none.
	Issuer string
	// Random is as in jose.SigningOptions.
	Random io.Reader
}

// Sign secures a credential or presentation of VCDM 2.0 as it is, in a tagged
// COSE_Sign1 message; typ and content type follow from its type. The algorithm
// is EdDSA, ES256, ES384 or RS256, by the key. The result has passed Parse,
// Document and Verify. Errors are those of the three and of
// jose.CreateSignature.
func Sign(document []byte, key crypto.Signer, options SignOptions) ([]byte, error) {
	doc, err := strictjson.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrMalformed, err)
	}
	presentation := false
	for t := range doc.Root().Get("type").OneOrMany() {
		presentation = presentation || t.Is("VerifiablePresentation")
	}
	s, err := newSigner(key)
	if err != nil {
		return nil, err
	}
	protected := gocose.ProtectedHeader{labelAlgorithm: s.Algorithm(), labelContentType: "application/vc", labelType: TypeCredential}
	if presentation {
		protected[labelContentType], protected[labelType] = "application/vp", TypePresentation
	}
	if options.KeyID != "" {
		protected[labelKeyID] = []byte(options.KeyID)
	}
	if options.Issuer != "" {
		protected[labelClaims] = map[any]any{claimIssuer: options.Issuer}
	}
	random := options.Random
	if random == nil {
		random = noRandom{}
	}
	data, err := gocose.Sign1(random, s, gocose.Headers{Protected: protected}, document, nil)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if err := confirm(data, key.Public(), presentation); err != nil {
		return nil, fmt.Errorf("checking own COSE_Sign1: %w", err)
	}
	return data, nil
}

// confirm reads what is about to go out as a stranger would.
func confirm(data []byte, key crypto.PublicKey, presentation bool) error {
	m, err := Parse(data)
	if err != nil {
		return err
	}
	if _, _, err := m.Document(presentation, jose.Options{}); err != nil {
		return err
	}
	return m.Verify(key)
}

// signer gives the library the signatures of package jose.
type signer struct {
	key  crypto.Signer
	name string
}

func newSigner(key crypto.Signer) (*signer, error) {
	name, err := jose.SigningAlgorithm(key)
	if err != nil {
		return nil, err
	}
	return &signer{key: key, name: name}, nil
}

func (s *signer) Algorithm() gocose.Algorithm { return numberOf(s.name) }

func (s *signer) Sign(random io.Reader, content []byte) ([]byte, error) {
	_, signature, err := jose.CreateSignature(random, s.key, content)
	return signature, err
}

// noRandom stands where EdDSA needs no randomness; what needs some fails.
type noRandom struct{}

func (noRandom) Read([]byte) (int, error) { return 0, errors.New("no source of randomness") }
