package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"time"

	"laurel/credential/bbs"
	"laurel/credential/dataintegrity"
	"laurel/credential/strictjson"
	"laurel/did"
)

// suite is a cryptosuite with a kind of key. Another one is a line in suites;
// one that this build of Laurel does not have is left out.
type suite struct {
	cryptosuite, key string
	// jcs says that the JSON text is hashed, and not the canonical quads.
	jcs bool
}

var suites = []suite{
	{"eddsa-rdfc-2022", "Ed25519", false},
	{"eddsa-jcs-2022", "Ed25519", true},
	{"Ed25519Signature2020", "Ed25519", false},
	{"ecdsa-rdfc-2019", "P-256", false},
	{"ecdsa-jcs-2019", "P-256", true},
	{"ecdsa-rdfc-2019", "P-384", false},
	{"ecdsa-jcs-2019", "P-384", true},
	{dataintegrity.ECDSASD2023, "P-256", false},
	{dataintegrity.BBS2023, "BLS12-381-G2", false},
}

// isSelective reports whether a suite signs statement by statement, for holders to
// show some of them. What is verified is a document with all of them shown.
func (s suite) isSelective() bool {
	return s.cryptosuite == dataintegrity.ECDSASD2023 || s.cryptosuite == dataintegrity.BBS2023
}

func (s suite) name() string { return s.cryptosuite + ", " + s.key }

// signer is a new key of the kind.
func (s suite) signer() (crypto.Signer, error) {
	switch s.key {
	case "P-256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "BLS12-381-G2":
		return bbs.GenerateKey(rand.Reader)
	default:
		_, private, err := ed25519.GenerateKey(nil)
		return private, err
	}
}

// suited is what a cryptosuite is measured with: what issue and verify do, and
// the cryptography that neither can do without.
type suited struct {
	suite
	issue, verify, floorIssue, floorVerify operation
}

// suited are the cryptosuites that there are, and the tokens.
func (l *laurel) suited() ([]suited, error) {
	var all []suited
	for _, s := range suites {
		one, err := l.suitedWith(s)
		if errors.Is(err, dataintegrity.ErrUnsupportedCryptosuite) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name(), err)
		}
		all = append(all, one)
	}
	tokened, err := l.tokened()
	return append(all, tokened...), err
}

func (l *laurel) suitedWith(s suite) (one suited, err error) {
	signer, err := s.signer()
	if err != nil {
		return one, err
	}
	multikey, err := did.EncodeMultikey(signer.Public())
	if err != nil {
		return one, err
	}
	options := dataintegrity.Options{
		Cryptosuite: s.cryptosuite, VerificationMethod: "did:key:" + multikey + "#" + multikey, Created: l.input.key.created,
	}
	sign := func() ([]byte, error) {
		return l.suites.Sign(context.Background(), l.input.document, signer, options)
	}
	signed, err := sign()
	if err != nil {
		return one, err
	}
	one.suite = s
	if s.isSelective() {
		shown := dataintegrity.DeriveOptions{}
		parsed, err := strictjson.Parse(l.input.document)
		if err != nil {
			return one, err
		}
		for name := range parsed.Root().Members() {
			if name != "@context" {
				shown.SelectivePointers = append(shown.SelectivePointers, "/"+strictjson.EscapePointer(name))
			}
		}
		if signed, err = l.suites.Derive(context.Background(), signed, shown); err != nil {
			return one, err
		}
	}
	one.issue = operation{s.name() + ", issue", func() error { _, err := sign(); return err }}
	one.verify = operation{s.name() + ", verify", func() error { return l.verifyWith(signed, signer.Public()) }}
	one.floorIssue, one.floorVerify, err = l.floorOf(s, signer)
	return one, errors.Join(err, one.verify.run())
}

// verifyWith is verify with another key.
func (l *laurel) verifyWith(signed []byte, key crypto.PublicKey) error {
	parsed, err := strictjson.Parse(signed)
	if err != nil {
		return err
	}
	proofs, err := dataintegrity.Proofs(parsed.Root())
	if err != nil {
		return err
	}
	_, err = l.suites.Verify(context.Background(), parsed.Root(), proofs[0], key, dataintegrity.Expect{Now: judged})
	return err
}

