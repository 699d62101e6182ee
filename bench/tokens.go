package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"laurel/credential/jose"
	"laurel/credential/sdjwt"
)

// token is a form of JWT with a kind of key.
type token struct {
	form, key string
	// issue makes it of a document; verify opens it with the signer's key.
	issue  func(document []byte, signer crypto.Signer) (string, error)
	verify func(text []byte, key crypto.PublicKey) error
}

var tokens = []token{
	{"vc+jwt, ES256", "P-256", issueJWT, verifyJWT},
	{"vc+jwt, EdDSA", "Ed25519", issueJWT, verifyJWT},
	{"vc+sd-jwt, ES256, the subject disclosed", "P-256", issueSDJWT, verifySDJWT},
}

func issueJWT(document []byte, signer crypto.Signer) (string, error) {
	return jose.SignVC(document, signer, jose.SigningOptions{KeyID: "did:example:issuer#key", Random: rand.Reader})
}

func verifyJWT(text []byte, key crypto.PublicKey) error {
	opened, err := jose.OpenCredential(text, jose.Options{})
	if err != nil {
		return err
	}
	return opened.JWS.Verify(key)
}

func issueSDJWT(document []byte, signer crypto.Signer) (string, error) {
	return sdjwt.Issue(document, signer, sdjwt.IssueOptions{
		Signing:  jose.SigningOptions{KeyID: "did:example:issuer#key", Random: rand.Reader},
		Disclose: []string{"/credentialSubject"}, Random: rand.Reader,
	})
}

func verifySDJWT(text []byte, key crypto.PublicKey) error {
	opened, err := sdjwt.Parse(text)
	if err != nil {
		return err
	}
	return opened.JWS.Verify(key)
}

// tokened are the tokens, each with the cryptography alone of what is signed.
func (l *laurel) tokened() ([]suited, error) {
	var all []suited
	for _, t := range tokens {
		one := suited{suite: suite{cryptosuite: t.form, key: t.key}}
		signer, err := one.signer()
		if err != nil {
			return nil, err
		}
		made, err := t.issue(l.input.document, signer)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.form, err)
		}
		text, key := []byte(made), signer.Public()
		one.issue = operation{one.name() + ", issue", func() error { _, err := t.issue(l.input.document, signer); return err }}
		one.verify = operation{one.name() + ", verify", func() error { return t.verify(text, key) }}
		if err := one.verify.run(); err != nil {
			return nil, fmt.Errorf("%s: %w", t.form, err)
		}
		if one.floorIssue, one.floorVerify, err = floorOfToken(one.suite, made, signer); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// floorOfToken is the signature over the text before the last dot.
func floorOfToken(s suite, made string, signer crypto.Signer) (sign, verify operation, err error) {
	jws, _, _ := strings.Cut(made, "~")
	signed := []byte(jws[:strings.LastIndexByte(jws, '.')])
	names := [2]string{s.name() + ", cryptography of signing", s.name() + ", cryptography of verifying"}
	wrong := errors.New("the signature of the floor is wrong")
	switch private := signer.(type) {
	case ed25519.PrivateKey:
		signature, public := ed25519.Sign(private, signed), private.Public().(ed25519.PublicKey)
		return operation{names[0], func() error { ed25519.Sign(private, signed); return nil }},
			operation{names[1], func() error {
				if !ed25519.Verify(public, signed, signature) {
					return wrong
				}
				return nil
			}}, nil
	case *ecdsa.PrivateKey:
		digest := func() []byte { sum := sha256.Sum256(signed); return sum[:] }
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
