package issuer

import (
	"context"
	"errors"
	"slices"
	"strings"

	"laurel/credential"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// judge says whether an unsigned badge may be signed: it follows the data model,
// and a proof would cover every word of it. translate turns a path in the badge
// into one in what the caller gave; see rebase. The error is an *InvalidError,
// or the context's.
func (s *Service) judge(ctx context.Context, unsigned []byte, translate func(path string) string) error {
	badge, err := credential.Parse(unsigned)
	if err != nil {
		return &InvalidError{Violations: []Violation{malformed(err, translate)}}
	}
	var violations []Violation
	for _, v := range badge.Validate() {
		// What is only a warning to a reader is a fault in what we sign, save
		// that there may be two entries in status lists.
		if v.Code == "single_recommended" {
			continue
		}
		violations = append(violations, Violation{Path: translate(v.Path), Code: v.Code, Message: credential.Sentence(v)})
	}
	if len(violations) > 0 {
		return &InvalidError{Violations: violations}
	}
	err = s.processor.Check(ctx, jsonld.Source{Object: badge.Value()})
	if err == nil {
		return nil
	}
	if v, ok := uncovered(err, translate); ok {
		return &InvalidError{Violations: []Violation{v}}
	}
	return err
}

// malformed describes what keeps a text from being read at all.
func malformed(err error, translate func(string) string) Violation {
	v := violation("", "json_malformed")
	var syntax *strictjson.Error
	if errors.As(err, &syntax) {
		v.Path = translate(syntax.Path)
	}
	return v
}

// uncovered describes what a proof would not cover. ok is false for an error
// that says nothing about the document.
func uncovered(err error, translate func(string) string) (v Violation, ok bool) {
	var loss *jsonld.LossError
	var foreign *jsonld.ContextError
	var limit *jsonld.LimitError
	switch {
	case errors.As(err, &loss):
		v = violation(translate(loss.Path), "not_covered")
		v.Term = loss.Term
		v.Message += " Reason: " + string(loss.Reason) + "."
	case errors.As(err, &foreign):
		v = violation(translate(foreign.Path), "context_not_allowed")
	case errors.As(err, &limit):
		v = violation(translate(""), "too_large")
	default:
		return v, false
	}
	return v, true
}

// rebase makes a translation of paths from pairs of prefixes, the first that
// fits. A path that fits none stays as it is.
func rebase(pairs ...string) func(string) string {
	return func(path string) string {
		for pair := range slices.Chunk(pairs, 2) {
			rest, ok := strings.CutPrefix(path, pair[0])
			if ok && (rest == "" || rest[0] == '/') {
				return pair[1] + rest
			}
		}
		return path
	}
}
