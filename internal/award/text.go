package award

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	uencoding "golang.org/x/text/encoding/unicode"
)

// Names of encodings that are found out by looking.
const (
	utf8Name        = "UTF-8"
	utf16LEName     = "UTF-16LE"
	utf16BEName     = "UTF-16BE"
	windows1252Name = "Windows-1252"
)

// text is the contents of a text file as UTF-8. Bytes that mean nothing in its
// encoding are invalid bytes or U+FFFD in it.
type text struct {
	data     []byte
	encoding string
	// guessed is set where nothing but the bytes speaks for an encoding in
	// which any bytes make sense.
	guessed bool
}

// readText decodes a file in the encoding of that name, or in the one that it
// seems to be in. The error is a *fileError.
func readText(data []byte, name string) (text, error) {
	if name != "" {
		return readNamed(data, name)
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return text{}, fileFault("encoding_unknown")
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return text{data: data[3:], encoding: utf8Name}, notText(data)
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return readUTF16(data[2:], uencoding.LittleEndian), nil
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return readUTF16(data[2:], uencoding.BigEndian), nil
	}
	if order, ok := utf16Order(data); ok {
		return readUTF16(data, order), nil
	}
	if err := notText(data); err != nil || likelyUTF8(data) {
		return text{data: data, encoding: utf8Name}, err
	}
	return text{data: decoded(data, charmap.Windows1252), encoding: windows1252Name, guessed: true}, nil
}

// readNamed decodes a file in an encoding that somebody has named, by one of
// the names of the Encoding Standard.
func readNamed(data []byte, name string) (text, error) {
	switch canonical := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), "_", "-")); canonical {
	case "utf-8", "utf8":
		return text{data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), encoding: utf8Name}, notText(data)
	case "utf-16", "utf-16le":
		return readUTF16(bytes.TrimPrefix(data, []byte("\xff\xfe")), uencoding.LittleEndian), nil
	case "utf-16be":
		return readUTF16(bytes.TrimPrefix(data, []byte("\xfe\xff")), uencoding.BigEndian), nil
	default:
		named, err := htmlindex.Get(canonical)
		if err != nil || named == encoding.Replacement {
			return text{}, fileFault("encoding_unknown")
		}
		if canonical, err = htmlindex.Name(named); err != nil {
			return text{}, fileFault("encoding_unknown")
		}
		if canonical == "windows-1252" {
			canonical = windows1252Name
		}
		return text{data: decoded(data, named), encoding: canonical}, notText(data)
	}
}

// notText is the fault of a file that is none of text: in no encoding but those
// of two bytes a character does a text have a zero byte.
func notText(data []byte) error {
	if bytes.IndexByte(data, 0) >= 0 {
		return fileFault("format_unknown")
	}
	return nil
}

func readUTF16(data []byte, order uencoding.Endianness) text {
	name := utf16LEName
	if order == uencoding.BigEndian {
		name = utf16BEName
	}
	return text{data: decoded(data, uencoding.UTF16(order, uencoding.IgnoreBOM)), encoding: name}
}

// decoded turns what cannot be decoded into U+FFFD.
func decoded(data []byte, from encoding.Encoding) []byte {
	out, err := from.NewDecoder().Bytes(data)
	if err != nil { // these decoders return none
		return []byte(string(utf8.RuneError))
	}
	return out
}

// utf16Order recognises UTF-16 without a byte order mark by the zero bytes of
// its separators and line ends.
func utf16Order(data []byte) (uencoding.Endianness, bool) {
	sample := data[:min(len(data), 4096)]
	var zeros [2]int
	for i, b := range sample {
		if b == 0 {
			zeros[i%2]++
		}
	}
	enough := len(sample) / 20
	switch {
	case len(data)%2 != 0:
	case zeros[1] > enough && zeros[0] == 0:
		return uencoding.LittleEndian, true
	case zeros[0] > enough && zeros[1] == 0:
		return uencoding.BigEndian, true
	}
	return uencoding.LittleEndian, false
}

// likelyUTF8 tells UTF-8, be it damaged in places, from encodings of one byte a
// character: in those, what makes a character of several bytes in UTF-8 is
// hardly ever a text.
func likelyUTF8(data []byte) bool {
	whole, broken := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			broken++
		} else {
			whole++
		}
		i += size
	}
	return broken == 0 || whole >= broken
}

// faultOf says why a cell of this text cannot be trusted to say what its author
// wrote, "" where it can.
func (t text) faultOf(cell string) string {
	switch {
	case !utf8.ValidString(cell), strings.ContainsRune(cell, utf8.RuneError):
		return "encoding_malformed"
	case t.guessed && doubtful(cell):
		return "encoding_doubtful"
	}
	return ""
}

// doubtful reports whether a cell that was read as Windows-1252 is more likely
// something else: UTF-8, or one of the encodings of other scripts, in which
// names become rows of accented letters and signs.
func doubtful(cell string) bool {
	accented := 0
	for _, r := range cell {
		switch {
		case r < utf8.RuneSelf || strings.ContainsRune("‘’“”–—…ªº°´·€", r):
			accented = 0
			continue
		case !unicode.IsLetter(r):
			return true
		}
		if accented++; accented >= 4 {
			return true
		}
	}
	raw, err := charmap.Windows1252.NewEncoder().String(cell)
	return err == nil && raw != cell && utf8.ValidString(raw)
}
