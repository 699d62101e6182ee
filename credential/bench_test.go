package credential

import (
	"fmt"
	"strings"
	"testing"

	"laurel/internal/testdata"
)

func BenchmarkParseAndValidate(b *testing.B) {
	data := testdata.Read(b, "openbadges", "derived", "examples", "fullOpenBadge.json")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := Parse(data)
		if err != nil || len(Errors(c.Validate())) > 0 {
			b.Fatal(err)
		}
	}
}

// BenchmarkHostile validates a megabyte of faults.
func BenchmarkHostile(b *testing.B) {
	for name, part := range map[string]string{
		"jws":          `"source":{"endorsementJwt":[` + strings.Repeat(`"",`, 300_000) + `""]}`,
		"endorsements": `"source":{"endorsement":[` + strings.Repeat(`{},`, 300_000) + `{}]}`,
		"results":      `"result":[` + strings.Repeat(`{"achievedLevel":"x"},`, 40_000) + `{}]`,
		"members":      `"x":{` + members(60_000) + `}`,
	} {
		data := []byte(strings.Replace(badge, `"type": ["AchievementSubject"]`, part, 1))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, err := Parse(data)
				if err != nil {
					b.Fatal(err)
				}
				if got := len(c.Validate()); got == 0 || got > MaxViolations {
					b.Fatal(got)
				}
				c.Endorsements()
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
