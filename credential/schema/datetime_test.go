package schema

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDateTimeStampRefuses(t *testing.T) {
	for _, text := range []string{
		"", "T", "Z", "2024-03-01", "2024-03-01T", "2024-03-01T09:30Z", "2024-03-01T09:30:00z", "2024-03-01t09:30:00Z", "2024-03-01 09:30:00Z",
		"2024-3-1T09:30:00Z", "024-03-01T09:30:00Z", "02024-03-01T09:30:00Z", "+2024-03-01T09:30:00Z", "--2024-03-01T09:30:00Z",
		"2024-00-01T09:30:00Z", "2024-13-01T09:30:00Z", "2024-03-00T09:30:00Z", "2024-04-31T09:30:00Z", "2023-02-29T09:30:00Z", "1900-02-29T09:30:00Z",
		"2024-03-01T24:00:01Z", "2024-03-01T24:00:00.001Z", "2024-03-01T25:00:00Z", "2024-03-01T09:60:00Z", "2024-03-01T23:59:60Z",
		"2024-03-01T09:30:00.Z", "2024-03-01T09:30:00,5Z", "2024-03-01T09:30:00.5.5Z", "2024-03-01T09:30:00.-5Z",
		"2024-03-01T09:30:00+14:01", "2024-03-01T09:30:00+15:00", "2024-03-01T09:30:00+01:60", "2024-03-01T09:30:00+0100", "2024-03-01T09:30:00+1:00",
		"2024-03-01T09:30:00+01:00Z", "2024-03-01T09:30:00ZZ", " 2024-03-01T09:30:00Z", "2024-03-01T09:30:00Z ", "2024-03-01T09:30:00\u00a0Z",
		"1000000-03-01T09:30:00Z", "99999999999999999999-03-01T09:30:00Z", "٢٠٢٤-03-01T09:30:00Z", "2024-03-01T-9:30:00Z", "2024-03-01T09:3+:00Z",
	} {
		if got, _, err := ParseDateTimeStamp(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestParseDateTimeStamp(t *testing.T) {
	tests := []struct {
		text    string
		want    time.Time
		zoned   bool
		rfc3339 bool
	}{
		{"2024-03-01T09:30:00Z", time.Date(2024, 3, 1, 9, 30, 0, 0, time.UTC), true, true},
		{"2024-03-01T09:30:00", time.Date(2024, 3, 1, 9, 30, 0, 0, time.UTC), false, true},
		{"2024-02-29T23:00:00-01:30", time.Date(2024, 3, 1, 0, 30, 0, 0, time.UTC), true, true},
		{"2024-03-01T09:30:00+14:00", time.Date(2024, 2, 29, 19, 30, 0, 0, time.UTC), true, true},
		{"2024-03-01T09:30:00-00:00", time.Date(2024, 3, 1, 9, 30, 0, 0, time.UTC), true, true},
		{"2024-03-01T09:30:00.1234567899Z", time.Date(2024, 3, 1, 9, 30, 0, 123456789, time.UTC), true, true},
		{"2024-12-31T24:00:00Z", time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), true, false},
		{"2024-12-31T24:00:00.000Z", time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), true, false},
		{"12024-03-01T09:30:00Z", time.Date(12024, 3, 1, 9, 30, 0, 0, time.UTC), true, false},
		{"-0044-03-15T12:00:00Z", time.Date(-44, 3, 15, 12, 0, 0, 0, time.UTC), true, false},
		{"2000-02-29T00:00:00Z", time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC), true, true},
	}
	for _, test := range tests {
		got, zoned, err := ParseDateTimeStamp(test.text)
		if err != nil || !got.Equal(test.want) || zoned != test.zoned {
			t.Errorf("%s is read as %v, zoned %t, %v", test.text, got, zoned, err)
		}
		if isRFC3339(test.text) != test.rfc3339 {
			t.Errorf("isRFC3339(%s) = %t", test.text, !test.rfc3339)
		}
	}
}

// TestDateTimeAgainstTime: on the ground that both share, package time agrees.
func TestDateTimeAgainstTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])`).Draw(t, "text")
		want, errTime := time.Parse(time.RFC3339Nano, text)
		got, _, err := ParseDateTimeStamp(text)
		if (err == nil) != (errTime == nil) && text[11:13] != "24" {
			t.Fatalf("%s: %v, package time: %v", text, err, errTime)
		}
		if errTime == nil && !got.Equal(want) {
			t.Fatalf("%s: %v, package time: %v", text, got, want)
		}
	})
}

func FuzzParseDateTimeStamp(f *testing.F) {
	f.Add("2024-03-01T09:30:00.5+01:00")
	f.Add("-12024-12-31T24:00:00")
	f.Fuzz(func(t *testing.T, text string) {
		got, _, err := ParseDateTimeStamp(text)
		if err != nil && !got.IsZero() {
			t.Errorf("%q: an error and a time", text)
		}
	})
}
