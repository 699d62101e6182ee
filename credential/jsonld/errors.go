package jsonld

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// The classes of failure. Match them with errors.Is; the errors that wrap them
// say where in the document.
var (
	// ErrDataLoss: part of the document would not be covered by a proof, or
	// could be read in two ways. Carried by *LossError.
	ErrDataLoss = errors.New("data loss")
	// ErrUnknownContext: a context URL is not in the set. The document may be
	// good; it cannot be read here. Carried by *ContextError.
	ErrUnknownContext = errors.New("unknown context")
	// ErrInlineContext: a context is written into the document, or stands
	// where none may. Carried by *ContextError.
	ErrInlineContext = errors.New("inline context")
	// ErrInvalidContext: the contexts are known but do not go together, such
	// as one that redefines a protected term, or there is none. Carried by
	// *ContextError.
	ErrInvalidContext = errors.New("invalid context")
	// ErrLimit: the document exceeds a limit of size. Carried by *LimitError.
	ErrLimit = errors.New("limit exceeded")
)

// LossError names what a dataset would lose.
type LossError struct {
	// Path is the JSON Pointer (RFC 6901) of the value at fault in the
	// document, "" for the whole.
	Path string
	// Term is the member name or value at fault, as written; it may be "".
	Term string
	// Reason says why.
	Reason Reason
}

// Error implements error.
func (e *LossError) Error() string {
	if e.Term == "" {
		return fmt.Sprintf("reading %q as linked data: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("reading %q as linked data: %s: %q", e.Path, e.Reason, clip(e.Term))
}

// Unwrap returns ErrDataLoss.
func (e *LossError) Unwrap() error { return ErrDataLoss }

// ContextError names a context that cannot be used.
type ContextError struct {
	// URL of the context, "" when it is written into the document or missing.
	URL string
	// Path is the JSON Pointer of the context in the document.
	Path string
	// Err is ErrUnknownContext, ErrInlineContext or ErrInvalidContext.
	Err error
	// Detail says more where there is more to say.
	Detail string
}

// Error implements error.
func (e *ContextError) Error() string {
	s := fmt.Sprintf("reading context %q: %v", e.Path, e.Err)
	if e.URL != "" {
		s += fmt.Sprintf(": %q", clip(e.URL))
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns Err.
func (e *ContextError) Unwrap() error { return e.Err }

// LimitError says which limit a document exceeds.
type LimitError struct {
	// Limit names what is counted: "quads", "blank nodes" …
	Limit string
	// Max is the largest number allowed.
	Max int
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("reading linked data: more than %d %s", e.Max, e.Limit)
}

// Unwrap returns ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }

// clip shortens what a stranger wrote, so that an error stays an error.
func clip(s string) string {
	most := 100
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// Reason says why a value would be lost. The values are stable: a caller may
// translate them.
type Reason string

// The reasons of a LossError.
const (
	ReasonUndefinedTerm   Reason = "the term is not defined by the contexts"
	ReasonUndefinedType   Reason = "the type is not defined by the contexts"
	ReasonSynonym         Reason = "the contexts have another word for the same property"
	ReasonKeyword         Reason = "the keyword is not allowed here"
	ReasonFullIRI         Reason = "the member name is not a term"
	ReasonBlankNode       Reason = "a blank node identifier is not allowed"
	ReasonNull            Reason = "null carries no statement"
	ReasonEmpty           Reason = "an empty object or array carries no statement"
	ReasonNotAbsolute     Reason = "the identifier is not an absolute IRI"
	ReasonMalformedIRI    Reason = "the identifier is not a well-formed IRI"
	ReasonNotString       Reason = "a string is needed here"
	ReasonNotObject       Reason = "an object or an identifier is needed here"
	ReasonNumber          Reason = "the number has no unambiguous canonical form"
	ReasonLanguage        Reason = "the language tag is not well-formed"
	ReasonDirection       Reason = "the base direction is neither ltr nor rtl"
	ReasonValueObject     Reason = "the value object is not well-formed"
	ReasonIndex           Reason = "the index is not part of any statement"
	ReasonDuplicate       Reason = "the value stands in the same place twice"
	ReasonRepeatedID      Reason = "the identifier is used for two different things"
	ReasonNested          Reason = "a list or set of this shape is not allowed"
	ReasonNotCovered      Reason = "the value is not part of any statement"
	ReasonInvalidDocument Reason = "the document is not valid JSON-LD"
)
