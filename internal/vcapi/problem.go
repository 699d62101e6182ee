package vcapi

import (
	"errors"
	"strings"
	"unicode/utf8"

	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/schema"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/did"
)

// Problem is one problem as the specifications write it (RFC 9457). Its Type is
// one of their URLs.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	// Path is a JSON Pointer into the credential or presentation, or into the
	// request where it is about neither.
	Path string `json:"path,omitempty"`
}

// The sentinels that an *Error unwraps to.
var (
	// ErrInvalid: the request, or what it holds, cannot be accepted.
	ErrInvalid = errors.New("invalid request")
	// ErrNotFound: there is nothing under this identifier.
	ErrNotFound = errors.New("not found")
	// ErrDeleted: what was under this identifier was deleted.
	ErrDeleted = errors.New("deleted")
	// ErrConflict: there is something under this identifier already.
	ErrConflict = errors.New("exists already")
)

// Error says why a request was refused.
type Error struct {
	// Err is ErrInvalid, ErrNotFound, ErrDeleted or ErrConflict.
	Err error
	// Problems are what is wrong, at least one.
	Problems []Problem
}

// Error implements error. Nothing of the request is in it but places.
func (e *Error) Error() string { return e.Err.Error() + ": " + e.Problems[0].Title }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func invalid(problems ...Problem) error { return &Error{ErrInvalid, problems} }

// The URLs under which the specifications list their problems.
const (
	dataModel  = "https://www.w3.org/TR/vc-data-model#"
	security   = "https://w3id.org/security#"
	statusList = "https://www.w3.org/ns/credentials/status-list#"
	didCore    = "https://www.w3.org/ns/did#"
	lifecycle  = "https://www.w3.org/TR/vcalm#"
)

// The problems, by their types.
const (
	parsingError            = dataModel + "PARSING_ERROR"
	cryptographicError      = dataModel + "CRYPTOGRAPHIC_SECURITY_ERROR"
	malformedValue          = dataModel + "MALFORMED_VALUE_ERROR"
	rangeError              = dataModel + "RANGE_ERROR"
	proofGeneration         = security + "PROOF_GENERATION_ERROR"
	proofVerification       = security + "PROOF_VERIFICATION_ERROR"
	proofTransformation     = security + "PROOF_TRANSFORMATION_ERROR"
	dataLoss                = security + "DATA_LOSS_DETECTION_ERROR"
	invalidDomain           = security + "INVALID_DOMAIN_ERROR"
	invalidChallenge        = security + "INVALID_CHALLENGE_ERROR"
	invalidMethodURL        = security + "INVALID_VERIFICATION_METHOD_URL"
	invalidDocument         = security + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"
	invalidDocumentID       = security + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"
	invalidMethod           = security + "INVALID_VERIFICATION_METHOD"
	invalidRelationship     = security + "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
	statusRetrieval         = statusList + "STATUS_RETRIEVAL_ERROR"
	statusVerification      = statusList + "STATUS_VERIFICATION_ERROR"
	statusLength            = statusList + "STATUS_LIST_LENGTH_ERROR"
	didMethodNotSupported   = didCore + "METHOD_NOT_SUPPORTED"
	didNotFound             = didCore + "NOT_FOUND"
	unknownOption           = lifecycle + "UNKNOWN_OPTION_PROVIDED"
	titleNotSecured         = "The document is not secured."
	titleProof              = "A proof does not verify."
	titleMalformed          = "A value is not as it must be."
	titleVerificationMethod = "The key of a proof cannot be used."
)

// problemTypes says which problem an error of the libraries is. The first that
// matches counts.
var problemTypes = []struct {
	err         error
	kind, title string
}{
	{dataintegrity.ErrNoProof, cryptographicError, titleNotSecured},
	{dataintegrity.ErrDomain, invalidDomain, "The proof is for another domain."},
	{dataintegrity.ErrChallenge, invalidChallenge, "The proof is for another challenge."},
	{dataintegrity.ErrPointer, proofGeneration, "A JSON pointer does not fit the document."},
	{dataintegrity.ErrDerive, proofGeneration, "There is no base proof to derive from."},
	{dataintegrity.ErrUnsupportedCryptosuite, proofTransformation, "The proof is of a kind that is not known here."},
	{jsonld.ErrDataLoss, dataLoss, "A part of the document would not be secured."},
	{jsonld.ErrUnknownContext, malformedValue, "A context is not known here."},
	{jsonld.ErrInlineContext, malformedValue, "A context stands where none may."},
	{jsonld.ErrInvalidContext, malformedValue, "The contexts do not go together."},
	{jsonld.ErrLimit, rangeError, "The document is too large."},
	{rdfc.ErrBudget, rangeError, "The document is too much work."},
	{did.ErrMethodNotSupported, didMethodNotSupported, "The DID method is not known here."},
	{did.ErrNotFound, didNotFound, "The DID is not found."},
	{did.ErrDocumentID, invalidDocumentID, titleVerificationMethod},
	{did.ErrInvalidDocument, invalidDocument, titleVerificationMethod},
	{did.ErrInvalidVerificationMethodURL, invalidMethodURL, titleVerificationMethod},
	{did.ErrInvalidDIDURL, invalidMethodURL, titleVerificationMethod},
	{did.ErrInvalidDID, invalidMethodURL, titleVerificationMethod},
	{did.ErrNotAuthorized, invalidRelationship, titleVerificationMethod},
	{did.ErrInvalidVerificationMethod, invalidMethod, titleVerificationMethod},
	{did.ErrInvalidKey, invalidMethod, titleVerificationMethod},
	{did.ErrUnsupportedKey, invalidMethod, titleVerificationMethod},
	{did.ErrUnavailable, invalidDocument, titleVerificationMethod},
	{statuslist.ErrLength, statusLength, "The status list is too short."},
	{statuslist.ErrRange, rangeError, "The status is outside of its list."},
	{statuslist.ErrMalformed, malformedValue, titleMalformed},
	{jose.ErrSignature, cryptographicError, titleProof},
}

// problemOf makes the problem of an error. The kind and title are for those
// that the table does not know.
func problemOf(err error, kind, title string) Problem {
	p := Problem{Type: kind, Title: title, Detail: clip(err.Error())}
	for _, known := range problemTypes {
		if errors.Is(err, known.err) {
			p.Type, p.Title = known.kind, known.title
			break
		}
	}
	var (
		proof  *dataintegrity.ProofError
		loss   *jsonld.LossError
		used   *jsonld.ContextError
		syntax *strictjson.Error
	)
	switch {
	case errors.As(err, &loss):
		p.Path = loss.Path
	case errors.As(err, &used):
		p.Path = used.Path
	case errors.As(err, &proof):
		p.Path = proof.Path
	case errors.As(err, &syntax):
		p.Type, p.Title, p.Path = parsingError, "The document is not strict JSON.", syntax.Path
	}
	return p
}

// clip bounds a text: some of it is a stranger's.
func clip(text string) string {
	const most = 400
	if len(text) > most {
		cut := most
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// violations are the problems of a document that breaks the data model.
func violations(found []schema.Violation) []Problem {
	var problems []Problem
	for _, v := range found {
		if v.Severity == schema.SeverityError {
			problems = append(problems, Problem{malformedValue, titleMalformed, clip(schema.Sentence(v)), v.Path})
		}
	}
	return problems
}
