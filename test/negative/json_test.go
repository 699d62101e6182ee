package negative

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
)

// jsonFamily is what two readers of JSON could read in two ways.
func jsonFamily(c *corpus) {
	sibling, signed := everySuite[0].good(c)
	bad := func(name string, data []byte) { c.bad("json", name, sibling, data, usual()) }
	text := string(signed)
	with := func(name, old, replacement string) {
		if !strings.Contains(text, old) {
			c.Fatalf("the badge does not contain %s", old)
		}
		bad(name, []byte(strings.Replace(text, old, replacement, 1)))
	}
	for _, path := range leaves(decode(signed)) {
		name, ok := path[len(path)-1].(string)
		if !ok {
			continue
		}
		where := pointer(path)
		around := encode(at(decode(signed), path[:len(path)-1]...))
		if len(path) == 1 {
			around = signed
		}
		// A member of the same name at the other end of the object.
		more := func(what, member string, inFront bool) {
			with := append([]byte("{"+member+","), around[1:]...)
			if !inFront {
				with = append(append(around[:len(around)-1:len(around)-1], ","+member...), '}')
			}
			if !bytes.Contains(signed, around) {
				c.Fatalf("%s is not written as expected", where)
			}
			bad(where+" twice, "+what, bytes.Replace(signed, around, with, 1))
		}
		value := string(encode(at(decode(signed), path...)))
		more("the same", fmt.Sprintf("%q:%s", name, value), true)
		more("another", fmt.Sprintf(`%q:"Doctor"`, name), false)
		more("escaped", fmt.Sprintf(`"\u%04x%s":"Doctor"`, name[0], name[1:]), true)
		if name[0] != '@' {
			more("in capitals", fmt.Sprintf(`%q:"Doctor"`, strings.ToUpper(name)), false)
		}
		if strings.Contains(name, "s") {
			more("with a long s", fmt.Sprintf(`%q:"Doctor"`, strings.Replace(name, "s", "ſ", 1)), false)
		}
	}
	for i := 1; i < 40; i++ {
		bad(fmt.Sprintf("cut off after %d of 40 parts", i), signed[:len(signed)*i/40])
	}
	for name, rest := range map[string]string{
		"a brace": "}", "a bracket": "]", "a comma": ",", "null": "null", "another object": "{}", "itself": text, "itself on a line": "\n" + text, "a comment": "// note", "a block comment": "/* note */",
		"a zero byte": "\x00", "a no-break space": "\u00a0", "a form feed": "\f", "a vertical tab": "\v", "a byte order mark": "\ufeff", "a text": `"note"`, "a number": " 1", "a line separator": "\u2028",
	} {
		bad("followed by "+name, []byte(text+rest))
		bad("after "+name, []byte(rest+text))
	}
	for name, s := range map[string]string{
		"overlong slash": "\xc0\xaf", "a lone continuation": "\x80", "a surrogate in UTF-8": "\xed\xa0\x80", "beyond Unicode": "\xf4\x90\x80\x80", "half a letter": "\xc3", "Latin-1": "M\xfcller", "five bytes": "\xf8\x88\x80\x80\x80", "0xff": "\xff",
		"a lone high surrogate": `\ud800`, "a lone low surrogate": `\udc00`, "surrogates the wrong way round": `\udc00\ud800`, "half a pair": `\ud83dx`, "an unknown escape": `\x41`, "a capital escape": `\U0041`, "half an escape": `\u00`, "an escaped quote that is none": `\'`, "an octal escape": `\101`,
		"a tab": "\t", "a line break": "\n", "a carriage return": "\r", "a zero byte": "\x00", "an escape character": "\x1b", "an unescaped quote": `"`,
	} {
		with("in a value: "+name, `"Peer mentor"`, `"Peer mentor`+s+`"`)
		with("in a name: "+name, `"awardedDate"`, `"awardedDate`+s+`"`)
	}
	for _, number := range []string{"05", "+5", "5.", ".5", "5e", "5e+", "0x5", "5_0", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "--5", "5,0", "٥", "9007199254740993", "-9007199254740993", "1e-7", "123456789012345678901234567890", "5n", "5f", "1" + strings.Repeat("0", 400), "0." + strings.Repeat("3", 400), "-", "-0", "5.0000000000000001e0", "50e-1x"} {
		with(fmt.Sprintf("the number %.24s", number), `"creditsEarned":5`, `"creditsEarned":`+number)
	}
	for _, word := range []string{"True", "FALSE", "NULL", "undefined", "None", "nul", "truefalse", "'a'", "`a`", "a", ""} {
		with("the word "+word, `"creditsEarned":5`, `"creditsEarned":`+word)
	}
	for i := range strings.Count(text, "}") {
		bad(fmt.Sprintf("a comma before brace %d", i), replaceNth(text, "}", ",}", i))
		bad(fmt.Sprintf("no brace %d", i), replaceNth(text, "}", "", i))
	}
	for i := range strings.Count(text, "[") {
		bad(fmt.Sprintf("a comma after bracket %d", i), replaceNth(text, "[", "[,", i))
	}
	for _, depth := range []int{64, 65, 1000, 10_000, 400_000} {
		with(fmt.Sprintf("%d arrays", depth), `"creditsEarned":5`, `"creditsEarned":`+strings.Repeat("[", depth)+strings.Repeat("]", depth))
		bad(fmt.Sprintf("%d brackets", depth), []byte(strings.Repeat("[", depth)))
		bad(fmt.Sprintf("%d objects", depth), []byte(strings.Repeat(`{"a":`, depth/2)))
	}
	with("a name of 300 bytes", `"creditsEarned":5`, `"creditsEarned":5,"`+strings.Repeat("a", 300)+`":1`)
	with("a name of 100 KiB", `"creditsEarned":5`, `"creditsEarned":5,"`+strings.Repeat("a", 100<<10)+`":1`)
	with("200,000 elements", `"creditsEarned":5`, `"creditsEarned":[`+strings.Repeat("1,", 200_000)+`1]`)
	with("a megabyte of text", `"Peer mentor"`, `"`+strings.Repeat("a", 1<<20)+`"`)
	with("a megabyte of space", `"Peer mentor"`, strings.Repeat(" ", 1<<20)+`"Peer mentor"`)
	var wide bytes.Buffer
	for i := range 30_000 {
		fmt.Fprintf(&wide, `"name%d":1,`, i)
	}
	with("30,000 members", `"creditsEarned":5`, wide.String()+`"creditsEarned":5`)
	for name, data := range map[string][]byte{
		"nothing": nil, "space": []byte("  \n"), "null": []byte("null"), "true": []byte("true"), "a number": []byte("5"), "a text": []byte(`"badge"`), "an empty object": []byte("{}"), "an empty array": []byte("[]"), "an array of the badge": []byte("[" + text + "]"), "a text of the badge": encode(text),
		"UTF-16": inUTF16(text, false), "UTF-16 the other way": inUTF16(text, true), "gzip": []byte("\x1f\x8b\x08\x00"), "HTML": []byte("<!DOCTYPE html><html></html>"), "PDF": []byte("%PDF-1.7"), "ZIP": []byte("PK\x03\x04"), "YAML": []byte("issuer: x\n"), "single quotes": []byte(strings.ReplaceAll(text, `"`, `'`)),
	} {
		bad(name, data)
	}
}

func replaceNth(s, old, replacement string, n int) []byte {
	at := -1
	for range n + 1 {
		at += 1 + strings.Index(s[at+1:], old)
	}
	return []byte(s[:at] + replacement + s[at+len(old):])
}

func inUTF16(text string, bigEndian bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}
