package vcapi

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/did"
)

// Proof is one proof that an instance adds to what it issues.
type Proof struct {
	// Cryptosuite is a name that dataintegrity.Options takes.
	Cryptosuite string
	Signer      crypto.Signer
	// VerificationMethod is the URL of the key.
	VerificationMethod string
	// MandatoryPointers are what every derived credential shows, for suites with
	// selective disclosure, unless a request names others.
	MandatoryPointers []string
	// Undated leaves created out, by which its holder could be known again.
	Undated bool
	// Current, when set, is asked for the key whenever something is signed, in
	// place of Signer and VerificationMethod: keys change while a server runs.
	Current Current
}

// Current finds the key that signs at present, and its URL.
type Current func(ctx context.Context) (signer crypto.Signer, method string, err error)

// present is the proof with the key that signs now.
func (p Proof) present(ctx context.Context) (Proof, error) {
	var err error
	if p.Current != nil {
		p.Signer, p.VerificationMethod, err = p.Current(ctx)
	}
	return p, err
}

// selective reports whether the proof is one to derive others from, which
// verifies nowhere by itself.
func (p Proof) selective() bool {
	return p.Cryptosuite == dataintegrity.ECDSASD2023 || p.Cryptosuite == dataintegrity.BBS2023
}

// Envelope secures what is issued as a JWT (VC-JOSE-COSE), in an
// EnvelopedVerifiableCredential.
type Envelope struct {
	Signer crypto.Signer
	// KeyID is the URL of the key.
	KeyID string
	// Current is as in Proof, in place of Signer and KeyID.
	Current Current
}

// Policy is what one instance does in another way than the next. The zero value
// follows VCALM and is tolerant.
type Policy struct {
	// BindIssuer makes a proof count only by a key of the issuer's own document,
	// and issues in no other name than Config.Issuer.
	BindIssuer bool
	// RefuseUnverified answers what does not verify as an invalid request, as
	// the W3C suites want it; VCALM answers that it is not verified.
	RefuseUnverified bool
	// StrictOptions refuses options that are not known, as VCALM demands.
	StrictOptions bool
	// StatusDecides makes a credential that is revoked or suspended, or whose
	// status cannot be found out, not verified. For VCALM it is a warning.
	StatusDecides bool
	// RefuseProofs issues nothing that has a proof already; otherwise the new
	// proof stands beside those that are there.
	RefuseProofs bool
	// ChainProofs makes the new proof cover those that are there (previousProof),
	// each of which must have an id, and gives it one itself. Proofs of selective
	// disclosure cannot.
	ChainProofs bool
	// AssertsOnly signs no presentations: the issuer's document has the keys for
	// assertionMethod alone, and nobody could verify one.
	AssertsOnly bool
	// StatusPurposes adds a status entry of each purpose to what is issued. With
	// a Ledger, what has no id is given one then, by which to change it.
	StatusPurposes []string
	// JOSE says how tolerantly JWTs are read.
	JOSE jose.Options
}

// Lists gets the bytes of a status list credential by its URL.
type Lists interface {
	StatusList(ctx context.Context, url string) ([]byte, error)
}

// Config is what an Instance is made of. Issuer, JSONLD, Contexts and Resolver
// are required, and Proofs or Envelope for one that issues.
type Config struct {
	// URL is where the instance is served, without a slash at the end.
	URL string
	// Issuer is the DID in whose name it signs.
	Issuer   string
	Proofs   []Proof
	Envelope *Envelope
	Policy   Policy

	// JSONLD reads documents, with the documents of Contexts.
	JSONLD   *jsonld.Processor
	Contexts *contexts.Set
	// Resolver resolves the DIDs of keys.
	Resolver did.Resolver
	// Lists gets status lists of others. Without it only the instance's own can
	// be had.
	Lists Lists
	// Ledger keeps what is issued. Without it that is in memory, within bounds,
	// with status lists of the instance's own.
	Ledger Ledger
	// Clock is time.Now when nil, Random the system's.
	Clock  func() time.Time
	Random io.Reader
}

// Instance is one configuration of the API with what it issued. It is safe for
// concurrent use.
type Instance struct {
	config     Config
	suites     *dataintegrity.Suites
	ledger     Ledger
	memory     *memory // the ledger, where there is no other
	challenges *challenges
}

// New makes an Instance. It starts nothing. The error names the field of Config
// that is at fault.
func New(config Config) (*Instance, error) {
	switch {
	case config.JSONLD == nil || config.Contexts == nil || config.Resolver == nil:
		return nil, errors.New("configuring instance: JSONLD, Contexts and Resolver are required")
	case config.Issuer == "":
		return nil, errors.New("configuring instance: Issuer is required")
	case config.Envelope != nil && len(config.Proofs) > 0:
		return nil, errors.New("configuring instance: Proofs and Envelope exclude each other")
	case config.Ledger == nil && len(config.Policy.StatusPurposes) > 0 && (len(config.Proofs) == 0 || config.Proofs[0].selective()):
		return nil, errors.New("configuring instance: StatusPurposes need a first proof that verifies by itself")
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	purposes := config.Policy.StatusPurposes
	if config.Ledger != nil {
		purposes = nil // they have lists there
	}
	memory, err := newMemory(config.URL, purposes)
	if err != nil {
		return nil, fmt.Errorf("configuring instance: StatusPurposes: %w", err)
	}
	i := &Instance{
		config: config, suites: dataintegrity.New(config.JSONLD), ledger: config.Ledger, memory: memory, challenges: newChallenges(),
	}
	if i.ledger == nil {
		i.ledger = memory
	}
	return i, nil
}

// RefusesUnverified is Policy.RefuseUnverified.
func (i *Instance) RefusesUnverified() bool { return i.config.Policy.RefuseUnverified }

// now is the present, in UTC.
func (i *Instance) now() time.Time { return i.config.Clock().UTC() }
