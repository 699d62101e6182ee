package verifier

import (
	"crypto"
	"crypto/ecdsa"
	"errors"

	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// maxWork bounds the computing for signatures of one verification, in units of
// about a microsecond. Somebody who makes proofs by the hundred, each over
// hundreds of statements, gets no more of it than an honest presentation needs.
const maxWork = 150_000

// What the computing for one signature is about, in the same units.
const (
	workOfSignature = 100
	workOfP384      = 700
	workOfBBS       = 2500
	workOfMessage   = 55 // of BBS
)

// errWork says that what is left of maxWork does not suffice.
var errWork = errors.New("too much computing for signatures")

// work takes the computing for something out of what is left, and reports
// whether there was enough.
func (s *session) work(units int) bool {
	if s.worked+units > maxWork {
		return false
	}
	s.worked += units
	return true
}

// workOf is the computing for a signature with a key.
func workOf(public crypto.PublicKey) int {
	if key, ok := public.(*ecdsa.PublicKey); ok && key.Params().BitSize > 256 {
		return workOfP384
	}
	return workOfSignature
}

// verifyProof checks the signature of one proof within what is left of maxWork;
// the error is errWork when that does not suffice, or one of dataintegrity.
func (s *session) verifyProof(document *dataintegrity.Document, v strictjson.Value, proof dataintegrity.Proof, public crypto.PublicKey, expect dataintegrity.Expect) (dataintegrity.Verified, error) {
	units := workOf(public)
	switch proof.Cryptosuite {
	case dataintegrity.ECDSASD2023:
		units += workOfSignature * statementsIn(v)
	case dataintegrity.BBS2023:
		// A message that is held back leaves 32 bytes in the proof.
		units += workOfBBS + workOfMessage*(statementsIn(v)+len(proof.ProofValue)/43)
	}
	if !s.work(units) {
		return dataintegrity.Verified{}, errWork
	}
	good, err := document.Verify(s.ctx, proof, public, expect)
	if good.Superseded || errors.Is(err, dataintegrity.ErrSignature) || jsonld.Outdated(err) {
		// It was tried under every edition of the contexts.
		s.worked += units * len(s.config.JSONLD.Alternatives(jsonld.Source{Object: v, Without: []string{"proof"}}))
	}
	return good, err
}

// statementsIn is about how many statements a document makes, proofs aside, up to
// as many as a proof may cover one by one.
func statementsIn(v strictjson.Value) int {
	count := 0
	var visit func(v strictjson.Value)
	visit = func(v strictjson.Value) {
		for element := range v.Elements() {
			visit(element)
		}
		for name, member := range v.Members() {
			if count >= dataintegrity.MaxStatements {
				return
			}
			if name != "proof" && name != "@context" {
				visit(member)
			}
		}
		count++
	}
	visit(v)
	return min(count, dataintegrity.MaxStatements)
}
