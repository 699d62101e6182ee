package credential

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// issued is a badge as an issuer builds it.
func issued() AchievementCredential {
	return AchievementCredential{
		ID:        "https://badges.example.org/credentials/1",
		Name:      "Teamwork <b>&amp;</b>",
		Issuer:    Profile{ID: "did:web:badges.example.org", Name: "Université \u2028 Ünïcode"},
		ValidFrom: FormatDateTime(time.Date(2024, 3, 1, 10, 30, 0, 5, time.FixedZone("", 3600))),
		CredentialSubject: AchievementSubject{
			ID:         "urn:uuid:6f2d8f5e-9c4b-4a58-a8c2-0d5d3a6f1a11",
			Identifier: []IdentityObject{{IdentityHash: "ann@example.org", IdentityType: "emailAddress"}},
			Achievement: Achievement{
				ID: "https://badges.example.org/achievements/1", Name: "Teamwork", Description: "\"\\\n\t\x01",
				Criteria: Criteria{Narrative: "Was seen to."}, CreditsAvailable: "36.0",
			},
		},
		CredentialStatus: []CredentialStatus{{
			Type: "BitstringStatusListEntry", StatusPurpose: "revocation", StatusListIndex: "7",
			StatusListCredential: "https://badges.example.org/status/1",
		}},
	}
}

func TestMarshal(t *testing.T) {
	const want = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],` +
		`"id":"https://badges.example.org/credentials/1","type":["VerifiableCredential","OpenBadgeCredential"],` +
		"\"name\":\"Teamwork <b>&amp;</b>\",\"issuer\":{\"id\":\"did:web:badges.example.org\",\"type\":[\"Profile\"],\"name\":\"Université \u2028 Ünïcode\"}," +
		`"validFrom":"2024-03-01T09:30:00Z","credentialSubject":{"id":"urn:uuid:6f2d8f5e-9c4b-4a58-a8c2-0d5d3a6f1a11","type":["AchievementSubject"],` +
		`"identifier":[{"type":"IdentityObject","hashed":false,"identityHash":"ann@example.org","identityType":"emailAddress"}],` +
		`"achievement":{"id":"https://badges.example.org/achievements/1","type":["Achievement"],"name":"Teamwork","description":"\"\\\n\t\u0001",` +
		`"criteria":{"narrative":"Was seen to."},"creditsAvailable":36.0}},` +
		`"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://badges.example.org/status/1"}}`
	got, err := Marshal(issued())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("Marshal (-want +got):\n%s", diff)
	}
	c, err := Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if violations := Errors(c.Validate()); len(violations) > 0 {
		t.Errorf("what we issue does not validate: %v", violations)
	}
	badge := issued()
	if viaPointer, err := Marshal(&badge); err != nil || string(viaPointer) != want {
		t.Errorf("a pointer is written differently: %v", err)
	}
	viaJSON, err := json.Marshal(badge)
	if err != nil || strings.Contains(string(viaJSON), "null") {
		t.Errorf("encoding/json writes %s (%v)", viaJSON, err)
	}
}

func TestMarshalVariants(t *testing.T) {
	badge := issued()
	badge.CredentialSchema = []CredentialSchema{{ID: "https://example.org/s", Type: "1EdTechJsonSchemaValidator2019"}}
	badge.Issuer = Profile{ID: "https://example.org/issuer"}
	badge.CredentialStatus = append(badge.CredentialStatus, CredentialStatus{Type: "Other"})
	badge.Endorsement = []EndorsementCredential{{ID: "https://e.example/1", Name: "E", Issuer: Profile{ID: "did:web:e", Name: "E"}, ValidFrom: "2024-03-01T09:30:00Z"}}
	data, err := Marshal(badge)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"]`, `"issuer":"https://example.org/issuer"`,
		`"credentialStatus":[{"type":"Bitstring`, `"credentialSchema":[{`, `"type":["VerifiableCredential","EndorsementCredential"]`,
	} {
		if !strings.Contains(string(data), part) {
			t.Errorf("%s is not in %s", part, data)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	for _, v := range []any{
		Profile{ID: "x", Name: "\xff"},
		Achievement{Tag: []string{"a", "\xc0\x80"}},
		AchievementSubject{CreditsEarned: "1e"},
		AchievementSubject{CreditsEarned: "true"},
		AchievementSubject{CreditsEarned: " 1"},
		"text",
		map[string]any{},
		nil, (*Profile)(nil),
	} {
		if data, err := Marshal(v); err == nil {
			t.Errorf("Marshal(%#v) = %s", v, data)
		}
	}
}

// TestRoundTripOfSamples: what Decode reads, Marshal writes again, up to
// compaction, extensions and the form of numbers.
func TestRoundTripOfSamples(t *testing.T) {
	tried := 0
	for name, data := range testdata.OpenBadges(t) {
		c, err := Parse(data)
		if err != nil || c.Version != V2 || len(Errors(c.Validate())) > 0 || name == "ob30/simple-did-web-method.json" {
			continue // the one named gives the subject a name, which Open Badges does not know
		}
		var written []byte
		switch c.Kind {
		case KindAchievement:
			written, err = Marshal(c.AchievementCredential())
		case KindEndorsement:
			written, err = Marshal(c.EndorsementCredential())
		default:
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := strictjson.Parse(written)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(normalize("", c.Value().Any()), normalize("", again.Root().Any())); diff != "" {
			t.Errorf("%s (-original +written):\n%s", name, diff)
		}
		tried++
	}
	if tried < 20 {
		t.Errorf("only %d samples tried", tried)
	}
}

// normalize undoes what the structs do not keep: a single value instead of an
// array, and an index that is a number.
func normalize(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = normalize(name, member)
		}
		return v
	case []any:
		for i, element := range v {
			v[i] = normalize("", element)
		}
		if len(v) == 1 && (name == "type" || name == "proof" || name == "credentialSchema" || name == "termsOfUse") {
			return v[0]
		}
		return v
	case json.Number:
		if name == "statusListIndex" {
			return v.String()
		}
	}
	return v
}

