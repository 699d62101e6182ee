package verifier

// Code names a finding. The values are stable; what each says in English, and
// what it does to the verdict, is in the catalogue (Codes).
type Code string

// What the document is.
const (
	CodeStructure         Code = "structure"
	CodeNotCredential     Code = "not_a_credential"
	CodePresentation      Code = "is_presentation"
	CodeVersionMismatch   Code = "context_version_mismatch"
	CodeNotBadge          Code = "not_a_badge"
	CodeLink              Code = "link"
	CodeLinkUnavailable   Code = "link_unavailable"
	CodeLinkNoBadge       Code = "link_without_credential"
	CodePictureEmpty      Code = "picture_without_credential"
	CodePictureAmbiguous  Code = "picture_ambiguous"
	CodePictureIrregular  Code = "picture_irregular"
	CodePictureUnreadable Code = "picture_credential_unreadable"
	CodeEnvelopeMalformed Code = "envelope_malformed"
	CodeTokenMalformed    Code = "token_malformed"
	CodeTokenType         Code = "token_type"
)

// Whether it can be read, and read in one way only.
const (
	CodeContexts          Code = "contexts"
	CodeContextUnknown    Code = "context_unknown"
	CodeContextInline     Code = "context_inline"
	CodeContextInvalid    Code = "context_invalid"
	CodeContextRevision   Code = "context_revision"
	CodeContextSuperseded Code = "context_superseded"
	CodeLossless          Code = "lossless"
	CodeTooComplex        Code = "too_complex"
)

// Its proofs.
const (
	CodeProof              Code = "proof"
	CodeNoProof            Code = "no_proof"
	CodeProofMalformed     Code = "proof_malformed"
	CodeProofUnsupported   Code = "proof_unsupported"
	CodeProofUnchecked     Code = "proof_unchecked"
	CodeProofPurpose       Code = "proof_purpose"
	CodeProofExpired       Code = "proof_expired"
	CodeProofNotYetValid   Code = "proof_not_yet_valid"
	CodeSignature          Code = "signature"
	CodeSignatureInvalid   Code = "signature_invalid"
	CodeSignatureUnchecked Code = "signature_unchecked"
	CodeContentUnchecked   Code = "content_unchecked"
)

// The claims of a JWT.
const (
	CodeAlgorithmNotAllowed Code = "algorithm_not_allowed"
	CodeClaimMismatch       Code = "claim_mismatch"
	CodeClaimMissing        Code = "claim_missing"
	CodeUndefinedTerm       Code = "undefined_term"
)

// Presentations and records, and what is in them.
const (
	CodePresentationSignature Code = "presentation_signature"
	CodePresentationEmpty     Code = "presentation_empty"
	CodeDomainMismatch        Code = "domain_mismatch"
	CodeChallengeMismatch     Code = "challenge_mismatch"
	CodeChallengeUnchecked    Code = "challenge_unchecked"
	CodeChallengeUnanswered   Code = "challenge_unanswered"
	CodeDomainUnchecked       Code = "domain_unchecked"
	CodeWithheld              Code = "withheld"
	CodeHolderBinding         Code = "holder_binding"
	CodeCredential            Code = "credential"
	CodeCredentialUnsigned    Code = "credential_unsigned"
	CodeRecordUnchecked       Code = "record_rules_unchecked"
	CodeCredentialsTooMany    Code = "credentials_too_many"
)

// Badges of Open Badges 2.0.
const (
	CodeOpenBadges2        Code = "open_badges_2"
	CodeHosted             Code = "hosted"
	CodeHostedUnavailable  Code = "hosted_unavailable"
	CodeHostedMismatch     Code = "hosted_mismatch"
	CodeHostedOrigin       Code = "hosted_origin"
	CodeExtensionUnchecked Code = "extension_unchecked"
)

// Whether it is about this person.
const (
	CodeRecipient          Code = "recipient"
	CodeRecipientMismatch  Code = "recipient_mismatch"
	CodeRecipientUnchecked Code = "recipient_unchecked"
)

// The key, and whose it is.
const (
	CodeKey                    Code = "key"
	CodeKeyURLInvalid          Code = "key_url_invalid"
	CodeKeyNotAuthorized       Code = "key_not_authorized"
	CodeKeyNotFound            Code = "key_not_found"
	CodeKeyRevoked             Code = "key_revoked"
	CodeKeyExpired             Code = "key_expired"
	CodeKeyInvalid             Code = "key_invalid"
	CodeKeyType                Code = "key_type"
	CodeKeyUnsupported         Code = "key_unsupported"
	CodeKeyMethodUnsupported   Code = "key_method_unsupported"
	CodeKeyUnresolvable        Code = "key_unresolvable"
	CodeIssuerNotFound         Code = "issuer_not_found"
	CodeIssuerDocumentInvalid  Code = "issuer_document_invalid"
	CodeIssuerDocumentMismatch Code = "issuer_document_mismatch"
	CodeIssuer                 Code = "issuer"
	CodeIssuerKeyOnly          Code = "issuer_key_only"
)

// What it says.
const (
	CodeSchema              Code = "schema"
	CodeSchemaWarning       Code = "schema_warning"
	CodeSchemaUnavailable   Code = "schema_unavailable"
	CodeNamedSchema         Code = "named_schema"
	CodeSubject             Code = "subject"
	CodeSubjectUnidentified Code = "subject_unidentified"
	CodeValidity            Code = "validity"
	CodeNotYetValid         Code = "not_yet_valid"
	CodeExpired             Code = "expired"
	CodeValidityUnreadable  Code = "validity_unreadable"
)

// Whether it still holds.
const (
	CodeStatus                Code = "status"
	CodeStatusUnchecked       Code = "status_unchecked"
	CodeStatusWithheld        Code = "status_withheld"
	CodeRevoked               Code = "revoked"
	CodeSuspended             Code = "suspended"
	CodeStatusNote            Code = "status_note"
	CodeStatusUnavailable     Code = "status_unavailable"
	CodeStatusListUnverified  Code = "status_list_unverified"
	CodeStatusListInvalid     Code = "status_list_invalid"
	CodeStatusListIssuer      Code = "status_list_issuer"
	CodeStatusListMismatch    Code = "status_list_mismatch"
	CodeStatusListChained     Code = "status_list_chained"
	CodeStatusListOutdated    Code = "status_list_outdated"
	CodeStatusListTooLarge    Code = "status_list_too_large"
	CodeStatusListTooShort    Code = "status_list_too_short"
	CodeStatusPurposeMismatch Code = "status_purpose_mismatch"
	CodeStatusPurposeUnknown  Code = "status_purpose_unknown"
	CodeStatusTypeUnknown     Code = "status_type_unknown"
	CodeStatusEntryMalformed  Code = "status_entry_malformed"
	CodeStatusIndexRange      Code = "status_index_out_of_range"
	CodeStatusTooMany         Code = "status_too_many"
)

// What comes with it, and how it was checked.
const (
	CodeRefreshed              Code = "refreshed"
	CodeRelatedResource        Code = "related_resource"
	CodeEndorsement            Code = "endorsement"
	CodeEndorsementElsewhere   Code = "endorsement_elsewhere"
	CodeEndorsementUnchecked   Code = "endorsement_unchecked"
	CodeCreatorUnauthenticated Code = "creator_unauthenticated"
	CodeSourceUnauthenticated  Code = "source_unauthenticated"
	CodeLaboratoryException    Code = "laboratory_exception"
	CodeInterrupted            Code = "interrupted"
	CodeInternalFault          Code = "internal_fault"
)
