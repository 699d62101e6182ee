package bake

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

// maxChunks bounds the chunks of a PNG. Encoders that write small ones make
// several hundred of 5 MiB.
const maxChunks = 1000

// keywords are the names of the chunks that credentials are in.
var keywords = map[string]Standard{
	"openbadgecredential": OpenBadges3,
	"clrcredential":       CLR2,
	"openbadges":          OpenBadges2,
}

// newKeyword is the one that is written.
const newKeyword = "openbadgecredential"

// png is a PNG file in its parts (PNG Specification, third edition).
type png struct {
	data   []byte
	chunks []chunk
}

// chunk is one chunk of a PNG: where it stands, and what is in it.
type chunk struct {
	start, end int // in the file, length and checksum included
	kind       string
	body       []byte
}

// parsePNG takes a PNG apart. It holds it to the structure of the format: every
// checksum, the header first, the end last and nothing after it. Pixels are not
// looked at.
func parsePNG(data []byte) (*png, error) {
	p := &png{data: data}
	for at := len(pngSignature); ; {
		if len(p.chunks) == maxChunks {
			return nil, tooLarge("more than 1000 chunks in the PNG")
		}
		c, err := readChunk(data, at)
		if err != nil {
			return nil, err
		}
		p.chunks = append(p.chunks, c)
		at = c.end
		if c.kind == "IEND" {
			break
		}
	}
	return p, p.structure()
}

// chunkFrame is the length, the type and the checksum of a chunk.
const chunkFrame = 4 + 4 + 4

func readChunk(data []byte, at int) (chunk, error) {
	if len(data)-at < chunkFrame {
		return chunk{}, malformed("the PNG is cut off")
	}
	length := binary.BigEndian.Uint32(data[at:])
	if uint64(length) > uint64(len(data)-at-chunkFrame) {
		return chunk{}, malformed("the PNG is cut off, or a chunk claims to be longer than the file")
	}
	end := at + chunkFrame + int(length)
	kind := data[at+4 : at+8]
	for _, b := range kind {
		if b|0x20 < 'a' || b|0x20 > 'z' {
			return chunk{}, malformed("a chunk of the PNG has no name")
		}
	}
	if crc32.ChecksumIEEE(data[at+4:end-4]) != binary.BigEndian.Uint32(data[end-4:]) {
		return chunk{}, malformed("a checksum of the PNG is wrong")
	}
	return chunk{at, end, string(kind), data[at+8 : end-4]}, nil
}

// structure checks what every PNG has.
func (p *png) structure() error {
	last := p.chunks[len(p.chunks)-1]
	pixels := 0
	for i, c := range p.chunks {
		switch {
		case (c.kind == "IHDR") != (i == 0):
			return malformed("the PNG does not begin with its one header")
		case c.kind == "IDAT":
			pixels++
		}
	}
	switch {
	case pixels == 0:
		return malformed("there is no picture in the PNG")
	case len(last.body) > 0:
		return malformed("the end of the PNG is not empty")
	case last.end != len(p.data):
		return malformed("something follows the end of the PNG")
	}
	return header(p.chunks[0].body)
}

// depths are the bit depths that each colour type allows.
var depths = map[byte][]byte{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}

func header(body []byte) error {
	if len(body) != 13 {
		return malformed("the header of the PNG has the wrong length")
	}
	width, height := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
	depth, colour, compression, filter, interlace := body[8], body[9], body[10], body[11], body[12]
	switch {
	case width == 0 || height == 0 || width >= 1<<31 || height >= 1<<31:
		return malformed("the PNG has no size that a picture can have")
	case width > MaxDimension || height > MaxDimension:
		return tooLarge("more than 4096 pixels wide or high")
	case !slices.Contains(depths[colour], depth) || compression != 0 || filter != 0 || interlace > 1:
		return malformed("the header of the PNG is of no kind there is")
	}
	return nil
}

// keywordOf gives the keyword of a text chunk and what follows it.
func (c *chunk) keywordOf() (keyword string, rest []byte, ok bool) {
	switch c.kind {
	case "iTXt", "tEXt", "zTXt":
	default:
		return "", nil, false
	}
	name, rest, ok := bytes.Cut(c.body, []byte{0})
	return string(name), rest, ok
}

// candidates gives the texts under the names that credentials have. A
// credential of Open Badges 3.0 in a chunk of another kind than iTXt is seen by
// some readers and not by others, and is refused; so is a chunk of ours that
// does not follow the format.
func (p *png) candidates() ([]candidate, error) {
	var found []candidate
	for i := range p.chunks {
		c := &p.chunks[i]
		keyword, rest, ok := c.keywordOf()
		standard := keywords[keyword]
		if !ok || standard == 0 {
			continue
		}
		var one candidate
		var err error
		switch {
		case c.kind == "iTXt":
			one.text, one.compressed, err = internationalText(rest)
		case standard != OpenBadges2:
			err = malformed("the credential stands in a " + c.kind + " chunk instead of iTXt")
		case c.kind == "zTXt":
			if len(rest) == 0 || rest[0] != 0 {
				return nil, malformed("a text of the PNG is compressed in no known way")
			}
			one.compressed = true
			one.text, err = inflate(rest[1:])
		default:
			one.text = rest
		}
		if err != nil {
			return nil, err
		}
		one.standard, one.text = standard, bytes.TrimSpace(one.text)
		found = append(found, one)
	}
	return found, nil
}

// internationalText reads what follows the keyword of an iTXt chunk.
func internationalText(rest []byte) (text []byte, compressed bool, err error) {
	if len(rest) < 2 || rest[0] > 1 || rest[1] != 0 {
		return nil, false, malformed("the chunk of the credential is compressed in no known way")
	}
	compressed = rest[0] == 1
	_, rest, language := bytes.Cut(rest[2:], []byte{0})
	_, text, translated := bytes.Cut(rest, []byte{0})
	if !language || !translated {
		return nil, false, malformed("the chunk of the credential is cut off")
	}
	if compressed {
		text, err = inflate(text)
	}
	return text, compressed, err
}

// inflate decompresses a text, up to the size of a credential. What follows the
// compressed data is refused.
func inflate(data []byte) ([]byte, error) {
	source := bytes.NewReader(data)
	reader, err := zlib.NewReader(source)
	if err != nil {
		return nil, malformed("a text of the PNG does not decompress")
	}
	text, err := io.ReadAll(io.LimitReader(reader, MaxCredential+1))
	switch {
	case err != nil || source.Len() > 0 && len(text) <= MaxCredential:
		return nil, malformed("a text of the PNG does not decompress")
	case len(text) > MaxCredential:
		return nil, tooLarge("credential of more than 1 MiB")
	}
	return text, nil
}

// bake puts a credential behind the header, in the place of those that were
// there.
func (p *png) bake(credential []byte) []byte {
	baked := make([]byte, 0, len(p.data)+len(credential)+64)
	baked = append(baked, pngSignature...)
	for i := range p.chunks {
		c := &p.chunks[i]
		if keyword, _, ok := c.keywordOf(); ok && keywords[keyword] != 0 {
			continue
		}
		baked = append(baked, p.data[c.start:c.end]...)
		if i == 0 {
			baked = appendChunk(baked, "iTXt", newKeyword+"\x00\x00\x00\x00\x00", credential)
		}
	}
	return baked
}

func appendChunk(dst []byte, kind, head string, body []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(head)+len(body)))
	start := len(dst)
	dst = append(append(append(dst, kind...), head...), body...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
