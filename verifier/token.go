package verifier

import (
	"crypto"
	"errors"
	"strconv"
	"strings"
	"time"

	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/credential/sdjwt"
	"laurel/credential/strictjson"
	"laurel/did"
)

// tokenProof checks the signature of the JWS that the credential came in, and
// whose key made it. A key in the header, or one that is named there, counts only
// when the issuer's own document or key set holds it.
func (e *examination) tokenProof() {
	readable := e.knownContexts(e.credential.Value())
	e.add(CodeProof, Passed, "", map[string]string{"cryptosuite": e.token.JWS.Header.Algorithm})
	if !readable {
		e.signatureUnchecked()
		return
	}
	if fault := e.tokenSignature(e.issuerID, did.AssertionMethod); fault != nil {
		if e.note(*fault) {
			e.trust = broken
		}
		e.signatureUnchecked()
		e.meaning()
		return
	}
	e.add(CodeKey, Passed, "", nil)
	e.add(CodeSignature, Passed, "", given(map[string]string{"verificationMethod": e.token.JWS.Header.KeyID}))
	e.trust = verified
	for _, claim := range e.token.Missing {
		e.add(CodeClaimMissing, Skipped, "", map[string]string{"claim": claim})
	}
	e.meaning()
}

// tokenSignature checks the signature of the JWS with a key of a party, and the
// times that are about the signature.
func (e *examination) tokenSignature(id string, relationship did.Relationship) *finding {
	claims := e.token.Claims
	switch {
	case claims.IssuedAt.After(e.now.Add(clockSkew)):
		return &finding{code: CodeProofNotYetValid, outcome: Failed}
	case e.token.Profile != jose.ProfileVCJOSECOSE && !e.token.Presentation:
		// The dates of the credential itself; see validity.
	case !claims.Expires.IsZero() && e.now.After(claims.Expires):
		return &finding{code: CodeProofExpired, outcome: Failed}
	case claims.NotBefore.After(e.now.Add(clockSkew)):
		return &finding{code: CodeProofNotYetValid, outcome: Failed}
	}
	public, fault := e.tokenKey(id, e.token.JWS.Header, relationship)
	if fault != nil {
		return fault
	}
	if _, isKnown := e.served.find(wholeToken, public); isKnown {
		return nil
	}
	if stated := e.token.JWS.Header.Issuer; stated != "" && stated != id {
		return &finding{code: CodeClaimMismatch, outcome: Failed, params: map[string]string{"claim": "iss"}}
	}
	if !e.work(workOf(public)) {
		return proofFault(errWork, strictjson.Value{})
	}
	verify := e.token.JWS.Verify
	if e.message != nil {
		verify = e.message.Verify
	}
	if err := verify(public); err != nil {
		return tokenFault(err)
	}
	e.served.add(proved{wholeToken, public, nil})
	return nil
}

// wholeToken is the position of the signature of a JWS, which is no proof of the
// document's set.
const wholeToken = -1

// meaning finds out whether the vocabularies define everything that the document
// says. The signature of a JWS covers all of it either way.
func (e *examination) meaning() {
	err := e.read()
	var loss *jsonld.LossError
	switch {
	case err == nil:
		e.add(CodeContexts, Passed, "", nil)
		e.add(CodeLossless, Passed, "", nil)
	case errors.As(err, &loss):
		e.add(CodeUndefinedTerm, Failed, loss.Path, map[string]string{"reason": string(loss.Reason)})
	default:
		e.note(*proofFault(err, e.credential.Value()))
	}
}

// tokenKey finds the key that a JWS was made with among those of a party.
func (s *session) tokenKey(id string, header jose.Header, relationship did.Relationship) (crypto.PublicKey, *finding) {
	if !strings.HasPrefix(id, "did:") && !strings.HasPrefix(id, "https://") {
		return nil, &finding{code: CodeKeyURLInvalid, outcome: Failed}
	}
	kid := header.KeyID
	if strings.HasPrefix(kid, "#") {
		kid = id + kid
	}
	base, _, hasFragment := strings.Cut(kid, "#")
	isURL := strings.Contains(kid, ":")
	switch {
	case isURL && base == id && hasFragment:
		public, fault := s.methodKey(id, kid, relationship)
		if fault == nil && header.Key != nil && !sameKey(public, header.Key) {
			return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
		}
		return public, fault
	case strings.HasPrefix(kid, "did:") && base != id,
		isURL && !strings.HasPrefix(kid, "did:") && (domainOf(kid) == "" || domainOf(kid) != domainOf(id)):
		// The key is somebody else's. Nothing is fetched for it.
		return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
	}
	public, fault := s.listedKey(id, kid, header.Key, relationship)
	if fault == nil || relationship != did.AssertionMethod || domainOf(id) == "" || kid == "" && header.Key == nil {
		return public, fault
	}
	public, inSet := s.keyOfSet(id, kid, header.Key)
	if inSet != nil && inSet.code == CodeIssuerNotFound {
		return nil, fault // there is no key set
	}
	if inSet != nil && inSet.outcome == Failed && fault.outcome == Indeterminate {
		return nil, fault // the one place was not had, the other does not have it
	}
	return public, inSet
}

