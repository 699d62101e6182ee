package credential

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// badge is the smallest sound badge; each edit of a test makes one fault.
const badge = `{
	"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
	"id": "https://badges.example.org/credentials/1",
	"type": ["VerifiableCredential", "OpenBadgeCredential"],
	"issuer": {"id": "did:web:badges.example.org", "type": ["Profile"], "name": "Example"},
	"validFrom": "2024-03-01T09:30:00Z",
	"credentialSubject": {
		"id": "urn:uuid:6f2d8f5e-9c4b-4a58-a8c2-0d5d3a6f1a11",
		"type": ["AchievementSubject"],
		"achievement": {
			"id": "https://badges.example.org/achievements/1",
			"type": ["Achievement"],
			"name": "Teamwork",
			"description": "Works well with others.",
			"criteria": {"narrative": "Was seen to."}
		}
	}
}`

// plain is the smallest sound credential of VC Data Model 2.0.
const plain = `{
	"@context": ["https://www.w3.org/ns/credentials/v2"],
	"type": ["VerifiableCredential"],
	"issuer": "did:web:badges.example.org",
	"credentialSubject": {"id": "did:example:1", "name": "Ann"}
}`

// edit sets the member at a JSON Pointer to a JSON text, or removes it when the
// text is empty.
func edit(t testing.TB, document, pointer, value string) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	tokens := strings.Split(pointer, "/")[1:]
	at := root
	for _, token := range tokens[:len(tokens)-1] {
		if list, ok := at.([]any); ok {
			var i int
			if _, err := fmt.Sscan(token, &i); err != nil {
				t.Fatal(err)
			}
			at = list[i]
			continue
		}
		at = at.(map[string]any)[token]
	}
	last := tokens[len(tokens)-1]
	if value == "" {
		delete(at.(map[string]any), last)
	} else {
		at.(map[string]any)[last] = json.RawMessage(value)
	}
	data, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func validate(t testing.TB, document string) []Violation {
	t.Helper()
	c, err := Parse([]byte(document))
	if err != nil {
		t.Fatalf("parsing %s: %v", document, err)
	}
	return c.Validate()
}

