package verifier

import (
	"bytes"
	"crypto"
	"errors"
	"strings"

	"laurel/credential/bake"
	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/openbadges2"
	"laurel/credential/sdjwt"
	"laurel/credential/strictjson"
)

// submission examines what was handed in, by its format.
func (e *examination) submission(in *submission) {
	switch in.format {
	case FormatPNG, FormatSVG:
		e.picture(in)
	case FormatJWS:
		e.jws(in.text)
	case FormatSDJWT:
		e.sdjwt(in.text)
	case FormatCOSE:
		if in.fault != nil {
			e.note(*tokenFault(in.fault))
			return
		}
		e.bareCOSE(in.message)
	case FormatLink:
		// link has said why there is nothing.
	default:
		e.json(in.root)
	}
}

// link puts what is behind a link in the place of the link. One link is followed
// and no other.
func (e *examination) link(in *submission) {
	data, err := e.fetch(string(in.text), KindBadge)
	if err != nil {
		e.add(CodeLinkUnavailable, Indeterminate, "", nil)
		return
	}
	behind, err := read(data)
	if err != nil || behind.format == FormatLink {
		e.add(CodeLinkNoBadge, Failed, "", nil)
		return
	}
	in.release()
	*in = behind
	e.add(CodeLink, Passed, "", nil)
}

// picture examines the badge in a picture.
func (e *examination) picture(in *submission) {
	switch {
	case errors.Is(in.fault, bake.ErrNoCredential):
		e.add(CodePictureEmpty, Failed, "", nil)
		return
	case errors.Is(in.fault, bake.ErrAmbiguous):
		e.add(CodePictureAmbiguous, Failed, "", nil)
		return
	case in.fault != nil:
		e.add(CodeTooComplex, Indeterminate, "", nil)
		return
	}
	for _, irregularity := range in.baked.Irregular {
		e.add(CodePictureIrregular, Skipped, "", map[string]string{"irregularity": irregularities[irregularity]})
	}
	text := in.baked.Credential
	switch {
	case text[0] == '{':
		document, err := strictjson.Parse(text)
		if err != nil {
			e.add(CodePictureUnreadable, Failed, "", nil)
			return
		}
		e.json(document.Root())
	case isCompactJWS(text):
		e.jws(text)
	case isSDJWT(text):
		e.sdjwt(text)
	default:
		e.hosted(string(text), strictjson.Value{})
	}
}

var irregularities = map[bake.Irregularity]string{
	bake.Compressed: "the badge is compressed, which the standard forbids",
	bake.Repeated:   "the same badge is there more than once",
	bake.OlderBadge: "a badge of the older kind is there besides, and was left aside",
}

// json examines a document: a badge or, by what structure finds it to be, one in
// an envelope or a presentation; or a badge of the older kind.
func (e *examination) json(root strictjson.Value) {
	if openbadges2.Is(root) {
		e.openBadges2(root)
		return
	}
	e.examine(root)
}

// envelope examines what an EnvelopedVerifiableCredential or
// EnvelopedVerifiablePresentation holds.
func (e *examination) envelope(v strictjson.Value) {
	inside, err := jose.ParseEnvelope(v)
	if err != nil {
		e.add(CodeEnvelopeMalformed, Failed, v.Get("id").Pointer(), nil)
		return
	}
	isSelective := strings.HasSuffix(inside.MediaType, "sd-jwt")
	switch {
	case isCompactJWS(inside.Data) && !isSelective:
		e.jws(inside.Data)
	case isSDJWT(inside.Data) && isSelective:
		e.sdjwt(inside.Data)
	case strings.HasSuffix(inside.MediaType, "+cose"):
		message, err := cose.Parse(inside.Data)
		if err != nil {
			e.note(*tokenFault(err))
			return
		}
		e.cose(message, inside.Presentation)
	default:
		// What is in it is not what the media type says.
		e.add(CodeEnvelopeMalformed, Failed, v.Get("id").Pointer(), nil)
	}
}

// jws examines what a compact JWS holds: a credential, a presentation, or an
// older badge.
func (e *examination) jws(text []byte) {
	parsed, err := jose.Parse(text)
	if bytes.HasSuffix(text, []byte(".")) {
		err = jose.ErrAlgorithm // nothing signed it, whatever the header says
	}
	if err != nil {
		e.note(*tokenFault(err))
		return
	}
	if openbadges2.Is(parsed.Object) {
		e.signedOpenBadges2(parsed)
		return
	}
	token, err := jose.Open(text, jose.Options{})
	if err != nil {
		e.note(*tokenFault(err))
		return
	}
	e.opened(token)
}

// opened examines what a JWT holds.
func (e *examination) opened(token *jose.Token) {
	document, err := strictjson.Parse(token.Document)
	if err != nil {
		e.add(CodeInternalFault, Indeterminate, "", nil)
		return
	}
	e.token = token
	if token.Presentation {
		e.presentation(document.Root())
		return
	}
	e.examine(document.Root())
}