// listedKey finds a key in the document of a party: the one that kid names, the
// one that equals the key of the header, or the only one there is.
func (s *session) listedKey(id, kid string, key crypto.PublicKey, relationship did.Relationship) (crypto.PublicKey, *finding) {
	document, err := s.controllerDocument(id)
	if err != nil {
		return nil, keyFault(err, CodeKeyUnresolvable)
	}
	var found []did.VerificationMethod
	for _, listed := range document.VerificationMethods {
		method, err := document.Method(listed.ID, relationship)
		if err != nil || kid != "" && kid != id && listed.ID != kid && listed.ID != id+"#"+kid {
			if key == nil || err != nil || !sameKey(method.PublicKey, key) {
				continue
			}
		}
		if key != nil && !sameKey(method.PublicKey, key) {
			continue
		}
		found = append(found, method)
	}
	if len(found) == 0 || key == nil && len(found) > 1 {
		return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
	}
	if err := found[0].CheckTime(s.now); err != nil {
		return nil, keyFault(err, CodeKeyUnsupported)
	}
	return found[0].PublicKey, nil
}

// keyOfSet finds a key in the key set of the host of an issuer, which the Open
// Badges 3.0 Implementation Guide has for badges signed as JWS. In a set that
// says of any key whose it is, it has to say so of this one.
func (s *session) keyOfSet(id, kid string, key crypto.PublicKey) (crypto.PublicKey, *finding) {
	data, err := s.fetch("https://"+domainOf(id)+"/.well-known/jwks.json", KindKeySet)
	if err != nil {
		return nil, keyFault(err, CodeKeyUnresolvable)
	}
	document, err := strictjson.ParseLimits(data, strictjson.Limits{Size: maxKeySet})
	if err != nil {
		return nil, &finding{code: CodeIssuerDocumentInvalid, outcome: Indeterminate}
	}
	keys := document.Root().Get("keys")
	named := false
	for jwk := range keys.Elements() {
		named = named || jwk.Get("iss").Exists()
	}
	tried := 0
	for jwk := range keys.Elements() {
		if named && !jwk.Get("iss").Is(id) || kid != "" && !jwk.Get("kid").Is(kid) {
			continue
		}
		if tried++; tried > maxKeys {
			return nil, &finding{code: CodeIssuerDocumentInvalid, outcome: Indeterminate}
		}
		public, err := jose.ParseJWK(jwk)
		switch {
		case key != nil && (err != nil || !sameKey(public, key)):
			continue
		case err != nil:
			return nil, keyFault(err, CodeKeyUnsupported)
		case jwk.Get("revoked").Exists(): // OpenID Federation 1.0 §8.7.2
			return nil, keyFault(did.ErrRevoked, CodeKeyUnsupported)
		}
		if err := checkKeyTime(jwk, s.now); err != nil {
			return nil, keyFault(err, CodeKeyUnsupported)
		}
		return public, nil
	}
	return nil, &finding{code: CodeKeyNotAuthorized, outcome: Failed}
}

// checkKeyTime holds a key to its exp, in seconds, as a key of a DID document is
// held to its expires. One that cannot be read is a key of no known end.
func checkKeyTime(jwk strictjson.Value, now time.Time) error {
	exp, given := jwk.Member("exp")
	if !given {
		return nil
	}
	seconds, err := strconv.ParseInt(string(exp.Raw()), 10, 64)
	switch {
	case err != nil:
		return did.ErrInvalidKey
	case now.After(time.Unix(seconds, 0)):
		return did.ErrExpired
	}
	return nil
}

// Bounds of a key set, in bytes, and of those of its keys that may be the one: a
// host may have many issuers.
const (
	maxKeySet = 256 << 10
	maxKeys   = 64
)

func sameKey(a, b crypto.PublicKey) bool {
	comparable, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparable.Equal(b)
}

// tokenDates gives the times that the claims of a JWT set for the credential in
// it (Open Badges 3.0 §8.2.4).
func (e *examination) tokenDates() (from, until time.Time) {
	if e.token == nil || e.token.Profile == jose.ProfileVCJOSECOSE {
		return from, until
	}
	return e.token.Claims.NotBefore, e.token.Claims.Expires
}

// tokenFaults are the errors of packages jose, cose and sdjwt. The first that matches counts.
var tokenFaults = []struct {
	err     error
	code    Code
	outcome Outcome
}{
	{jose.ErrAlgorithm, CodeAlgorithmNotAllowed, Failed},
	{jose.ErrClaims, CodeClaimMismatch, Failed},
	{jose.ErrType, CodeTokenType, Failed},
	{jose.ErrHeader, CodeTokenMalformed, Failed},
	{jose.ErrMalformed, CodeTokenMalformed, Failed},
	{cose.ErrMalformed, CodeTokenMalformed, Failed},
	{cose.ErrHeader, CodeTokenMalformed, Failed},
	{sdjwt.ErrMalformed, CodeTokenMalformed, Failed},
	{sdjwt.ErrDisclosure, CodeTokenMalformed, Failed},
	{sdjwt.ErrKeyBinding, CodeTokenMalformed, Failed},
	{sdjwt.ErrHash, CodeAlgorithmNotAllowed, Failed},
	{jose.ErrInvalidKey, CodeKeyInvalid, Failed},
	{jose.ErrUnsupportedKey, CodeKeyUnsupported, Indeterminate},
	{jose.ErrSignature, CodeSignatureInvalid, Failed},
}

// tokenFault is the finding for an error of packages jose, cose or sdjwt.
func tokenFault(err error) *finding {
	f := &finding{code: CodeInternalFault, outcome: Indeterminate}
	for _, fault := range tokenFaults {
		if errors.Is(err, fault.err) {
			f.code, f.outcome = fault.code, fault.outcome
			break
		}
	}
	if claim := (*jose.ClaimError)(nil); errors.As(err, &claim) {
		f.path, f.params = claim.Path, map[string]string{"claim": claim.Claim}
	}
	return f
}
