package main

import (
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
}

func (s suite) name() string { return s.cryptosuite + ", " + s.key }

// signer is a new key of the kind.
func (s suite) signer() (crypto.Signer, error) {
	switch s.key {
	case "P-256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
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

// suited are the cryptosuites that there are.
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
	return all, nil
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