// TestRoundTripOfStructs fills structs at random: marshal, decode, marshal
// again must give the same bytes.
func TestRoundTripOfStructs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var badge AchievementCredential
		fill(t, reflect.ValueOf(&badge).Elem(), 0)
		first, err := Marshal(badge)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := strictjson.Parse(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Marshal(Decode[AchievementCredential](doc.Root()))
		if err != nil || string(first) != string(second) {
			t.Fatalf("first  %s\nsecond %s\nerr %v", first, second, err)
		}
	})
}

func fill(t *rapid.T, v reflect.Value, depth int) {
	some := depth < 6 && rapid.IntRange(0, 2).Draw(t, "some") == 0
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), depth+1)
		}
	case reflect.Pointer:
		if some {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), depth)
		}
	case reflect.Slice:
		if some {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(t, v.Index(0), depth+1)
			fill(t, v.Index(1), depth+1)
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.String:
		if v.Type() == reflect.TypeFor[json.Number]() {
			v.SetString(rapid.SampledFrom([]string{"", "0", "36.0", "-1.5e3"}).Draw(t, "number"))
		} else if some {
			v.SetString(rapid.String().Draw(t, "text"))
		}
	}
}

func TestDecodeTakesWhatIsThere(t *testing.T) {
	doc, err := strictjson.Parse([]byte(`{"ID":"wrong case","id":5,"type":"Profile","name":[{"@value":"Un","@language":"fr"},{"@value":"One"}],
		"url":["https://example.org"],"image":[{"id":"i"}],"address":"nowhere","otherIdentifier":{"identifier":"x"},"endorsementJwt":["a.b.c",1]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Profile{
		Type: []string{"Profile"}, Name: "Un", Image: &Image{ID: "i"},
		OtherIdentifier: []IdentifierEntry{{Identifier: "x"}}, EndorsementJWT: []string{"a.b.c"},
	}
	if diff := cmp.Diff(want, Decode[Profile](doc.Root())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Profile{}, Decode[Profile](strictjson.Value{})); diff != "" {
		t.Errorf("nothing decodes to something: %s", diff)
	}
}

func TestViews(t *testing.T) {
	document := edit(t, edit(t, badge, "/issuer/endorsement", "["+edit(t, endorsement, "/issuer/endorsementJwt", `["a.b.c"]`)+"]"), "/credentialStatus", `{"type":"X"}`)
	c, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsBadge() || c.IssuerID() != "did:web:badges.example.org" || c.Issuer().Name != "Example" || len(c.StatusEntries()) != 1 {
		t.Errorf("wrong facts of %s", document)
	}
	found := c.Endorsements()
	if len(found) != 2 || found[0].Kind() != strictjson.Object || !found[1].Is("a.b.c") || found[1].Pointer() != "/issuer/endorsement/0/issuer/endorsementJwt/0" {
		t.Errorf("found %d endorsements", len(found))
	}
	inner, err := FromValue(found[0])
	if err != nil || inner.Kind != KindEndorsement || string(inner.Raw()) != string(found[0].Raw()) {
		t.Errorf("an embedded endorsement is not read: %v", err)
	}
	if got := c.AchievementCredential(); got.CredentialSubject.Achievement.Name != "Teamwork" {
		t.Errorf("decoded %+v", got)
	}
	if _, err := inner.ValidUntil(); err != nil {
		t.Errorf("no validUntil gives %v", err)
	}
	for _, bad := range []string{`"soon"`, `5`, `null`} {
		c, _ := Parse([]byte(edit(t, badge, "/validUntil", bad)))
		if _, err := c.ValidUntil(); err == nil {
			t.Errorf("validUntil %s is taken for none", bad)
		}
	}
	old, _ := Parse([]byte(`{"@context":["https://www.w3.org/2018/credentials/v1"],"issuer":"i","issuanceDate":"2024-03-01T09:30:00Z","expirationDate":"2025-03-01T09:30:00Z","validUntil":"2026-03-01T09:30:00Z"}`))
	until, err := old.ValidUntil()
	if err != nil || until.Year() != 2025 || old.Issuer().ID != "i" || old.AchievementCredential().ValidUntil != "2025-03-01T09:30:00Z" {
		t.Errorf("version 1.1 is read wrongly: %v, %v", until, err)
	}
}
