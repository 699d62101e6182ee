package issuer

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func decimal(n int) string { return strconv.Itoa(n) }

// plainText reports whether a text is 1 to most characters of one line, not all
// of them invisible.
func plainText(text string, most int) bool {
	return strings.ContainsFunc(text, visible) && utf8.ValidString(text) && utf8.RuneCountInString(text) <= most &&
		!strings.ContainsFunc(text, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
		})
}

func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

// normalizeEmail trims an e-mail address and puts it in lower case: the form
// that is hashed, and by which one person's badges are found. What is not
// local@domain, or is longer than 254 bytes (RFC 5321 section 4.5.3.1.3), is "".
// Mailboxes that differ only in case are not told apart, as nowhere in practice.
func normalizeEmail(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	local, domain, ok := cutLast(address, '@')
	bad := func(r rune) bool {
		return !visible(r) || strings.ContainsRune(`<>,;:\"()[]`, r)
	}
	switch {
	case !ok, local == "", len(local) > 64, domain == "", len(address) > 254, !utf8.ValidString(address),
		strings.ContainsFunc(address, bad), strings.Contains(local, "@"),
		strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."), strings.Contains(domain, ".."):
		return ""
	}
	return address
}

func cutLast(text string, separator byte) (before, after string, found bool) {
	i := strings.LastIndexByte(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// normalizeName trims a name and reduces its spaces to single ones; case stays.
func normalizeName(name string) string { return strings.Join(strings.Fields(name), " ") }

// slugged reports whether a text is 1 to most of a-z, 0-9, "-" and "_".
func slugged(text string, most int) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return text != "" && len(text) <= most
}
