package vcapi

import (
	"context"

	"laurel/credential/jsonld"
	"laurel/credential/schema"
	"laurel/credential/strictjson"
	"laurel/verifier"
)

// apart are the members of a credential or presentation that are looked at by
// themselves.
var apart = []string{"proof", "verifiableCredential"}

// credentialProblems holds a credential to the data model of its version,
// whatever it is for, and to its contexts. The error is that of ctx.
func (i *Instance) credentialProblems(ctx context.Context, credential strictjson.Value) ([]Problem, error) {
	version, kind, err := schema.Identify(credential)
	if err != nil {
		return []Problem{problemOf(err, malformedValue, titleMalformed)}, nil
	}
	if kind != schema.KindEnveloped {
		kind = schema.KindOther // not by the rules of badges, also where it is one
	}
	found := schema.Validate(credential, version, kind)
	problems := violations(tolerate(found, credential))
	if len(found) >= schema.MaxViolations && len(problems) == 0 {
		problems = append(problems, Problem{Type: malformedValue, Title: "There is more wrong than is counted."})
	}
	if kind == schema.KindEnveloped {
		return problems, nil // its contexts are those of what it holds
	}
	lost, err := i.contextProblems(ctx, credential)
	if err != nil {
		return nil, err
	}
	problems = append(problems, lost...)
	for resource := range credential.Get("relatedResource").OneOrMany() {
		if _, err := verifier.CheckRelatedResource(i.config.Contexts, resource); err != nil {
			problems = append(problems, Problem{malformedValue, "A related resource has another digest.", clip(err.Error()), resource.Pointer()})
		}
	}
	return problems, nil
}

// contextProblems finds what the contexts leave without meaning. VC Data Model
// 2.0 §7.1 makes that a failure whatever secures the document.
func (i *Instance) contextProblems(ctx context.Context, document strictjson.Value) ([]Problem, error) {
	err := i.config.JSONLD.Check(ctx, jsonld.Source{Object: document, Without: apart})
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return []Problem{problemOf(err, malformedValue, titleMalformed)}, nil
}

// tolerate leaves out the violation of a subject that says no more of itself
// than its id: the W3C suites issue such credentials.
func tolerate(found []schema.Violation, credential strictjson.Value) []schema.Violation {
	named := make(map[string]bool)
	for subject := range credential.Get("credentialSubject").OneOrMany() {
		if subject.Get("id").Exists() {
			named[subject.Pointer()] = true
		}
	}
	var rest []schema.Violation
	for _, v := range found {
		if v.Code != "claim_missing" || !named[v.Path] {
			rest = append(rest, v)
		}
	}
	return rest
}

// idOf is the id of an issuer or holder, which is a URL or an object with one.
func idOf(v strictjson.Value) string {
	if v.Kind() == strictjson.Object {
		v = v.Get("id")
	}
	return v.Text()
}