const (
	description = `[{"id":"urn:r:1","type":["ResultDescription"],"name":"R","resultType":"Status"},
		{"id":"urn:r:2","type":["ResultDescription"],"name":"R","resultType":"RubricCriterionLevel",
		"rubricCriterionLevel":[{"id":"urn:l:1","type":["RubricCriterionLevel"],"name":"L"}]}]`
	endorsement = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"id":"https://e.example/1","type":["VerifiableCredential","EndorsementCredential"],"name":"E",
		"issuer":{"id":"https://e.example/i","type":["Profile"]},"validFrom":"2024-03-01T09:30:00Z",
		"credentialSubject":{"id":"did:web:badges.example.org","type":["EndorsementSubject"]}}`
)

// TestRules edits a sound document once; want is "severity code path", "" for
// no violation at all.
func TestRules(t *testing.T) {
	described := edit(t, badge, "/credentialSubject/achievement/resultDescription", description)
	endorsed := edit(t, badge, "/issuer/endorsement", "["+endorsement+"]")
	deep := edit(t, badge, "/issuer/endorsement", "["+edit(t, endorsement, "/issuer/endorsement", "["+endorsement+"]")+"]")
	old := edit(t, edit(t, edit(t, badge, "/validFrom", ""), "/issuanceDate", `"2024-03-01T09:30:00Z"`), "/name", `"N"`)
	old = strings.Replace(old, ContextV2, ContextV1, 1)
	tests := []struct{ document, pointer, value, want string }{
		{badge, "/name", `"N"`, ""},
		{plain, "/name", `"N"`, "warning not_a_badge /type"},

		// Contexts.
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2"]`, "error context_missing /@context"},
		{badge, "/@context", `"https://www.w3.org/ns/credentials/v2"`, "error array_expected /@context"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://example.org/c"]`, "error context_missing /@context/1"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2",{}]`, "error context_missing /@context/1"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","https://www.w3.org/ns/credentials/v2"]`, "error context_repeated /@context/2"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","not a url"]`, "error context_malformed /@context/2"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",{"a":null}]`, ""},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",5]`, "error context_malformed /@context/2"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"]`, "warning context_superseded /@context/1"},
		{badge, "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld"]`, "warning context_alias /@context/1"},
		{plain, "/@context", `"https://www.w3.org/ns/credentials/v2"`, "error array_expected /@context"},

		// Ids, types, issuers.
		{badge, "/id", ``, "error property_missing /id"},
		{badge, "/id", `null`, "error null_value /id"},
		{badge, "/id", `["https://example.org/1"]`, "error single_expected /id"},
		{badge, "/id", `"1"`, "error uri_malformed /id"},
		{badge, "/id", `"_:b0"`, "error uri_malformed /id"},
		{badge, "/type", `["VerifiableCredential","OpenBadgeCredential","a b"]`, "error type_malformed /type/2"},
		{badge, "/type", `["OpenBadgeCredential"]`, "error type_mismatch /type"},
		{badge, "/type", `"OpenBadgeCredential"`, "error array_expected /type"},
		{badge, "/issuer", `"https://example.org/"`, "warning issuer_not_embedded /issuer"},
		{badge, "/issuer", `"example"`, "error uri_malformed /issuer"},
		{badge, "/issuer", `{"id":"did:web:a","type":"Profile"}`, ""},
		{badge, "/issuer/type", `["Person"]`, "error type_mismatch /issuer/type"},
		{badge, "/issuer/url", `"javascript:alert(1)"`, "error uri_unsafe /issuer/url"},
		{badge, "/issuer/url", `"\tjavascript:alert(1)"`, "error uri_malformed /issuer/url"},
		{badge, "/issuer/url", `"//evil.example"`, "error uri_malformed /issuer/url"},
		{badge, "/issuer/name", `"Ex\u202eample"`, "warning text_controls /issuer/name"},
		{badge, "/issuer/name", `""`, "warning empty_text /issuer/name"},
		{badge, "/issuer/image", `"https://example.org/logo.png"`, "error wrong_type /issuer/image"},
		{badge, "/issuer/image", `{"id":"data:image/png;base64,AA==","type":"Image","size":1}`, "error unknown_property /issuer/image/size"},
		{badge, "/evidence", `[{"type":["Evidence"],"id":"data:text/html,x"}]`, "warning uri_unsafe /evidence/0/id"},
		{badge, "/issuer/address", `{"type":["Address"],"geo":{"type":"GeoCoordinates","latitude":91,"longitude":0}}`, "warning coordinates_off_earth /issuer/address/geo"},

		// Extensions.
		{badge, "/extra", `{"id":"1"}`, "error uri_malformed /extra/id"},
		{badge, "/extra", `{"deep":[{"type":""}]}`, "error type_malformed /extra/deep/0/type"},
		{badge, "/extra", `{"deep":null}`, "error null_value /extra/deep"},
		{badge, "/extra", `{"deep":[]}`, "error empty_array /extra/deep"},
		{badge, "/extra", `{"@context":{"x":null},"a~/b":[1,"x",{}]}`, ""},
		{badge, "/extra", `{"a~/b":[1,null]}`, "error null_value /extra/a~0~1b/1"},

		// Dates.
		{badge, "/validUntil", `"2024-03-01T09:29:59Z"`, "error period_reversed /validUntil"},
		{badge, "/validUntil", `"2024-03-01T09:00:00-01:00"`, ""},
		{badge, "/validFrom", `"2024-03-01T09:30:00"`, "error date_time_zone_missing /validFrom"},
		{badge, "/validFrom", `"2024-03-01T24:00:00Z"`, "error date_time_malformed /validFrom"},
		{badge, "/issuanceDate", `"2024-03-01T09:30:00Z"`, "error property_of_other_model /issuanceDate"},

		// The subject and its achievement.
		{badge, "/credentialSubject/id", ``, "error subject_unidentified /credentialSubject"},
		{badge, "/credentialSubject", `[{}]`, "error single_expected /credentialSubject"},
		{badge, "/credentialSubject/achievement", `"https://badges.example.org/achievements/1"`, "error wrong_type /credentialSubject/achievement"},
		{badge, "/credentialSubject/achievement/criteria", `{}`, "error criteria_empty /credentialSubject/achievement/criteria"},
		{badge, "/credentialSubject/achievement/criteria", `{"id":"https://example.org/c"}`, ""},
		{badge, "/credentialSubject/achievement/tag", `["a",""]`, "warning empty_text /credentialSubject/achievement/tag/1"},
		{badge, "/credentialSubject/identifier", `[{"type":"IdentityObject","hashed":true,"identityHash":"x","identityType":"emailAddress"}]`, "warning identity_hash_unreadable /credentialSubject/identifier/0/identityHash"},
		{badge, "/credentialSubject/identifier", `[{"type":"IdentityObject","hashed":false,"identityHash":"x","identityType":"email"}]`, "error term_unknown /credentialSubject/identifier/0/identityType"},
		{described, "/credentialSubject/result", `[{"type":["Result"],"resultDescription":"urn:r:1","status":"Completed"}]`, ""},
		{described, "/credentialSubject/result", `[{"type":["Result"],"resultDescription":"urn:r:1"}]`, "error result_status_missing /credentialSubject/result/0/status"},
		{described, "/credentialSubject/result", `[{"type":["Result"],"resultDescription":"urn:r:3"}]`, "error result_not_described /credentialSubject/result/0/resultDescription"},
		{described, "/credentialSubject/result", `[{"type":["Result"],"resultDescription":"urn:r:2","achievedLevel":"urn:l:1"}]`, ""},
		{described, "/credentialSubject/result", `[{"type":["Result"],"resultDescription":"urn:r:2","achievedLevel":"urn:l:2"}]`, "error level_not_described /credentialSubject/result/0/achievedLevel"},
		{described, "/credentialSubject/result", `[{"type":["Result"],"resultDescription":"urn:r:1","status":"Failed","achievedLevel":"urn:l:1"}]`, "warning level_described_elsewhere /credentialSubject/result/0/achievedLevel"},

		// Endorsements, at any depth.
		{endorsed, "/issuer/endorsement/0/name", ``, "error property_missing /issuer/endorsement/0/name"},
		{endorsed, "/issuer/endorsement/0/@context", `["https://www.w3.org/2018/credentials/v1","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]`, "error context_first /issuer/endorsement/0/@context/0"},
		{deep, "/name", `"N"`, ""},
		{deep, "/issuer/endorsement/0/issuer/endorsement/0/credentialSubject/id", ``, "error property_missing /issuer/endorsement/0/issuer/endorsement/0/credentialSubject/id"},
		{endorsement, "/name", ``, "error property_missing /name"},
		{endorsement, "/description", `"D"`, ""},

		// Status.
		{badge, "/credentialStatus", `[{"type":"X"},{"type":"Y"}]`, "warning single_recommended /credentialStatus"},
		{badge, "/credentialStatus", `{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":23,"statusListCredential":"https://example.org/s"}`, ""},
		{badge, "/credentialStatus", `{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"23"}`, "error property_missing /credentialStatus/statusListCredential"},
		{badge, "/proof", `[]`, "error empty_array /proof"},
		{badge, "/proof", `null`, "error null_value /proof"},

		// VC Data Model 1.1.
		{old, "/description", `"D"`, ""},
		{old, "/name", ``, "error property_missing /name"},
		{old, "/issuer", `"https://example.org/"`, "error wrong_type /issuer"},
		{old, "/issuanceDate", ``, "error property_missing /issuanceDate"},
		{old, "/expirationDate", `"2023-03-01T09:30:00Z"`, "error period_reversed /expirationDate"},
		{old, "/credentialStatus", `{"type":"1EdTechRevocationList"}`, "error property_missing /credentialStatus/id"},

		// VC Data Model 2.0, other credentials.
		{plain, "/type", `["Other"]`, "error type_mismatch /type"},
		{plain, "/issuer", `{"id":null}`, "error null_value /issuer/id"},
		{plain, "/issuer", `[]`, "error empty_array /issuer"},
		{plain, "/issuer", `["did:web:a"]`, "error single_expected /issuer"},
		{plain, "/issuer", `{"name":"x"}`, "error property_missing /issuer/id"},
		{plain, "/credentialSubject", `"did:example:1"`, "error wrong_type /credentialSubject"},
		{plain, "/credentialSubject", `{}`, "error claim_missing /credentialSubject"},
		{plain, "/credentialSubject", `{"id":"did:example:1"}`, "error claim_missing /credentialSubject"},
		{plain, "/credentialSubject", `[{"name":"x"},{}]`, "error claim_missing /credentialSubject/1"},
		{plain, "/evidence", `{}`, "error property_missing /evidence/type"},
		{plain, "/credentialSchema", `{"id":1,"type":"JsonSchema"}`, "error wrong_type /credentialSchema/id"},
		{plain, "/credentialSchema", `[{"type":"JsonSchema"}]`, "error property_missing /credentialSchema/0/id"},
		{plain, "/credentialStatus", `{"id":"https://example.org/","type":1}`, "error wrong_type /credentialStatus/type"},
		{plain, "/name", `{"@value":"x","@language":"en","@direction":"ltr"}`, "warning not_a_badge /type"},
		{plain, "/name", `[{"@value":"x"},{"@value":"y","@language":"fr"}]`, "warning not_a_badge /type"},
		{plain, "/name", `{"@value":"x","url":"y"}`, "error localized_malformed /name"},
		{plain, "/name", `{"@value":1}`, "error localized_malformed /name"},
		{plain, "/name", `{"@value":"x","@direction":"up"}`, "error localized_malformed /name"},
		{plain, "/description", `1`, "error localized_malformed /description"},
		{plain, "/validFrom", `"2024-03-01T24:00:00Z"`, "warning not_a_badge /type"},
		{plain, "/validFrom", `"2024-03-01T09:30:00"`, "warning date_time_zone_missing /validFrom"},
		{plain, "/validFrom", `"2024-03-01"`, "error date_time_malformed /validFrom"},
		{plain, "/relatedResource", `["https://example.org/"]`, "error wrong_type /relatedResource/0"},
		{plain, "/relatedResource", `{"digestSRI":"sha384-x"}`, "error property_missing /relatedResource/id"},
		{plain, "/relatedResource", `{"id":"https://example.org/"}`, "error digest_missing /relatedResource"},
		{plain, "/relatedResource", `[{"id":"https://example.org/","digestSRI":"a"},{"id":"https://example.org/","digestMultibase":"b"}]`, "error resource_repeated /relatedResource/1/id"},
		{plain, "/other", `null`, "warning not_a_badge /type"},
	}
	for _, test := range tests {
		document := edit(t, test.document, test.pointer, test.value)
		checkViolations(t, test.pointer+" "+test.value, validate(t, document), test.want)
	}
}

