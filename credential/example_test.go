package credential_test

import (
	"fmt"

	"laurel/credential"
)

func ExampleCredential_Validate() {
	c, err := credential.Parse([]byte(`{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"id": "https://badges.example.org/credentials/1",
		"type": ["VerifiableCredential", "OpenBadgeCredential"],
		"issuer": {"id": "did:web:badges.example.org", "type": ["Profile"]},
		"validFrom": "2024-03-01T09:30:00Z",
		"credentialSubject": {
			"type": ["AchievementSubject"],
			"achievement": {
				"id": "https://badges.example.org/achievements/1", "type": ["Achievement"],
				"name": "Teamwork", "criteria": {"narrative": "Was seen to."}
			}
		}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, violation := range c.Validate() {
		fmt.Println(violation)
	}
	// Output:
	// /credentialSubject: The subject needs an id or at least one identifier.
	// /credentialSubject/achievement/description: The required property description is missing.
}
