package statuslist_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
)

// listCredential is a good list credential with one text replaced.
func listCredential(old, replacement string) string {
	text := `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"https://example.com/status/3",` +
		`"type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":"did:example:12345",` +
		`"validFrom":"2026-01-01T00:00:00Z","validUntil":"2026-02-01T00:00:00Z",` +
		`"credentialSubject":{"id":"https://example.com/status/3#list","type":"BitstringStatusList",` +
		`"statusPurpose":"revocation","ttl":300000,"encodedList":"` + zeroList + `"}}`
	if !strings.Contains(text, old) {
		panic("no such text: " + old)
	}
	return strings.Replace(text, old, replacement, 1)
}

func parseList(tb testing.TB, text string) (*statuslist.ListCredential, error) {
	tb.Helper()
	document, err := strictjson.Parse([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return statuslist.ParseListCredential(document.Root())
}

func TestParseListCredentialRefuses(t *testing.T) {
	tests := []struct{ name, text, path string }{
		{"array", `[]`, ""},
		{"empty", `{}`, "/type"},
		{"a badge", listCredential(`"BitstringStatusListCredential"`, `"OpenBadgeCredential"`), "/type"},
		{"no verifiable credential", listCredential(`"VerifiableCredential",`, ``), "/type"},
		{"two kinds of list", listCredential(`"VerifiableCredential",`, `"VerifiableCredential","StatusList2021Credential",`), "/type"},
		{"type of an entry", listCredential(`"BitstringStatusListCredential"`, `"BitstringStatusListEntry"`), "/type"},
		{"id of a number", listCredential(`"id":"https://example.com/status/3"`, `"id":3`), "/id"},
		{"no issuer", listCredential(`"issuer":"did:example:12345",`, ``), "/issuer"},
		{"issuer null", listCredential(`"did:example:12345"`, `null`), "/issuer"},
		{"issuer without id", listCredential(`"did:example:12345"`, `{"name":"x"}`), "/issuer/id"},
		{"relative issuer", listCredential(`"did:example:12345"`, `{"id":"x"}`), "/issuer/id"},
		{"validFrom of a date", listCredential(`"2026-01-01T00:00:00Z"`, `"2026-01-01"`), "/validFrom"},
		{"validUntil null", listCredential(`"2026-02-01T00:00:00Z"`, `null`), "/validUntil"},
		{"bad expirationDate", listCredential(`"issuer"`, `"expirationDate":1,"issuer"`), "/expirationDate"},
		{"no subject", listCredential(`"credentialSubject"`, `"subject"`), "/credentialSubject"},
		{"subject of a string", `{"type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":"did:x:y","credentialSubject":"x"}`, "/credentialSubject"},
		{"no subjects", `{"type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":"did:x:y","credentialSubject":[]}`, "/credentialSubject"},
		{"two subjects", `{"type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":"did:x:y","credentialSubject":[{},{}]}`, "/credentialSubject"},
		{"subject without type", listCredential(`"type":"BitstringStatusList",`, ``), "/credentialSubject/type"},
		{"subject of the other kind", listCredential(`"BitstringStatusList"`, `"StatusList2021"`), "/credentialSubject/type"},
		{"no purpose", listCredential(`"statusPurpose":"revocation",`, ``), "/credentialSubject/statusPurpose"},
		{"no purposes", listCredential(`"revocation"`, `[]`), "/credentialSubject/statusPurpose"},
		{"purposes with a number", listCredential(`"revocation"`, `["revocation",1]`), "/credentialSubject/statusPurpose/1"},
		{"ttl of a string", listCredential(`300000`, `"300000"`), "/credentialSubject/ttl"},
		{"negative ttl", listCredential(`300000`, `-1`), "/credentialSubject/ttl"},
		{"ttl of a fraction", listCredential(`300000`, `0.5`), "/credentialSubject/ttl"},
		{"size 0", listCredential(`"ttl":300000`, `"statusSize":0`), "/credentialSubject/statusSize"},
		{"no list", listCredential(`"encodedList"`, `"list"`), "/credentialSubject/encodedList"},
		{"list of an array", listCredential(`"`+zeroList+`"`, `["`+zeroList+`"]`), "/credentialSubject/encodedList"},
	}
	for _, test := range tests {
		got, err := parseList(t, test.text)
		var malformed *statuslist.MalformedError
		if !errors.As(err, &malformed) || got != nil {
			t.Errorf("%s: got %v, %v; want a MalformedError", test.name, got, err)
			continue
		}
		if malformed.Path != test.path {
			t.Errorf("%s: at %s, want %s", test.name, malformed.Path, test.path)
		}
	}
	for name, test := range map[string]struct {
		list string
		want error
	}{
		"list without multibase": {zeroList[1:], statuslist.ErrEncoding},
		"short list":             {encode(compress(make([]byte, 100))), statuslist.ErrLength},
		"bomb":                   {encode(compress(make([]byte, 16<<20))), statuslist.ErrTooLarge},
	} {
		if got, err := parseList(t, listCredential(zeroList, test.list)); !errors.Is(err, test.want) || got != nil {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, test.want)
		}
	}
}

func TestParseListCredential(t *testing.T) {
	moment := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	c, err := parseList(t, listCredential(`"statusPurpose":"revocation"`, `"statusPurpose":["revocation","suspension"]`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Kind != statuslist.Bitstring || c.ID != "https://example.com/status/3" || c.Issuer != "did:example:12345" ||
		!c.ValidFrom.Equal(moment("2026-01-01T00:00:00Z")) || !c.ValidUntil.Equal(moment("2026-02-01T00:00:00Z")) ||
		!cmp.Equal(c.Purposes, []string{"revocation", "suspension"}) || c.TTL != 5*time.Minute || !c.HasTTL || c.List.Len() != 131_072 {
		t.Errorf("got %+v", c)
	}
	for name, test := range map[string]struct {
		at   string
		want error
	}{
		"before":    {"2025-12-31T23:59:59Z", statuslist.ErrNotYetValid},
		"at first":  {"2026-01-01T00:00:00Z", nil},
		"at last":   {"2026-02-01T00:00:00Z", nil},
		"afterward": {"2026-02-01T00:00:01Z", statuslist.ErrExpired},
	} {
		if err := c.ValidAt(moment(test.at)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}

	c, err = parseList(t, listCredential(`"issuer":"did:example:12345","validFrom":"2026-01-01T00:00:00Z","validUntil":"2026-02-01T00:00:00Z"`,
		`"issuer":{"id":"https://example.com/issuer","name":"X"}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Issuer != "https://example.com/issuer" || !c.ValidFrom.IsZero() || c.ValidAt(moment("1970-01-01T00:00:00Z")) != nil {
		t.Errorf("got %+v", c)
	}

	c, err = parseList(t, listCredential(`300000`, `9007199254740991`))
	if err != nil || c.TTL < 365*24*time.Hour {
		t.Errorf("a very long ttl: %v", err)
	}
	c, err = parseList(t, listCredential(`"ttl":300000,`, ``))
	if err != nil || c.HasTTL || c.TTL != 0 {
		t.Errorf("no ttl: %v", err)
	}

	old := strings.NewReplacer("BitstringStatusListCredential", "StatusList2021Credential", `"BitstringStatusList"`, `"StatusList2021"`,
		"validFrom", "issuanceDate", "validUntil", "expirationDate", zeroList, zeroList[1:]).Replace(listCredential("{", "{"))
	c, err = parseList(t, old)
	if err != nil {
		t.Fatal(err)
	}
	if c.Kind != statuslist.StatusList2021 || !errors.Is(c.ValidAt(moment("2026-03-01T00:00:00Z")), statuslist.ErrExpired) {
		t.Errorf("StatusList2021: got %+v", c)
	}
}

func TestListCredentialStatus(t *testing.T) {
	bits := make([]byte, 1<<15) // enough for entries of two bits
	bits[94567/8] |= 0x80 >> (94567 % 8)
	bits[5*2/8] |= 0b10 << (6 - 5*2%8)
	c, err := parseList(t, listCredential(`"revocation","ttl":300000,"encodedList":"`+zeroList, `["revocation","message","mood"],"encodedList":"`+encode(compress(bits))))
	if err != nil {
		t.Fatal(err)
	}
	messages := `[{"status":"0x0","message":"fine"},{"status":"0x1","message":"b"},{"status":"0x2","message":"read this"},{"status":"0x3","message":"d"}]`
	tests := []struct {
		name, entry string
		want        statuslist.Status
		err         error
	}{
		{"set", entry(), statuslist.Status{Purpose: "revocation", Value: 1}, nil},
		{"not set", entry("statusListIndex", `"94568"`), statuslist.Status{Purpose: "revocation"}, nil},
		{"purpose of another's making", entry("statusPurpose", `"mood"`), statuslist.Status{Purpose: "mood", Value: 1}, nil},
		{
			"message", entry("statusPurpose", `"message"`, "statusSize", `2`, "statusMessage", messages, "statusListIndex", `"5"`),
			statuslist.Status{Purpose: "message", Value: 2, Message: "read this"},
			nil,
		},
		{
			"message of a status not set", entry("statusPurpose", `"message"`, "statusSize", `2`, "statusMessage", messages, "statusListIndex", `"6"`),
			statuslist.Status{Purpose: "message", Message: "fine"},
			nil,
		},
		{"purpose the list has not", entry("statusPurpose", `"suspension"`), statuslist.Status{}, statuslist.ErrMismatch},
		{"purpose in other case", entry("statusPurpose", `"Revocation"`), statuslist.Status{}, statuslist.ErrMismatch},
		{"entry of the forerunner", entry("type", `"StatusList2021Entry"`), statuslist.Status{}, statuslist.ErrMismatch},
		{"unknown entry", `{"type":"Other"}`, statuslist.Status{}, statuslist.ErrMismatch},
		{"index at the length", entry("statusListIndex", fmt.Sprintf(`"%d"`, 1<<18)), statuslist.Status{}, statuslist.ErrRange},
		{"index that the size puts outside", entry("statusSize", `2`, "statusMessage", messages, "statusListIndex", fmt.Sprintf(`"%d"`, 1<<17)), statuslist.Status{}, statuslist.ErrRange},
		{"size that makes the list short", entry("statusSize", `4`, "statusMessage", sixteenMessages()), statuslist.Status{}, statuslist.ErrLength},
	}
	for _, test := range tests {
		entries, err := statuslist.ParseEntry(parse(t, test.entry))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		got, err := c.Status(entries[0])
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", test.name, got, err, test.want, test.err)
		}
	}

	c, err = parseList(t, listCredential(`"ttl":300000`, `"statusSize":2`))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := statuslist.ParseEntry(parse(t, entry()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(entries[0]); !errors.Is(err, statuslist.ErrMismatch) {
		t.Errorf("list of another entry size: got %v, want ErrMismatch", err)
	}
}

func sixteenMessages() string {
	var messages []string
	for i := range 16 {
		messages = append(messages, fmt.Sprintf(`{"status":"0x%x","message":"m"}`, i))
	}
	return "[" + strings.Join(messages, ",") + "]"
}

func TestCredential(t *testing.T) {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Set(7, true); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 1, 13, 0, 0, 999, time.FixedZone("", 3600))
	options := statuslist.Options{
		URL:       "https://badges.example.edu/status/a?b=1&c=2",
		Issuer:    json.RawMessage(`{"id": "did:web:badges.example.edu", "name": "Example <University>"}`),
		Purposes:  []string{statuslist.Revocation},
		ValidFrom: from, ValidUntil: from.Add(24 * time.Hour),
		TTL: 5 * time.Minute,
	}
	got, err := statuslist.Credential(list, options)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"` + options.URL + `",` +
		`"type":["VerifiableCredential","BitstringStatusListCredential"],` +
		`"issuer":{"id":"did:web:badges.example.edu","name":"Example <University>"},` +
		`"validFrom":"2026-03-01T12:00:00Z","validUntil":"2026-03-02T12:00:00Z",` +
		`"credentialSubject":{"id":"` + options.URL + `#list","type":"BitstringStatusList","statusPurpose":"revocation",` +
		`"ttl":300000,"encodedList":"` + list.Encode() + `"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again, err := statuslist.Credential(list, options)
	if err != nil || string(again) != string(got) {
		t.Errorf("the second time it differs: %v", err)
	}
	options.Purposes = []string{statuslist.Revocation, statuslist.Suspension}
	options.Issuer = json.RawMessage(`"did:web:badges.example.edu"`)
	options.TTL = 0
	got, err = statuslist.Credential(list, options)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseList(t, string(got))
	if err != nil {
		t.Fatal(err)
	}
	if c.Issuer != "did:web:badges.example.edu" || !cmp.Equal(c.Purposes, options.Purposes) || c.HasTTL || c.List.Encode() != list.Encode() {
		t.Errorf("got %s", got)
	}
}

func TestCredentialRefuses(t *testing.T) {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	good := statuslist.Options{
		URL: "https://badges.example.edu/status/a", Issuer: json.RawMessage(`"did:web:badges.example.edu"`),
		Purposes: []string{"revocation"}, ValidFrom: from, ValidUntil: from.Add(time.Hour),
	}
	for name, change := range map[string]func(*statuslist.Options){
		"no URL":                  func(o *statuslist.Options) { o.URL = "" },
		"relative URL":            func(o *statuslist.Options) { o.URL = "/status/a" },
		"no issuer":               func(o *statuslist.Options) { o.Issuer = nil },
		"issuer that is not JSON": func(o *statuslist.Options) { o.Issuer = json.RawMessage(`did:web:x`) },
		"issuer without id":       func(o *statuslist.Options) { o.Issuer = json.RawMessage(`{"name":"x"}`) },
		"issuer with id twice":    func(o *statuslist.Options) { o.Issuer = json.RawMessage(`{"id":"did:x:a","id":"did:x:b"}`) },
		"no purposes":             func(o *statuslist.Options) { o.Purposes = nil },
		"empty purpose":           func(o *statuslist.Options) { o.Purposes = []string{""} },
		"no start":                func(o *statuslist.Options) { o.ValidFrom = time.Time{} },
		"no end":                  func(o *statuslist.Options) { o.ValidUntil = time.Time{} },
		"end before the start":    func(o *statuslist.Options) { o.ValidUntil = from.Add(-time.Hour) },
		"end at the start":        func(o *statuslist.Options) { o.ValidUntil = from.Add(time.Millisecond) },
		"negative ttl":            func(o *statuslist.Options) { o.TTL = -time.Second },
	} {
		options := good
		change(&options)
		if got, err := statuslist.Credential(list, options); err == nil || got != nil {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if got, err := statuslist.Credential(nil, good); err == nil || got != nil {
		t.Errorf("no list: got %s", got)
	}
	if _, err := statuslist.Credential(list, good); err != nil {
		t.Errorf("good options: %v", err)
	}
}

func ExampleList() {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := list.Set(94567, true); err != nil {
		fmt.Println(err)
		return
	}
	decoded, err := statuslist.Decode(list.Encode())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(decoded.Get(94567))
	fmt.Println(decoded.Get(131_072))
	// Output:
	// true <nil>
	// false reading status: index outside the status list
}