// checkViolations expects the violation named to be there and, when it is no
// error or there is none, no error.
func checkViolations(t *testing.T, name string, violations []Violation, want string) {
	t.Helper()
	var got []string
	for _, v := range violations {
		got = append(got, fmt.Sprintf("%v %s %s", v.Severity, v.Code, v.Path))
		if sentence := Sentence(v); strings.Contains(sentence, "{") || sentence == v.Code {
			t.Errorf("%s: the sentence of %s has a hole: %s", name, v.Code, sentence)
		}
	}
	if want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
	if !strings.HasPrefix(want, "error") && len(Errors(violations)) > 0 {
		t.Errorf("%s: got errors %v, want none", name, Errors(violations))
	}
}

// TestViolationsAreBounded: a flood of warnings must not hide an error.
func TestViolationsAreBounded(t *testing.T) {
	tags := "[" + strings.Repeat(`"",`, 500) + `"x"]`
	document := edit(t, edit(t, badge, "/credentialSubject/achievement/tag", tags), "/validFrom", `"x"`)
	violations := validate(t, document)
	if len(violations) != MaxViolations || len(Errors(violations)) != 1 {
		t.Errorf("got %d violations, %d errors", len(violations), len(Errors(violations)))
	}
	tags = "[" + strings.Repeat(`1,`, 500) + `"x"]`
	if got := validate(t, edit(t, badge, "/credentialSubject/achievement/tag", tags)); len(Errors(got)) != MaxViolations {
		t.Errorf("got %d errors", len(Errors(got)))
	}
}
