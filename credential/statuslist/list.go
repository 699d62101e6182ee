package statuslist

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
	"sync"
)

const (
	// MinimumLength is the least number of entries of a list (Bitstring Status
	// List 1.0 section 6.1).
	MinimumLength = 131_072
	// MaximumLength is the most bits a list may have here: 8 MiB of them.
	MaximumLength = 1 << 26

	// maximumCompressed bounds an encoded list, in bytes before base64.
	maximumCompressed = 1 << 20
)

// List is the bitstring of a status list. Bit 0 is the left-most bit: the most
// significant bit of the first byte. A List is not safe for use while another
// goroutine sets bits of it.
type List struct{ bits []byte }

// New returns a list of so many bits, all zero. size must be a multiple of 8
// from MinimumLength to MaximumLength; if not, the error is ErrLength.
func New(size int) (*List, error) {
	if size < MinimumLength || size > MaximumLength || size%8 != 0 {
		return nil, ErrLength
	}
	return &List{bits: make([]byte, size/8)}, nil
}

// Len is the number of bits.
func (l *List) Len() int { return 8 * len(l.bits) }

// Set sets or clears bit i. The error is ErrRange.
func (l *List) Set(i int, v bool) error {
	if i < 0 || i >= l.Len() {
		return ErrRange
	}
	if mask := byte(0x80) >> (i & 7); v {
		l.bits[i>>3] |= mask
	} else {
		l.bits[i>>3] &^= mask
	}
	return nil
}

// Get reads bit i. The error is ErrRange.
func (l *List) Get(i int) (bool, error) {
	if i < 0 || i >= l.Len() {
		return false, ErrRange
	}
	return l.bits[i>>3]&(0x80>>(i&7)) != 0, nil
}

// Status reads entry number index of a list whose entries have size bits each,
// from 1 to 64. The specification does not say in which order the bits of an
// entry count; here, as everywhere in the list, the left-most is the most
// significant. ErrLength means that at this size the list has too few entries,
// ErrRange that the index is outside.
func (l *List) Status(index, size int) (uint64, error) {
	if size < 1 || size > maximumSize {
		return 0, ErrRange
	}
	if l.Len()/size < MinimumLength {
		return 0, ErrLength
	}
	if index < 0 || index >= l.Len()/size {
		return 0, ErrRange
	}
	var value uint64
	for i := index * size; i < (index+1)*size; i++ {
		value = value<<1 | uint64(l.bits[i>>3]>>(7-i&7)&1)
	}
	return value, nil
}

// writers keeps gzip writers, each of which holds most of a megabyte.
var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// Encode gives the encodedList: "u" and the base64url, without padding, of the
// gzipped bits. Equal lists have equal encodings within one build. Only lists
// of more than 2^23 bits, and few of them, compress so badly that Decode finds
// them too large.
func (l *List) Encode() string {
	var compressed bytes.Buffer
	zip := writers.Get().(*gzip.Writer)
	defer writers.Put(zip)
	zip.Reset(&compressed)
	// Writing to a buffer does not fail.
	_, _ = zip.Write(l.bits)
	_ = zip.Close()
	return "u" + base64.RawURLEncoding.EncodeToString(compressed.Bytes())
}

// Decode reads an encodedList of Bitstring Status List 1.0, in the one
// encoding that it allows. Errors: ErrEncoding, ErrTooLarge, ErrLength.
func Decode(encoded string) (*List, error) {
	body, found := strings.CutPrefix(encoded, "u")
	if !found {
		return nil, ErrEncoding
	}
	return decode(body, base64.RawURLEncoding)
}

// DecodeStatusList2021 reads an encodedList of StatusList2021, which has no
// multibase prefix and whose base64 comes in either alphabet, padded or not.
// Errors are those of Decode.
func DecodeStatusList2021(encoded string) (*List, error) {
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(encoded, "-_") {
		encoding = base64.RawURLEncoding
	}
	if strings.HasSuffix(encoded, "=") {
		if len(encoded)%4 != 0 {
			return nil, ErrEncoding
		}
		encoded = strings.TrimSuffix(strings.TrimSuffix(encoded, "="), "=")
	}
	return decode(encoded, encoding)
}

func decode(text string, encoding *base64.Encoding) (*List, error) {
	if len(text) > encoding.EncodedLen(maximumCompressed) {
		return nil, ErrTooLarge
	}
	if strings.ContainsAny(text, "\r\n") { // which package base64 skips
		return nil, ErrEncoding
	}
	compressed, err := encoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrEncoding
	}
	return gunzip(compressed)
}

// gunzip reads one gzip member and no more. The size that its trailer tells is
// not trusted but held to: no bomb gets further than what it has admitted.
func gunzip(compressed []byte) (*List, error) {
	const header, trailer = 10, 8
	if len(compressed) < header+trailer {
		return nil, ErrEncoding
	}
	source := bytes.NewReader(compressed)
	zip, err := gzip.NewReader(source)
	if err != nil {
		return nil, ErrEncoding
	}
	zip.Multistream(false)
	size := binary.LittleEndian.Uint32(compressed[len(compressed)-4:])
	if size > MaximumLength/8 {
		if _, err := io.CopyN(io.Discard, zip, MaximumLength/8+1); err != nil {
			return nil, ErrEncoding // it is not even large
		}
		return nil, ErrTooLarge
	}
	bits := make([]byte, size)
	if _, err := io.ReadFull(zip, bits); err != nil && err != io.EOF {
		return nil, ErrEncoding
	}
	if n, err := zip.Read(make([]byte, 1)); n != 0 || err != io.EOF || source.Len() != 0 {
		return nil, ErrEncoding
	}
	if len(bits) < MinimumLength/8 {
		return nil, ErrLength
	}
	return &List{bits: bits}, nil
}
