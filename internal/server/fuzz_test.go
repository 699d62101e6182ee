package server

import (
	"errors"
	"slices"
	"testing"

	"laurel/credential/strictjson"
	"laurel/internal/issuer"
)

func FuzzChoose(f *testing.F) {
	for _, seed := range []string{"", "*/*", "text/html;q=0.5, application/json", "application/*;q=1.1", "a/b;q=NaN", ",,;=/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if chosen := choose(header, credentialTypes); !slices.Contains(credentialTypes, chosen) {
			t.Errorf("%q was not on offer", chosen)
		}
		accept := parseAccept(header)
		for _, mediaType := range credentialTypes {
			if q := accept.quality(mediaType); !(q >= 0 && q <= 1) {
				t.Errorf("%s has the quality %v", mediaType, q)
			}
		}
	})
}

// FuzzAwardRequest makes sure that a request is either read or refused with its
// reason.
func FuzzAwardRequest(f *testing.F) {
	for _, seed := range []string{
		`{"achievement":"a","recipient":{"email":"a@example.org"}}`, `{"recipient":[],"evidence":[1],"validFrom":0}`, `[`, `{"a":{"b":1}}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := awardRequest(data)
		var invalid *issuer.InvalidError
		var syntax *strictjson.Error
		var own *refusal
		switch {
		case err == nil && len(request.Evidence) > maxEvidence:
			t.Error("there is more evidence than allowed")
		case err == nil:
		case !errors.As(err, &invalid) && !errors.As(err, &syntax) && !errors.As(err, &own):
			t.Errorf("an error of no known kind: %v", err)
		case answerTo(err).problem.Status >= 500:
			t.Errorf("a bad request is our own fault: %v", err)
		case invalid != nil && slices.ContainsFunc(invalid.Violations, func(v issuer.Violation) bool { return v.Message == "" }):
			t.Errorf("a fault without words: %+v", invalid.Violations)
		}
	})
}