// bareCOSE examines a COSE_Sign1 message that came without an envelope to say
// what is in it. Its own header does, or else what is in it.
func (e *examination) bareCOSE(message *cose.Message) {
	isPresentation := strings.HasPrefix(message.Type, "vp") || message.ContentType == "vp"
	if message.Type == "" && message.ContentType == "" {
		_, _, err := message.Document(false, jose.Options{})
		isPresentation = errors.Is(err, jose.ErrType)
	}
	e.cose(message, isPresentation)
}

// cose examines what a COSE_Sign1 message holds.
func (e *examination) cose(message *cose.Message, presentation bool) {
	token, err := tokenOfCOSE(message, presentation)
	if err != nil {
		e.note(*tokenFault(err))
		return
	}
	e.message = message
	e.opened(token)
}

// tokenOfCOSE gives a COSE_Sign1 message the form of the JWT that says the same.
// Its signature is not the message's.
func tokenOfCOSE(message *cose.Message, presentation bool) (*jose.Token, error) {
	document, claims, err := message.Document(presentation, jose.Options{})
	if err != nil {
		return nil, err
	}
	header := jose.Header{Algorithm: message.Algorithm, KeyID: strings.ToValidUTF8(string(message.KeyID), "?"), Type: message.Type, Issuer: message.Issuer}
	return &jose.Token{
		JWS: &jose.JWS{Header: header}, Profile: jose.ProfileVCJOSECOSE, Presentation: presentation, Document: document, Claims: claims,
	}, nil
}

// sdjwt examines what an SD-JWT discloses.
func (e *examination) sdjwt(text []byte) {
	parsed, err := sdjwt.Parse(text)
	var document *sdjwt.Document
	if err == nil {
		document, err = parsed.Document(jose.Options{})
	}
	if err != nil {
		e.note(*tokenFault(err))
		return
	}
	e.withheld = parsed.Withheld > 0
	e.opened(&jose.Token{
		JWS: parsed.JWS, Profile: jose.ProfileVCJOSECOSE, Presentation: document.Presentation, Document: document.Bytes, Claims: document.Claims,
	})
	if e.trust != verified {
		return
	}
	if e.withheld {
		e.add(CodeWithheld, Skipped, "", nil)
	}
	if e.contained == 0 {
		e.keyBinding(parsed)
	}
}

// keyBinding checks that whoever hands an SD-JWT over has the key that it is
// bound to, if the caller has asked for an answer. A key binding that does not
// answer is somebody else's, seen elsewhere. What was not asked for is not
// compared, and that is said.
func (e *examination) keyBinding(parsed *sdjwt.Token) {
	if !e.asked() {
		e.add(CodeHolderBinding, Skipped, "", map[string]string{"binding": "not_applicable"})
		return
	}
	expect := sdjwt.Expect{Nonce: e.expect.Challenge, Now: e.now}
	var err error
	for i, domain := range e.expect.Domain {
		if i > 0 && domain != expect.Audience {
			err = sdjwt.ErrAudience // it can only be for one
		}
		expect.Audience = domain
	}
	if err == nil {
		var holder crypto.PublicKey
		if holder, err = parsed.HolderKey(); err == nil {
			err = parsed.VerifyKeyBinding(holder, expect)
		}
	}
	switch {
	case err == nil:
		e.answered = true
		e.add(CodeHolderBinding, Passed, "", map[string]string{"binding": "bound"})
		e.uncompared()
		return
	case parsed.KeyBinding == nil: // see unanswered
	case errors.Is(err, sdjwt.ErrAudience):
		e.add(CodeDomainMismatch, Failed, "", nil)
	default:
		e.add(CodeChallengeMismatch, Failed, "", nil)
	}
	e.add(CodeHolderBinding, Failed, "", map[string]string{"binding": "unbound"})
}

// asked reports whether the caller wants an answer from whoever presents.
func (e *examination) asked() bool { return e.expect.Challenge != "" || len(e.expect.Domain) > 0 }

// uncompared says what of a good answer was not compared.
func (e *examination) uncompared() {
	if e.expect.Challenge == "" {
		e.add(CodeChallengeUnchecked, Skipped, "", nil)
	} else if len(e.expect.Domain) == 0 {
		e.add(CodeDomainUnchecked, Skipped, "", nil)
	}
}

// unanswered decides against what is good but no answer, where one was asked for:
// anybody can have a copy of a badge.
func (e *examination) unanswered() {
	if e.asked() && !e.answered && e.trust == verified {
		e.add(CodeChallengeUnanswered, Failed, "", nil)
	}
}

// document gives the credential that was examined, if it got that far.
func (e *examination) document() strictjson.Value {
	if e.credential == nil {
		return strictjson.Value{}
	}
	return e.credential.Value()
}
