package verifier

import (
	"cmp"
	"slices"
	"strings"
)

// step is a question that every verification must answer before a credential
// can be valid.
type step uint8

const (
	stepNone step = iota
	stepStructure
	stepContexts
	stepProof
	stepKey
	stepSignature
	stepLossless
	stepSchema
	stepSubject
	stepValidity
	stepStatus
	stepCredentials // those inside a presentation

	lastStep = stepCredentials
)

var requiredSteps = []step{
	stepStructure, stepContexts, stepProof, stepKey, stepSignature, stepLossless, stepSchema, stepSubject, stepValidity, stepStatus,
}

// effect is what a finding does to the verdict.
type effect uint8

const (
	effectNone          effect = iota // for information
	effectSettles                     // answers its step for good
	effectIndeterminate               // leaves the matter open
	effectInvalid                     // decides against the credential
)

type key struct {
	code    Code
	outcome Outcome
}

// entry is what the package has to say about a finding, and its weight.
type entry struct {
	effect   effect
	step     step // of effectSettles
	sentence string
}

func settles(s step, sentence string) entry { return entry{effectSettles, s, sentence} }
func informs(sentence string) entry         { return entry{effectNone, stepNone, sentence} }
func leavesOpen(sentence string) entry      { return entry{effectIndeterminate, stepNone, sentence} }
func decides(sentence string) entry         { return entry{effectInvalid, stepNone, sentence} }

