package strictjson

import (
	"bytes"
	"unicode/utf8"
)

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (unit rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		var digit byte
		switch {
		case c >= '0' && c <= '9':
			digit = c - '0'
		case c >= 'a' && c <= 'f':
			digit = c - 'a' + 10
		case c >= 'A' && c <= 'F':
			digit = c - 'A' + 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, true
}

// appendUnescaped appends the text of a string's raw bytes, whose escapes the
// parser has checked.
func appendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			plain := bytes.IndexByte(raw[i:], '\\')
			if plain < 0 {
				plain = len(raw) - i
			}
			dst = append(dst, raw[i:i+plain]...)
			i += plain
			continue
		}
		i += 2
		switch c := raw[i-1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			unit, _ := hex4(raw[i:])
			i += 4
			if unit >= 0xD800 && unit < 0xDC00 {
				low, _ := hex4(raw[i+2:])
				i += 6
				unit = (unit-0xD800)<<10 + (low - 0xDC00) + 0x10000
			}
			dst = utf8.AppendRune(dst, unit)
		default: // a quote, a backslash, a slash
			dst = append(dst, c)
		}
	}
	return dst
}

// fewMembers is the size up to which comparing all pairs of names beats a map.
const fewMembers = 16

// duplicate returns the index of a name that stands a second time in the
// object at index at, or -1.
func (d *Document) duplicate(at int32) int32 {
	count := d.nodes[at].shape.count()
	if count > fewMembers {
		return d.duplicateOfMany(at)
	}
	var names [fewMembers]int32
	i := at + 1
	for k := range count {
		for _, earlier := range names[:k] {
			if d.sameText(earlier, i) {
				return i
			}
		}
		names[k] = i
		i = d.nodes[i+1].next
	}
	return -1
}

func (d *Document) duplicateOfMany(at int32) int32 {
	seen := make(map[string]struct{}, d.nodes[at].shape.count())
	i := at + 1
	for range d.nodes[at].shape.count() {
		name := Value{d, i}.Text()
		if _, twice := seen[name]; twice {
			return i
		}
		seen[name] = struct{}{}
		i = d.nodes[i+1].next
	}
	return -1
}

func (d *Document) sameText(i, j int32) bool {
	a, b := &d.nodes[i], &d.nodes[j]
	if (a.shape|b.shape)&escapedIs == 0 {
		if a.end-a.start != b.end-b.start || d.data[a.start+1] != d.data[b.start+1] {
			return false // for most names; the first byte may be the last quote
		}
		return string(d.data[a.start+1:a.end-1]) == string(d.data[b.start+1:b.end-1])
	}
	return Value{d, i}.Text() == Value{d, j}.Text()
}
