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
	CodeKindUnsupported   Code = "kind_unsupported"
	CodeFormatUnsupported Code = "format_unsupported"
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
	CodeRelatedResource        Code = "related_resource"
	CodeEndorsement            Code = "endorsement"
	CodeEndorsementElsewhere   Code = "endorsement_elsewhere"
	CodeEndorsementUnsupported Code = "endorsement_unsupported"
	CodeEndorsementUnchecked   Code = "endorsement_unchecked"
	CodeCreatorUnauthenticated Code = "creator_unauthenticated"
	CodeSourceUnauthenticated  Code = "source_unauthenticated"
	CodeLaboratoryException    Code = "laboratory_exception"
	CodeInterrupted            Code = "interrupted"
	CodeInternalFault          Code = "internal_fault"
)
