package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"laurel/internal/testdata"
)

// dayAlone finds the two dates without a time of day in the project's badge for
// figures, which Open Badges does not allow.
var dayAlone = regexp.MustCompile(`("activity[A-Za-z]+":"[0-9-]+)"`)

// benchCredentials are the badge that all of the project's figures are about, as
// it is, with two faults, and without them.
func benchCredentials(t testing.TB) (faulty, sound document) {
	t.Helper()
	var minified bytes.Buffer
	if err := json.Compact(&minified, testdata.Read(t, "bench", "credential.json")); err != nil {
		t.Fatal(err)
	}
	corrected := dayAlone.ReplaceAll(minified.Bytes(), []byte(`${1}T00:00:00Z"`))
	return mustRead(t, minified.Bytes()), mustRead(t, corrected)
}

func BenchmarkValidate(b *testing.B) {
	faulty, sound := benchCredentials(b)
	b.Run("sound", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if violations := sound.validate(); len(violations) > 0 {
				b.Fatal(violations)
			}
		}
	})
	b.Run("two faults", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if violations := faulty.validate(); len(violations) != 2 {
				b.Fatal(violations)
			}
		}
	})
}

// TestValidateAllocates holds the promise that nothing of a badge without faults
// is copied: the validator itself is all that is made.
func TestValidateAllocates(t *testing.T) {
	_, sound := benchCredentials(t)
	if got := testing.AllocsPerRun(100, func() { sound.validate() }); got > 1 {
		t.Errorf("%v allocations, want at most 1", got)
	}
}

// badge is a small badge whose subject the hostile parts below go into.
const badge = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"https://badges.example.org/1","type":["VerifiableCredential","OpenBadgeCredential"],"credentialSubject":{"type":["AchievementSubject"]}}`

// BenchmarkHostile validates a megabyte of faults.
func BenchmarkHostile(b *testing.B) {
	for name, part := range map[string]string{
		"jws":          `"source":{"endorsementJwt":[` + strings.Repeat(`"",`, 300_000) + `""]}`,
		"endorsements": `"source":{"endorsement":[` + strings.Repeat(`{},`, 300_000) + `{}]}`,
		"results":      `"result":[` + strings.Repeat(`{"achievedLevel":"x"},`, 40_000) + `{}]`,
		"members":      `"x":{` + members(60_000) + `}`,
	} {
		data := []byte(strings.Replace(badge, `"type":["AchievementSubject"]`, part, 1))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if got := len(mustRead(b, data).validate()); got == 0 || got > MaxViolations {
					b.Fatal(got)
				}
			}
		})
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":null,`, i)
	}
	return b.String() + `"id":1`
}
