package statuslist_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// parse reads a credential with that credentialStatus.
func parse(tb testing.TB, status string) strictjson.Value {
	tb.Helper()
	document, err := strictjson.Parse([]byte(`{"credentialStatus":` + status + `}`))
	if err != nil {
		tb.Fatal(err)
	}
	return document.Root().Get("credentialStatus")
}

// entry is a good entry with some members replaced, or left out where the
// value is empty.
func entry(members ...string) string {
	names := []string{"type", "statusPurpose", "statusListIndex", "statusListCredential"}
	values := map[string]string{
		"type":                 `"BitstringStatusListEntry"`,
		"statusPurpose":        `"revocation"`,
		"statusListIndex":      `"94567"`,
		"statusListCredential": `"https://example.com/status/3"`,
	}
	for i := 0; i < len(members); i += 2 {
		if _, known := values[members[i]]; !known {
			names = append(names, members[i])
		}
		values[members[i]] = members[i+1]
	}
	var parts []string
	for _, name := range names {
		if values[name] != "" {
			parts = append(parts, `"`+name+`":`+values[name])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestParseEntryRefuses(t *testing.T) {
	tests := []struct {
		name, status, path string
	}{
		{"null", `null`, ""},
		{"string", `"https://example.com/status/3"`, ""},
		{"number", `0`, ""},
		{"empty array", `[]`, ""},
		{"array of null", `[null]`, "/0"},
		{"nested array", `[[` + entry() + `]]`, "/0"},
		{"bad entry after a good one", `[` + entry() + `,` + entry("statusPurpose", "") + `]`, "/1/statusPurpose"},
		{"empty object", `{}`, "/type"},
		{"no type", entry("type", ""), "/type"},
		{"type null", entry("type", `null`), "/type"},
		{"type of a number", entry("type", `3`), "/type"},
		{"no types", entry("type", `[]`), "/type"},
		{"empty type", entry("type", `""`), "/type"},
		{"two known types", entry("type", `["BitstringStatusListEntry","StatusList2021Entry"]`), "/type"},
		{"no purpose", entry("statusPurpose", ""), "/statusPurpose"},
		{"empty purpose", entry("statusPurpose", `""`), "/statusPurpose"},
		{"several purposes", entry("statusPurpose", `["revocation","suspension"]`), "/statusPurpose"},
		{"no list", entry("statusListCredential", ""), "/statusListCredential"},
		{"relative list", entry("statusListCredential", `"/status/3"`), "/statusListCredential"},
		{"list that is no URL", entry("statusListCredential", `"http://[::1"`), "/statusListCredential"},
		{"list with a space", entry("statusListCredential", `"https://example.com/a b"`), "/statusListCredential"},
		{"list of an object", entry("statusListCredential", `{"id":"https://example.com/status/3"}`), "/statusListCredential"},
		{"two lists", entry("statusListCredential", `["https://example.com/1","https://example.com/2"]`), "/statusListCredential"},
		{"id of the list", entry("id", `"https://example.com/status/3"`), "/id"},
		{"id null", entry("id", `null`), "/id"},
		{"relative id", entry("id", `"#1"`), "/id"},
		{"no index", entry("statusListIndex", ""), "/statusListIndex"},
		{"index null", entry("statusListIndex", `null`), "/statusListIndex"},
		{"index true", entry("statusListIndex", `true`), "/statusListIndex"},
		{"index array", entry("statusListIndex", `["1"]`), "/statusListIndex"},
		{"size 0", entry("statusSize", `0`), "/statusSize"},
		{"size -1", entry("statusSize", `-1`), "/statusSize"},
		{"size 1.5", entry("statusSize", `1.5`), "/statusSize"},
		{"size 1e0", entry("statusSize", `1e0`), "/statusSize"},
		{"size of a string", entry("statusSize", `"1"`), "/statusSize"},
		{"size null", entry("statusSize", `null`), "/statusSize"},
		{"size 65", entry("statusSize", `65`), "/statusSize"},
		{"size beyond int", entry("statusSize", `900719925474099`), "/statusSize"},
		{"size 2 without messages", entry("statusSize", `2`), "/statusMessage"},
		{"size 2 with two messages", entry("statusSize", `2`, "statusMessage", `[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"}]`), "/statusMessage"},
		{"size 64 with one message", entry("statusSize", `64`, "statusMessage", `[{"status":"0x0","message":"a"}]`), "/statusMessage"},
		{"messages of an object", entry("statusMessage", `{"status":"0x0","message":"a"}`), "/statusMessage"},
		{"message of a string", entry("statusMessage", `["a"]`), "/statusMessage/0/status"},
		{"message without text", entry("statusMessage", `[{"status":"0x0"}]`), "/statusMessage/0/message"},
		{"message without 0x", entry("statusMessage", `[{"status":"0","message":"a"}]`), "/statusMessage/0/status"},
		{"message of no digits", entry("statusMessage", `[{"status":"0x","message":"a"}]`), "/statusMessage/0/status"},
		{"message beyond the size", entry("statusMessage", `[{"status":"0x2","message":"a"}]`), "/statusMessage/0/status"},
		{"two messages for a value", entry("statusMessage", `[{"status":"0x0","message":"a"},{"status":"0x00","message":"b"}]`), "/statusMessage/1/status"},
		{"reference that is no URL", entry("statusReference", `["https://example.com/","x"]`), "/statusReference/1"},
		{"1EdTech list without id", `{"type":"1EdTechRevocationList"}`, "/id"},
		{"unknown type with a relative id", `{"type":"OtherStatus","id":"x"}`, "/id"},
	}
	for _, index := range []string{
		`""`, `"-1"`, `"+1"`, `"-0"`, `"abc"`, `"1e3"`, `"07"`, `"00"`, `" 5"`, `"5 "`, `"5\n"`, `"1.0"`,
		`"0x10"`, `"1_0"`, `"١"`, `"null"`, `-1`, `-0`, `1.0`, `1.5`, `1e3`, `{}`,
	} {
		tests = append(tests, struct{ name, status, path string }{"index " + index, entry("statusListIndex", index), "/statusListIndex"})
	}
	for _, test := range tests {
		entries, err := statuslist.ParseEntry(parse(t, test.status))
		var malformed *statuslist.MalformedError
		if !errors.As(err, &malformed) || !errors.Is(err, statuslist.ErrMalformed) || entries != nil {
			t.Errorf("%s: got %v, %v; want a MalformedError", test.name, entries, err)
			continue
		}
		if want := "/credentialStatus" + test.path; malformed.Path != want {
			t.Errorf("%s: at %s, want %s", test.name, malformed.Path, want)
		}
	}
	for _, index := range []string{
		`"67108864"`, `"2147483648"`, `"9223372036854775807"`, `"9223372036854775808"`,
		`"18446744073709551616"`, `67108864`, `2147483648`, `"` + strings.Repeat("9", 400) + `"`,
	} {
		entries, err := statuslist.ParseEntry(parse(t, entry("statusListIndex", index)))
		if !errors.Is(err, statuslist.ErrRange) || entries != nil {
			t.Errorf("index %.30s: got %v, %v; want ErrRange", index, entries, err)
		}
	}
}

func TestParseEntry(t *testing.T) {
	good := statuslist.Entry{
		Kind: statuslist.Bitstring, Types: []string{"BitstringStatusListEntry"}, StatusPurpose: "revocation",
		StatusListIndex: 94567, StatusListCredential: "https://example.com/status/3", StatusSize: 1,
	}
	with := func(change func(*statuslist.Entry)) []statuslist.Entry {
		e := good
		change(&e)
		return []statuslist.Entry{e}
	}
	tests := []struct {
		name, status string
		want         []statuslist.Entry
	}{
		{"object", entry(), []statuslist.Entry{good}},
		{"array of one", "[" + entry() + "]", []statuslist.Entry{good}},
		{"two purposes", "[" + entry() + "," + entry("statusPurpose", `"suspension"`) + "]", append([]statuslist.Entry{good},
			with(func(e *statuslist.Entry) { e.StatusPurpose = "suspension" })...)},
		{"index 0", entry("statusListIndex", `"0"`), with(func(e *statuslist.Entry) { e.StatusListIndex = 0 })},
		{"last index", entry("statusListIndex", `"67108863"`), with(func(e *statuslist.Entry) { e.StatusListIndex = 1<<26 - 1 })},
		{"index of an integer", entry("statusListIndex", `23`), with(func(e *statuslist.Entry) { e.StatusListIndex = 23 })},
		{"index with escapes", entry("statusListIndex", `"\u0032\u0033"`), with(func(e *statuslist.Entry) { e.StatusListIndex = 23 })},
		{"id", entry("id", `"https://example.com/status/3#94567"`), with(func(e *statuslist.Entry) { e.ID = "https://example.com/status/3#94567" })},
		{"several types", entry("type", `["Other","BitstringStatusListEntry"]`), with(func(e *statuslist.Entry) {
			e.Types = []string{"Other", "BitstringStatusListEntry"}
		})},
		{"unknown purpose", entry("statusPurpose", `"mood"`), with(func(e *statuslist.Entry) { e.StatusPurpose = "mood" })},
		{
			"messages", entry("statusSize", `2`, "statusPurpose", `"message"`, "statusMessage",
				`[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"},{"status":"0x2","message":"c"},{"status":"0x3","message":"d"}]`),
			with(func(e *statuslist.Entry) {
				e.StatusPurpose, e.StatusSize = "message", 2
				e.StatusMessages = []statuslist.StatusMessage{{Status: 0, Message: "a"}, {Status: 1, Message: "b"}, {Status: 2, Message: "c"}, {Status: 3, Message: "d"}}
			}),
		},
		{"reference", entry("statusReference", `"https://example.com/why"`), with(func(e *statuslist.Entry) {
			e.StatusReference = []string{"https://example.com/why"}
		})},
		{"StatusList2021", entry("type", `"StatusList2021Entry"`), with(func(e *statuslist.Entry) {
			e.Kind, e.Types = statuslist.StatusList2021, []string{"StatusList2021Entry"}
		})},
		{"1EdTech list", `{"type":"1EdTechRevocationList","id":"https://example.com/revocations"}`, []statuslist.Entry{{
			Kind: statuslist.RevocationList, Types: []string{"1EdTechRevocationList"}, ID: "https://example.com/revocations", StatusSize: 1,
		}}},
		{"unknown type", `{"type":["OtherStatus","More"],"id":"urn:x","statusListIndex":-1}`, []statuslist.Entry{{
			Types: []string{"OtherStatus", "More"}, ID: "urn:x", StatusSize: 1,
		}}},
	}
	for _, test := range tests {
		v := parse(t, test.status)
		got, err := statuslist.ParseEntry(v)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(statuslist.Entry{}, "Value")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		i := 0
		for one := range v.OneOrMany() {
			if string(got[i].Value.Raw()) != string(one.Raw()) {
				t.Errorf("%s: entry %d has another Value", test.name, i)
			}
			i++
		}
	}
	if entries, err := statuslist.ParseEntry(strictjson.Value{}); entries != nil || err != nil {
		t.Errorf("no credentialStatus: %v, %v", entries, err)
	}
}

// TestOpenBadgesVectors reads the revoked credentials of the public validator,
// their list among them.
func TestOpenBadgesVectors(t *testing.T) {
	folder := []string{"openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources", "ob30", "bit-string-list"}
	read := func(name string) strictjson.Value {
		document, err := strictjson.Parse(testdata.Read(t, append(folder[:len(folder):len(folder)], name)...))
		if err != nil {
			t.Fatal(err)
		}
		return document.Root()
	}
	list, err := statuslist.ParseListCredential(read("testlist"))
	if err != nil {
		t.Fatal(err)
	}
	if list.Issuer != "https://1edtech.edu/issuers/565049" || !cmp.Equal(list.Purposes, []string{"revocation"}) {
		t.Errorf("issuer %s, purposes %v", list.Issuer, list.Purposes)
	}
	for _, name := range []string{"credential-status-revoked.json", "credential-status-revoked-blank-nodes.json"} {
		entries, err := statuslist.ParseEntry(read(name).Get("credentialStatus"))
		if err != nil || len(entries) != 1 {
			t.Fatalf("%s: %v, %v", name, entries, err)
		}
		status, err := list.Status(entries[0])
		if err != nil || !status.Set() || status.Purpose != statuslist.Revocation {
			t.Errorf("%s: %+v, %v; want revoked", name, status, err)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(entry()))
	f.Add([]byte("[" + entry("statusListIndex", "7") + `,{"type":"1EdTechRevocationList","id":"urn:x"}]`))
	f.Add([]byte(entry("statusSize", "1", "statusMessage", `[{"status":"0x0","message":"a"}]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		entries, err := statuslist.ParseEntry(document.Root())
		if err != nil {
			if entries != nil || !errors.Is(err, statuslist.ErrMalformed) && !errors.Is(err, statuslist.ErrRange) {
				t.Fatalf("%v, %v", entries, err)
			}
			return
		}
		if len(entries) == 0 {
			t.Fatal("no entries and no error")
		}
		for _, e := range entries {
			if e.Kind != statuslist.Bitstring && e.Kind != statuslist.StatusList2021 {
				continue
			}
			if e.StatusListIndex < 0 || e.StatusListIndex >= statuslist.MaximumLength || e.StatusSize < 1 ||
				e.StatusPurpose == "" || e.StatusListCredential == "" || e.StatusListCredential == e.ID {
				t.Fatalf("%+v", e)
			}
		}
	})
}