// catalogue holds every finding there is. Names in braces are params; what stands
// in brackets is said only where all params in it are known. A
// sentence that can be said before a proof has passed has no params that come
// from the document, but for claimedIssuer.
var catalogue = map[key]entry{
	{CodeStructure, Passed}:              settles(stepStructure, "This is an Open Badges credential (VC Data Model {dataModel})."),
	{CodeNotCredential, Failed}:          decides("This is not a badge: the text is JSON, but not a verifiable credential. Ask for the badge file itself, as the issuer or the wallet exports it."),
	{CodePresentation, Failed}:           decides("This is a presentation, a wrapping that wallets use, where a badge belongs. Ask for the badge itself."),
	{CodeVersionMismatch, Failed}:        decides("The credential mixes two versions of the data model, so it can be read in two ways. Ask the issuer for a corrected badge."),
	{CodeNotBadge, Failed}:               decides("This is a verifiable credential, but of a kind that is not an Open Badge. Ask for the badge."),
	{CodeLink, Passed}:                   informs("What is behind the link now is what was checked."),
	{CodeLinkUnavailable, Indeterminate}: leavesOpen("Could not be checked: the site behind the link did not answer with a badge. Try again later, or ask for the badge file itself."),
	{CodeLinkNoBadge, Failed}:            decides("There is no badge behind the link that could be read. Ask for the link to the badge itself, or for its file."),
	{CodePictureEmpty, Failed}:           decides("A picture alone cannot be verified: there is no badge in this one. Copy this sentence and send it: please send me the link to the badge, or its original file, as the issuer or the wallet gives it; a screenshot or a forwarded picture has lost what can be checked."),
	{CodePictureAmbiguous, Failed}:       decides("There is more than one badge in the picture, so two readers could see two different ones. Ask for the badge file itself."),
	{CodePictureIrregular, Skipped}:      informs("The picture is not made as the standard says: {irregularity}."),
	{CodePictureUnreadable, Failed}:      decides("What stands in the picture in the place of a badge is not readable. Ask for the badge file itself."),
	{CodeEnvelopeMalformed, Failed}:      decides("The badge is in an envelope that is malformed, so it can be read in two ways. Ask for the badge itself."),
	{CodeTokenMalformed, Failed}:         decides("This looks like a signed badge in compact form, but it is malformed. Ask for the original."),
	{CodeTokenType, Failed}:              decides("This is a signed token, but not one that holds a badge in a form that the standards know. Ask for the badge."),
	{CodeAlgorithmNotAllowed, Failed}:    decides("The badge is not signed, or in a way that proves nothing. Do not accept it; ask for the signed badge."),
	{CodeClaimMismatch, Failed}:          decides("What the token says of the badge ({claim}) contradicts the badge in it. Ask the issuer for a correctly signed badge."),
	{CodeClaimMissing, Skipped}:          informs("The token lacks a claim that the standard asks for ({claim}). The badge itself has what it would say."),
	{CodeUndefinedTerm, Failed}:          decides("A part of the badge has no meaning that its vocabularies define: {reason}. Ask the issuer for a corrected badge."),

	{CodePresentationSignature, Passed}:        settles(stepSignature, "The presentation is signed by {holder}, and nothing in it has been changed since."),
	{CodePresentationSignature, Failed}:        decides("The presentation was changed, or is not signed by the one who presents it ({reason}). Ask for a new one."),
	{CodePresentationSignature, Indeterminate}: leavesOpen("Who signed the presentation could not be checked ({reason})."),
	{CodePresentationSignature, Skipped}:       settles(stepSignature, "The presentation itself is not signed: it shows nothing about who hands it over. The badges in it were checked."),
	{CodePresentationEmpty, Failed}:            decides("There is no badge in the presentation. Ask for one that has the badge in it."),
	{CodeDomainMismatch, Failed}:               decides("The presentation was made for somebody else. Ask for one made for you."),
	{CodeChallengeMismatch, Failed}:            decides("The presentation does not answer the question it was asked, so it may be a copy of an older one. Ask for a new one."),
	{CodeChallengeUnchecked, Skipped}:          informs("Nothing was asked that the presentation would have to answer, so it may be a copy of an older one."),
	{CodeChallengeUnanswered, Failed}:          decides("You asked for a presentation that answers you, and this is none: anybody can hand over a copy of a badge. Ask for a presentation from a wallet."),
	{CodeDomainUnchecked, Skipped}:             informs("Nothing was given to compare with whom the presentation was made for, so it may have been made for somebody else."),
	{CodeWithheld, Skipped}:                    informs("The one who hands over the badge keeps parts of it back. What is shown is what the issuer signed."),
	{CodeHolderBinding, Passed}:                informs("Whoever presents the badge has the key of the one it is about."),
	{CodeHolderBinding, Failed}:                informs("Whoever presents the badge is not shown to be the one it is about: it is about somebody with another key."),
	{CodeHolderBinding, Skipped}:               informs("The badge does not name a key of the one it is about, or nobody signed the presentation, so this does not show who that is."),
	{CodeCredential, Passed}:                   settles(stepCredentials, "A badge inside, by {issuer}, is valid."),
	{CodeCredential, Failed}:                   decides("A badge inside is not valid ({reason})."),
	{CodeCredential, Indeterminate}:            leavesOpen("A badge inside could not be checked completely ({reason})."),
	{CodeRecordUnchecked, Skipped}:             informs("This is a learner record. What it has in common with every credential was checked, and the badges in it; the rules of its own kind (CLR 2.0) were not held against it."),
	{CodeCredentialUnsigned, Indeterminate}:    leavesOpen("This badge is not signed by whoever gave it, so it shows nothing by itself. The issuer of the record around it says that it was given, and nobody else."),
	{CodeCredentialUnsigned, Skipped}:          informs("A badge inside is not signed by whoever gave it. It has the word of the issuer of this record and no other."),
	{CodeCredentialsTooMany, Indeterminate}:    leavesOpen("There are more badges inside than are checked at once ({limit}). Check the others on their own."),

	{CodeOpenBadges2, Passed}:              settles(stepStructure, "This is a badge of the older kind, Open Badges 2.0. It is checked by the rules of that kind."),
	{CodeHosted, Passed}:                   settles(stepSignature, "The site of the issuer, {issuer}, serves this badge now."),
	{CodeHostedUnavailable, Indeterminate}: leavesOpen("Could not be checked: the site that keeps the badge did not answer with it. Try again later."),
	{CodeHostedMismatch, Failed}:           decides("What the site serves at the address of the badge is not this badge. Ask for the original or ask the issuer."),
	{CodeExtensionUnchecked, Skipped}:      informs("The badge has extensions ({count}), which were not checked against their own rules. What they say is the issuer's word."),
	{CodeHostedOrigin, Failed}:             decides("The badge is kept on a site that its issuer does not answer for, so anybody can have written it. Do not accept it; ask the issuer."),

	{CodeRecipient, Passed}:                 informs("The badge is about the person you asked for ({by})."),
	{CodeRecipientMismatch, Failed}:         decides("The badge is not about the person you asked for ({by}). It may be genuine, but it is somebody else's."),
	{CodeRecipientUnchecked, Indeterminate}: leavesOpen("The badge does not say whether it is about the person you asked for ({by}). Ask them to present it from a wallet."),

	{CodeContexts, Passed}:                settles(stepContexts, "Every vocabulary that the badge uses is known here."),
	{CodeContextUnknown, Indeterminate}:   leavesOpen("The badge uses a vocabulary that is not known here, so what it says cannot be read. The operator of this service can add the context."),
	{CodeContextInline, Indeterminate}:    leavesOpen("The badge brings a vocabulary of its own, which could give any word any meaning. Such badges are not read here."),
	{CodeContextInvalid, Failed}:          decides("The vocabularies of the badge contradict each other, so it cannot have been signed as it stands. Ask the issuer for a corrected badge."),
	{CodeContextRevision, Passed}:         informs("The signature was checked with the newest revision of the vocabulary {context} ({revision})."),
	{CodeContextSuperseded, Passed}:       informs("The signature holds with an older revision of the vocabulary {context} ({revision}), which its publisher has changed since. The issuer may want to sign the badge anew."),
	{CodeLossless, Passed}:                settles(stepLossless, "The signature covers every part of the badge."),
	{CodeLossless, Failed}:                decides("A part of the badge cannot be covered by a signature, so anybody could change it: {reason}. Ask the issuer for a corrected badge."),
	{CodeTooComplex, Indeterminate}:       leavesOpen("The badge is too large or too intricate to be checked here."),
	{CodeProof, Passed}:                   settles(stepProof, "The badge carries a proof of a kind that is known here ({cryptosuite})."),
	{CodeNoProof, Failed}:                 decides("The badge is not signed, so anybody can have written it. Ask for the signed badge."),
	{CodeProofMalformed, Failed}:          decides("The proof of the badge is malformed. Ask the issuer for a correctly signed badge."),
	{CodeProofUnsupported, Indeterminate}: leavesOpen("The badge is signed in a way that is not known here, so the signature could not be checked."),
	{CodeProofUnchecked, Skipped}:         informs("Beside a proof that was checked there is one of a kind that is not known here. It was left aside."),
	{CodeProofUnchecked, Failed}:          decides("There is a proof of a kind that is not known here. This service accepts only badges whose every proof it can check."),
	{CodeProofPurpose, Failed}:            decides("The proof was made for another purpose than issuing a badge."),
	{CodeProofExpired, Failed}:            decides("The proof has run out: its maker limited it in time. Ask the issuer for a fresh copy."),
	{CodeProofNotYetValid, Failed}:        decides("The proof claims to have been made in the future."),

	{CodeKey, Passed}:                          settles(stepKey, "The key is one that the issuer itself lists for issuing badges."),
	{CodeKeyVouched, Passed}:                   settles(stepKey, "Others may have had the key of this badge since {compromised}, so it proves nothing any more. But the issuer's own register, which is here, has exactly this badge from before that ({stored}). Elsewhere it is not valid: ask the issuer to issue it anew."),
	{CodeKeyURLInvalid, Failed}:                decides("The address of the signing key is malformed, or of a kind that cannot prove who signed."),
	{CodeKeyNotAuthorized, Failed}:             decides("Not signed by this issuer: the key belongs to somebody else, or the issuer does not list it for issuing badges. Do not accept it; ask the issuer."),
	{CodeKeyNotFound, Failed}:                  decides("Not signed by this issuer: the issuer's document has no such key. Do not accept it; ask the issuer."),
	{CodeKeyRevoked, Failed}:                   decides("The issuer has revoked the key that signed this badge, as after a theft. Ask the issuer for a badge signed anew."),
	{CodeKeyExpired, Failed}:                   decides("The issuer's key that signed this badge has run out. Ask the issuer for a badge signed anew."),
	{CodeKeyInvalid, Failed}:                   decides("The signing key is unsafe or malformed, so its signatures prove nothing."),
	{CodeKeyType, Failed}:                      decides("The signing key is not of the kind that the proof names."),
	{CodeKeyUnsupported, Indeterminate}:        leavesOpen("The signing key is of a kind that is not known here."),
	{CodeKeyMethodUnsupported, Indeterminate}:  leavesOpen("The issuer is named by a method that is not known here, so its key could not be looked up."),
	{CodeKeyUnresolvable, Indeterminate}:       leavesOpen("Could not be checked: the issuer's site did not answer with its key. Try again later."),
	{CodeIssuerNotFound, Indeterminate}:        leavesOpen("Could not be checked: the issuer's site answers, but publishes no key where it should. Try again later, or ask the issuer."),
	{CodeIssuerDocumentInvalid, Indeterminate}: leavesOpen("Could not be checked: what the issuer's site publishes in the place of its key is not readable. Ask the issuer."),
	{CodeIssuerDocumentMismatch, Failed}:       decides("The document at the issuer's address is that of another issuer, so the key is not this issuer's."),

	{CodeSignature, Passed}:           settles(stepSignature, "The signature is good: nothing has been changed since the issuer signed."),
	{CodeSignatureInvalid, Failed}:    decides("Changed since signing, or not signed with this issuer's key. Do not accept it; ask for the original or ask the issuer."),
	{CodeSignatureUnchecked, Skipped}: informs("The signature was not checked, for the reason given before."),
	{CodeContentUnchecked, Skipped}:   informs("What the badge says was not looked at, because nothing shows that the issuer said it."),

	{CodeIssuer, Passed}:        informs("Signed by whoever controls {issuer}. Whether to trust them is for you to decide."),
	{CodeIssuer, Skipped}:       informs("The badge claims to come from {claimedIssuer}. Nothing here confirms it."),
	{CodeIssuerKeyOnly, Passed}: informs("The issuer is known by its key alone. Nothing here says who that is."),

	{CodeSchema, Passed}:                   settles(stepSchema, "The badge is made as the standard says."),
	{CodeSchema, Failed}:                   decides("The badge is not made as the standard says. {problem} Ask the issuer for a corrected badge."),
	{CodeSchemaWarning, Passed}:            informs("The badge is readable but not made as it should be. {problem}"),
	{CodeSchemaUnavailable, Indeterminate}: leavesOpen("The badge says that it follows rules beyond the standard. Whether it does could not be checked: {reason}."),
	{CodeSchemaUnavailable, Skipped}:       informs("The badge says that it follows rules beyond the standard. Whether it does was not checked: {reason}. The standard does not ask for that."),
	{CodeNamedSchema, Passed}:              informs("The badge follows the rules beyond the standard that it names ({schema})."),
	{CodeNamedSchema, Failed}:              decides("The badge says that it follows rules beyond the standard ({schema}), and does not ({keyword}). Ask the issuer for a corrected badge."),
	{CodeSubject, Passed}:                  settles(stepSubject, "The badge says for whom it is."),
	{CodeSubjectUnidentified, Failed}:      decides("The badge does not say for whom it is. Ask the issuer for a corrected badge."),
	{CodeValidity, Passed}:                 settles(stepValidity, "The badge is within its dates."),
	{CodeNotYetValid, Failed}:              decides("The badge is not valid yet: its dates lie in the future[, from {from}][ until {until}]."),
	{CodeExpired, Failed}:                  decides("The badge has expired. It was valid once[, from {from}][ until {until}]; ask whether it was renewed."),
	{CodeValidityUnreadable, Failed}:       decides("A date of the badge is not readable, so nobody can tell how long it is valid."),

	{CodeStatus, Passed}:  settles(stepStatus, "The issuer's list[ of {asOf}] does not have the badge as withdrawn or on hold ({purpose})."),
	{CodeStatus, Skipped}: settles(stepStatus, "The issuer keeps no list of withdrawn badges for this one, so there was nothing to look up."),
	{CodeStatusWithheld, Skipped}: settles(
		stepStatus, "Whether the badge was withdrawn was not looked up: no list is named in what is shown, and whoever hands the badge over may have kept it back. Ask for all of the badge where that matters.",
	),
	{CodeStatusUnchecked, Skipped}:             informs("Whether the badge was withdrawn was not looked up, because nothing shows yet that it is the issuer's."),
	{CodeRevoked, Failed}:                      decides("Withdrawn by the issuer[, as its list of {asOf} says][, for this reason: {reason}]. Do not accept it."),
	{CodeSuspended, Failed}:                    decides("On hold: the issuer has suspended the badge for now[, as its list of {asOf} says]. Check again later or ask the issuer."),
	{CodeStatusNote, Passed}:                   settles(stepStatus, "The issuer has a note about the badge ({purpose}): {note}. It is valid all the same."),
	{CodeStatusNote, Skipped}:                  settles(stepStatus, "The issuer has no note about the badge ({purpose})."),
	{CodeStatusNote, Indeterminate}:            settles(stepStatus, "Whether the issuer has a note about the badge ({purpose}) could not be found out. It does not matter for its validity."),
	{CodeStatusUnavailable, Indeterminate}:     leavesOpen("Could not confirm that the badge is still valid: the issuer's list of withdrawn badges could not be had. Try again later."),
	{CodeStatusListUnverified, Indeterminate}:  leavesOpen("Could not confirm that the badge is still valid: the list of withdrawn badges cannot be relied on ({reason})."),
	{CodeStatusListInvalid, Indeterminate}:     leavesOpen("Could not confirm that the badge is still valid: what the issuer's site gives as its list of withdrawn badges is not such a list."),
	{CodeStatusListIssuer, Indeterminate}:      leavesOpen("Could not confirm that the badge is still valid: the list of withdrawn badges is by somebody else than the issuer."),
	{CodeStatusListMismatch, Indeterminate}:    leavesOpen("Could not confirm that the badge is still valid: the issuer's site gives another list than the one the badge names."),
	{CodeStatusListChained, Indeterminate}:     leavesOpen("Could not confirm that the badge is still valid: the list of withdrawn badges says that it may be withdrawn itself, and that is not followed."),
	{CodeStatusListOutdated, Indeterminate}:    leavesOpen("Could not confirm that the badge is still valid: the list of withdrawn badges is not within its own dates."),
	{CodeStatusListTooLarge, Indeterminate}:    leavesOpen("Could not confirm that the badge is still valid: the list of withdrawn badges is too large to be read here."),
	{CodeStatusListTooShort, Indeterminate}:    leavesOpen("Could not confirm that the badge is still valid: the list of withdrawn badges is shorter than the standard allows."),
	{CodeStatusPurposeMismatch, Indeterminate}: leavesOpen("Could not confirm that the badge is still valid: the list does not answer the question that the badge asks of it ({purpose})."),
	{CodeStatusPurposeUnknown, Indeterminate}:  leavesOpen("Could not confirm that the badge is still valid: the issuer keeps a status of a meaning that is not known here ({purpose})."),
	{CodeStatusTypeUnknown, Indeterminate}:     leavesOpen("Could not confirm that the badge is still valid: the issuer publishes its status in a way that is not known here."),
	{CodeStatusEntryMalformed, Indeterminate}:  leavesOpen("Could not confirm that the badge is still valid: what it says about where to look is malformed."),
	{CodeStatusIndexRange, Indeterminate}:      leavesOpen("Could not confirm that the badge is still valid: its place lies outside the list of withdrawn badges."),
	{CodeStatusTooMany, Indeterminate}:         leavesOpen("Could not confirm that the badge is still valid: it names more status lists than are looked up here."),

	{CodeRefreshed, Passed}:               informs("The issuer has a newer copy of the badge. The copy is what was checked."),
	{CodeRefreshed, Failed}:               informs("What the issuer's site gives as a newer copy of the badge is not one. The badge was checked as it was shown."),
	{CodeRefreshed, Indeterminate}:        informs("Whether the issuer has a newer copy of the badge could not be found out. The badge was checked as it was shown."),
	{CodeRelatedResource, Passed}:         informs("{count} related documents are the very ones that the issuer had in hand."),
	{CodeRelatedResource, Failed}:         decides("A related document is not the one that the issuer had in hand: its fingerprint in the badge is that of another."),
	{CodeRelatedResource, Skipped}:        informs("{count} related documents were not compared with their fingerprints; only vocabularies are."),
	{CodeEndorsement, Passed}:             informs("The endorsement by {issuer} is good."),
	{CodeEndorsement, Failed}:             informs("The endorsement by {issuer} does not hold. The badge is judged without it."),
	{CodeEndorsement, Indeterminate}:      informs("The endorsement by {issuer} could not be checked. The badge is judged without it."),
	{CodeEndorsementElsewhere, Failed}:    informs("The endorsement by {issuer} is about something that is not part of this badge."),
	{CodeEndorsementUnchecked, Skipped}:   informs("{count} more endorsements were not checked."),
	{CodeCreatorUnauthenticated, Skipped}: informs("The badge names {creator} as the creator of the achievement. Only the issuer signed; whether the creator agrees is not shown."),
	{CodeSourceUnauthenticated, Skipped}:  informs("The badge names {source} as where the claim comes from. Only the issuer signed; whether they agree is not shown."),

	{CodeLaboratoryException, Skipped}: informs("This service runs with a laboratory exception, so documents may come from another machine than their address says: {exception}."),
	{CodeInterrupted, Indeterminate}:   leavesOpen("The check was broken off before it was done. Try again."),
	{CodeInternalFault, Indeterminate}: leavesOpen("The check could not be made because of a fault in this service. Tell its operator."),
}

