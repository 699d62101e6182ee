package contexts_test

import (
	"fmt"
	"log"

	"laurel/contexts"
)

// A badge names the context of Open Badges 3.0.3, of which three revisions are
// in use; a verifier tries the newest first.
func ExampleSet_Revisions() {
	set, err := contexts.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	revisions, err := set.Revisions("https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
	if err != nil {
		log.Fatal(err)
	}
	for _, document := range revisions {
		fmt.Println(document.Revision)
	}
	// Output:
	// 2026-06
	// 2025-11
	// 2024-03
}
