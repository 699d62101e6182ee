package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"laurel/did"
)

// resolverFault is an error of resolution as the binding has it: as a problem
// (DID Resolution 1.0 §9) and as the word that older clients read.
type resolverFault struct {
	code   string // after https://www.w3.org/ns/did#
	word   string
	status int
	title  string
	detail string
}

const faultPrefix = "https://www.w3.org/ns/did#"

// The texts are fixed: they quote nothing, and say nothing about a network.
var (
	faultDID         = resolverFault{"INVALID_DID", "invalidDid", http.StatusBadRequest, "Invalid DID", "The identifier is not a DID, or breaks the rules of its method."}
	faultKey         = resolverFault{"INVALID_DID", "invalidPublicKey", http.StatusBadRequest, "Invalid DID", "The key in the DID is malformed."}
	faultKeyLength   = resolverFault{"INVALID_DID", "invalidPublicKeyLength", http.StatusBadRequest, "Invalid DID", "The key in the DID is longer or shorter than keys of its kind are."}
	faultKeyCode     = resolverFault{"INVALID_DID", "unsupportedPublicKeyType", http.StatusBadRequest, "Invalid DID", "The key in the DID is of no known kind."}
	faultURL         = resolverFault{"INVALID_DID_URL", "invalidDidUrl", http.StatusBadRequest, "Invalid DID URL", "The DID URL or one of its parameters is malformed."}
	faultOptions     = resolverFault{"INVALID_OPTIONS", "invalidOptions", http.StatusBadRequest, "Invalid options", "An option is malformed, there twice, or contradicts another."}
	faultNotFound    = resolverFault{"NOT_FOUND", "notFound", http.StatusNotFound, "Not found", "There is no such DID document, version or part of it."}
	faultType        = resolverFault{"REPRESENTATION_NOT_SUPPORTED", "representationNotSupported", http.StatusNotAcceptable, "Representation not supported", "None of the media types that are accepted is offered."}
	faultMethod      = resolverFault{"METHOD_NOT_SUPPORTED", "methodNotSupported", http.StatusNotImplemented, "Method not supported", "DIDs of this method are not resolved here."}
	faultFeature     = resolverFault{"FEATURE_NOT_SUPPORTED", "featureNotSupported", http.StatusNotImplemented, "Feature not supported", "The method has no versions, or the option is not offered here."}
	faultKind        = resolverFault{"FEATURE_NOT_SUPPORTED", "unsupportedPublicKeyType", http.StatusNotImplemented, "Kind of key not supported", "The key in the DID is of a kind that is not supported here."}
	faultDocument    = resolverFault{"INVALID_DID_DOCUMENT", "invalidDidDocument", http.StatusInternalServerError, "Invalid DID document", "What was found breaks the rules of DID documents, or is not this DID's."}
	faultUnavailable = resolverFault{"INTERNAL_ERROR", "internalError", http.StatusInternalServerError, "Internal error", "The DID document could not be had. It may be later."}
)

// resolverFaults are the faults of errors of package did. The first that matches
// counts.
var resolverFaults = []struct {
	err   error
	fault resolverFault
}{
	{errRepresentation, faultType},
	{errOption, faultFeature},
	{did.ErrInvalidDIDURL, faultURL},
	{did.ErrInvalidParameters, faultOptions},
	{did.ErrInvalidDID, faultDID},
	{did.ErrUnavailable, faultUnavailable},
	{did.ErrNotFound, faultNotFound},
	{did.ErrMethodNotSupported, faultMethod},
	{did.ErrVersionNotSupported, faultFeature},
	{did.ErrInvalidDocument, faultDocument},
	{did.ErrUnsupportedKey, faultKind},
	{did.ErrKeyLength, faultKeyLength},
	{did.ErrKeyCode, faultKeyCode},
	{did.ErrInvalidKey, faultKey},
}

func faultOf(err error) resolverFault {
	for _, known := range resolverFaults {
		if errors.Is(err, known.err) {
			return known.fault
		}
	}
	return faultUnavailable
}

// refuse answers with an error in the form that the client asked for.
func (r identification) refuse(c *gin.Context, err error) error {
	fault := faultOf(err)
	eventOf(c).problem = fault.code
	process := map[string]any{"error": map[string]any{"type": faultPrefix + fault.code, "title": fault.title, "detail": fault.detail}}
	status := fault.status
	if r.legacy {
		process = map[string]any{"error": fault.word}
		if status >= http.StatusInternalServerError && fault != faultUnavailable {
			status = http.StatusBadRequest // in this form, whatever is wrong with the DID is the client's
		}
	}
	return r.result(c, status, process, json.RawMessage("null"), map[string]any{})
}