// floorOf is the hashing and the signature alone.
func (l *laurel) floorOf(s suite, signer crypto.Signer) (sign, verify operation, err error) {
	document := l.canonical
	if s.jcs {
		document = l.input.document // whose canonical text is as long
	}
	hash := func() []byte {
		if s.key == "P-384" {
			options, sum := sha512.Sum384(l.options), sha512.Sum384(document)
			return append(options[:], sum[:]...)
		}
		options, sum := sha256.Sum256(l.options), sha256.Sum256(document)
		return append(options[:], sum[:]...)
	}
	digest := func() []byte { // of what is signed, for ECDSA
		if s.key == "P-384" {
			sum := sha512.Sum384(hash())
			return sum[:]
		}
		sum := sha256.Sum256(hash())
		return sum[:]
	}
	wrong := errors.New("the signature of the floor is wrong")
	names := [2]string{s.name() + ", cryptography of signing", s.name() + ", cryptography of verifying"}
	if s.isSelective() {
		return l.floorOfStatements(s, signer, names)
	}
	switch private := signer.(type) {
	case ed25519.PrivateKey:
		signature, public := ed25519.Sign(private, hash()), private.Public().(ed25519.PublicKey)
		return operation{names[0], func() error { ed25519.Sign(private, hash()); return nil }},
			operation{names[1], func() error {
				if !ed25519.Verify(public, hash(), signature) {
					return wrong
				}
				return nil
			}}, nil
	case *ecdsa.PrivateKey:
		signature, err := ecdsa.SignASN1(rand.Reader, private, digest())
		return operation{names[0], func() error { _, err := ecdsa.SignASN1(rand.Reader, private, digest()); return err }},
			operation{names[1], func() error {
				if !ecdsa.VerifyASN1(&private.PublicKey, digest(), signature) {
					return wrong
				}
				return nil
			}}, err
	}
	return sign, verify, fmt.Errorf("no floor for a key of type %T", signer)
}

// floorOfStatements is the cryptography alone of a suite that signs statements: a
// signature for each and one over all, or one of BBS over all.
func (l *laurel) floorOfStatements(s suite, signer crypto.Signer, names [2]string) (sign, verify operation, err error) {
	statements := bytes.SplitAfter(bytes.TrimSuffix(l.canonical, []byte("\n")), []byte("\n"))
	if private, ok := signer.(*bbs.PrivateKey); ok {
		header := make([]byte, 2*sha256.Size)
		signature, err := private.Sign(nil, header, bbs.Messages(statements))
		if err != nil {
			return sign, verify, err
		}
		public := private.Public().(*bbs.PublicKey)
		all := bbs.Disclosure{Header: header, Messages: statements}
		for i := range statements {
			all.Indexes = append(all.Indexes, i)
		}
		proof, err := public.ProofGen(rand.Reader, signature, all)
		return operation{names[0], func() error { _, err := private.Sign(nil, header, bbs.Messages(statements)); return err }},
			operation{names[1], func() error { return public.ProofVerify(proof, all) }}, err
	}
	private, ok := signer.(*ecdsa.PrivateKey)
	if !ok {
		return sign, verify, fmt.Errorf("no floor for a key of type %T", signer)
	}
	signatures := make([][]byte, len(statements)+1)
	digests := make([][sha256.Size]byte, len(statements)+1)
	for i, statement := range statements {
		digests[i] = sha256.Sum256(statement)
	}
	signAll := func() error {
		for i := range signatures {
			var err error
			if signatures[i], err = ecdsa.SignASN1(rand.Reader, private, digests[i][:]); err != nil {
				return err
			}
		}
		return nil
	}
	return operation{names[0], signAll}, operation{names[1], func() error {
		for i := range signatures {
			if !ecdsa.VerifyASN1(&private.PublicKey, digests[i][:], signatures[i]) {
				return fmt.Errorf("%s: the signature of the floor is wrong", s.name())
			}
		}
		return nil
	}}, signAll()
}

// suiteTable measures every cryptosuite with its own floor.
func (l *laurel) suiteTable(rounds int, turn time.Duration) (string, error) {
	all, err := l.suited()
	if err != nil {
		return "", err
	}
	var operations []operation
	for _, one := range all {
		operations = append(operations, one.issue, one.verify, one.floorIssue, one.floorVerify)
	}
	s := make(series)
	for range rounds {
		if err := s.round(turn, operations); err != nil {
			return "", err
		}
	}
	t := newTable("cryptosuite, key", "cryptography of signing µs", "issue µs", "over it", "cryptography of verifying µs", "verify µs", "over it")
	for _, one := range all {
		t.row(one.name(),
			micro(s.figure(one.floorIssue.name).median), micro(s.figure(one.issue.name).median), times(s.ratio(one.issue.name, one.floorIssue.name, sample.wall)),
			micro(s.figure(one.floorVerify.name).median), micro(s.figure(one.verify.name).median), times(s.ratio(one.verify.name, one.floorVerify.name, sample.wall)))
	}
	return t.String(), nil
}
