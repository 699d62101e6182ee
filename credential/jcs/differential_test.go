package jcs

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"laurel/credential/strictjson"
)

// plain is a canonicaliser after the text of RFC 8785, on encoding/json alone.
func plain(t testing.TB, dst *strings.Builder, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
		dst.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				dst.WriteByte(',')
			}
			plain(t, dst, name)
			dst.WriteByte(':')
			plain(t, dst, v[name])
		}
		dst.WriteByte('}')
	case []any:
		dst.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				dst.WriteByte(',')
			}
			plain(t, dst, element)
		}
		dst.WriteByte(']')
	case float64:
		dst.WriteString(plainNumber(v))
	case string:
		dst.WriteByte('"')
		for _, r := range v {
			dst.WriteString(plainRune(t, r))
		}
		dst.WriteByte('"')
	default: // null and booleans
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		dst.Write(text)
	}
}

// plainRune is the ECMAScript of a character in a string.
func plainRune(t testing.TB, r rune) string {
	switch {
	case r == '"' || r == '\\':
		return "\\" + string(r)
	case r >= 0x20:
		return string(r)
	}
	// In this form encoding/json has short escapes for the same five.
	text, err := json.Marshal(string(r))
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.Trim(text, `"`))
}

// plainNumber is Number::toString of ECMA-262, step by step: k digits, of which
// the decimal point stands behind the nth.
func plainNumber(f float64) string {
	if f == 0 {
		return "0"
	}
	if f < 0 {
		return "-" + plainNumber(-f)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	e, err := strconv.Atoi(exponent)
	if err != nil {
		panic(err)
	}
	k, n := len(digits), e+1
	switch {
	case k <= n && n <= 21:
		return digits + strings.Repeat("0", n-k)
	case 0 < n && n <= 21:
		return digits[:n] + "." + digits[n:]
	case -6 < n && n <= 0:
		return "0." + strings.Repeat("0", -n) + digits
	}
	sign := "+"
	if n-1 < 0 {
		sign = ""
	}
	if k > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	return digits + "e" + sign + strconv.Itoa(n-1)
}

// FuzzDifferential: the canonical form is the one that another implementation
// comes to.
func FuzzDifferential(f *testing.F) {
	for _, text := range []string{
		`{"b":[1.5,"\u00e9",null,true],"a":{"":0}}`, `{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"\r":4,"1":5}`, `[1e21,1e-7,0.000001,123456789012345680000,5e-324,-0,1E400]`,
		`[333333333.33333329,1e23,4.50,2e-3,9007199254740993]`, `"\u0000\u0008\u0009\u000a\u000b\u000c\u000d\u001f\u007f\u2028\/\"\\<>&"`, `[[],{},""]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		document, err := strictjson.Parse(text)
		if err != nil {
			return
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatalf("%s is read here, and there %v", text, err)
		}
		var want strings.Builder
		plain(t, &want, value)
		if got := Append(nil, document.Root()); string(got) != want.String() {
			t.Errorf("the form of %s is %s here and %s there", text, got, want.String())
		}
	})
}
