package credential

import (
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