// sentence fills in the message of a finding. What a param holds is never read
// for braces or brackets again.
func sentence(template string, params map[string]string) string {
	if strings.IndexByte(template, '[') < 0 {
		words, _ := fill(template, params)
		return words
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "[")
		words, _ := fill(before, params)
		b.WriteString(words)
		if !found {
			return b.String()
		}
		inside, after, _ := strings.Cut(rest, "]")
		if words, whole := fill(inside, params); whole {
			b.WriteString(words)
		}
		template = after
	}
}

// fill fills in the params of a part of a message, and reports whether all of
// them are known. The name of one that is not stays as it is.
func fill(template string, params map[string]string) (words string, whole bool) {
	if strings.IndexByte(template, '{') < 0 {
		return template, true
	}
	var b strings.Builder
	b.Grow(len(template) + 32)
	whole = true
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String(), whole
		}
		name, after, closed := strings.Cut(rest, "}")
		value, given := params[name]
		if !closed || !given {
			b.WriteString("{")
			template, whole = rest, false
			continue
		}
		b.WriteString(value)
		template = after
	}
}

// Entry is one entry of the catalogue of findings.
type Entry struct {
	Code    Code
	Outcome Outcome
	// Verdict is what the finding makes of the credential unless another one
	// makes it worse: VerdictInvalid, VerdictIndeterminate, or "" when it does
	// not speak against it.
	Verdict Verdict
	// Sentence is the message with the names of params in braces. A part in
	// brackets is said only where all params in it are known.
	Sentence string
}

// Codes lists every code with every outcome it can have, sorted by both.
func Codes() []Entry {
	entries := make([]Entry, 0, len(catalogue))
	for k, e := range catalogue {
		entry := Entry{Code: k.code, Outcome: k.outcome, Sentence: e.sentence}
		switch e.effect {
		case effectInvalid:
			entry.Verdict = VerdictInvalid
		case effectIndeterminate:
			entry.Verdict = VerdictIndeterminate
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Outcome, b.Outcome))
	})
	return entries
}
