package verifier_test

import (
	"context"
	"fmt"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/verifier"
)

func Example() {
	set, err := contexts.Embedded()
	if err != nil {
		fmt.Println(err)
		return
	}
	processor := jsonld.New(set, jsonld.Options{})
	v := verifier.New(verifier.Config{
		Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor),
		Resolver: did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}},
	})
	badge := []byte(`{"@context": "https://www.w3.org/ns/credentials/v2", "type": ["VerifiableCredential", "OpenBadgeCredential"], "proof": []}`)
	report, err := v.Verify(context.Background(), badge, verifier.Expect{})
	if err != nil {
		fmt.Println(err)
		return
	}
	check, _ := report.Decisive()
	fmt.Println(report.Verdict, "by", check.Code)
	// Output: invalid by no_proof
}
