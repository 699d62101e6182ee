package schema

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrDateTime is returned for text that is no xsd:dateTime.
var ErrDateTime = errors.New("not a date and time as in 2024-03-01T09:30:00Z")

// maxYear bounds years so that every accepted moment fits a time.Time.
const maxYear = 999_999

// ParseDateTimeStamp reads an xsd:dateTimeStamp (XML Schema 1.1 Part 2
// §3.4.28): years of four or more digits, fractions of any length (cut at
// nanoseconds), 24:00:00, offsets up to 14:00, and only real calendar dates.
// Text without a zone is read as UTC, as VC Data Model 2.0 §4.9 tells
// verifiers, and zoned is false. The only error is ErrDateTime.
func ParseDateTimeStamp(text string) (t time.Time, zoned bool, err error) {
	if t, ok := parseUsual(text); ok {
		return t, true, nil
	}
	date, clock, ok := strings.Cut(text, "T")
	if !ok {
		return time.Time{}, false, ErrDateTime
	}
	year, month, day, ok := parseDate(date)
	if !ok {
		return time.Time{}, false, ErrDateTime
	}
	clock, offset, zoned, ok := cutZone(clock)
	if !ok {
		return time.Time{}, false, ErrDateTime
	}
	hour, minute, second, nanos, ok := parseClock(clock)
	if !ok {
		return time.Time{}, false, ErrDateTime
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	return t.Add(-offset), zoned, nil
}

// parseUsual reads the form that almost every date has: 2024-03-01T09:30:00Z of
// any year of four digits and the first 28 days of any month. It takes nothing that the long way would not read alike.
func parseUsual(text string) (t time.Time, ok bool) {
	const form = "0000-00-00T00:00:00Z"
	if len(text) != len(form) {
		return time.Time{}, false
	}
	for i := range len(form) {
		if c := text[i]; form[i] == '0' && c-'0' > 9 || form[i] != '0' && c != form[i] {
			return time.Time{}, false
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	month, day, hour, minute, second := two(5), two(8), two(11), two(14), two(17)
	if month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return time.Date(two(0)*100+two(2), time.Month(month), day, hour, minute, second, 0, time.UTC), true
}

// parseDate reads -?YYYY+-MM-DD and checks that the day exists.
func parseDate(text string) (year, month, day int, ok bool) {
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	if len(text) < len("2006-01-02") {
		return 0, 0, 0, false
	}
	split := len(text) - len("-01-02")
	digits, rest := text[:split], text[split:]
	if len(digits) > 4 && digits[0] == '0' || rest[0] != '-' || rest[3] != '-' {
		return 0, 0, 0, false
	}
	year, ok = parseDigits(digits)
	if !ok || year > maxYear {
		return 0, 0, 0, false
	}
	if negative {
		year = -year
	}
	month, okMonth := parseDigits(rest[1:3])
	day, okDay := parseDigits(rest[4:6])
	if !okMonth || !okDay || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, 0, 0, false
	}
	return year, month, day, true
}

// isDate reports whether text is YYYY-MM-DD and a real day (RFC 3339
// full-date).
func isDate(text string) bool {
	_, _, _, ok := parseDate(text)
	return ok && len(text) == len("2006-01-02")
}

// isRFC3339 reports whether an xsd:dateTimeStamp is a date-time of RFC 3339
// too, which knows neither 24:00:00 nor years of other than four digits.
func isRFC3339(text string) bool {
	return len(text) > 13 && text[4] == '-' && text[0] != '-' && text[11:13] != "24"
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// parseClock reads hh:mm:ss(.f+)?.
func parseClock(text string) (hour, minute, second, nanos int, ok bool) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, 0, 0, 0, false
	}
	hour, okHour := parseDigits(text[0:2])
	minute, okMinute := parseDigits(text[3:5])
	second, okSecond := parseDigits(text[6:8])
	if !okHour || !okMinute || !okSecond || minute > 59 || second > 59 {
		return 0, 0, 0, 0, false
	}
	fraction := false
	if text = text[8:]; text != "" {
		digits, isFraction := strings.CutPrefix(text, ".")
		if !isFraction || digits == "" || strings.Trim(digits, "0123456789") != "" {
			return 0, 0, 0, 0, false
		}
		fraction = strings.Trim(digits, "0") != ""
		nanos, _ = parseDigits((digits + "000000000")[:9])
	}
	midnight := hour == 24 && minute == 0 && second == 0 && !fraction
	return hour, minute, second, nanos, hour <= 23 || midnight
}

// cutZone splits the zone off: Z, ±hh:mm up to 14:00, or none.
func cutZone(text string) (clock string, offset time.Duration, zoned, ok bool) {
	if clock, found := strings.CutSuffix(text, "Z"); found {
		return clock, 0, true, true
	}
	at := strings.LastIndexAny(text, "+-")
	if at < 0 {
		return text, 0, false, true
	}
	zone := text[at+1:]
	if len(zone) != 5 || zone[2] != ':' {
		return "", 0, false, false
	}
	hours, okHours := parseDigits(zone[:2])
	minutes, okMinutes := parseDigits(zone[3:])
	if !okHours || !okMinutes || minutes > 59 || hours*60+minutes > 14*60 {
		return "", 0, false, false
	}
	offset = time.Duration(hours*60+minutes) * time.Minute
	if text[at] == '-' {
		offset = -offset
	}
	return text[:at], offset, true, true
}

// parseDigits reads a short run of decimal digits and nothing else.
func parseDigits(text string) (int, bool) {
	if text == "" || len(text) > 9 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
