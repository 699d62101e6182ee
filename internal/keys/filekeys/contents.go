package filekeys

import (
	"encoding/binary"
	"fmt"
)

// contents is what the file holds once it is open. It is written in a binary
// form of its own rather than as JSON, because that would scatter copies of the
// keys over memory that nobody wipes:
//
//	"laurel keys\n", a version byte, the installation key,
//	and for each key algorithm, reference and secret, each after its length
//	in two bytes, big-endian.
type contents struct {
	installation []byte
	entries      []entry
}

// entry is one private key. The secret is as keys.Generate makes it.
type entry struct {
	algorithm string
	reference string
	secret    []byte
}

const (
	magic   = "laurel keys\n"
	version = 1
)

func (c contents) encode() []byte {
	size := len(magic) + 1 + len(c.installation)
	for _, e := range c.entries {
		size += 6 + len(e.algorithm) + len(e.reference) + len(e.secret)
	}
	b := make([]byte, 0, size)
	b = append(b, magic...)
	b = append(b, version)
	b = append(b, c.installation...)
	for _, e := range c.entries {
		for _, field := range [][]byte{[]byte(e.algorithm), []byte(e.reference), e.secret} {
			b = binary.BigEndian.AppendUint16(b, uint16(len(field)))
			b = append(b, field...)
		}
	}
	return b
}

// decode reads contents and copies everything out of b.
func decode(b []byte) (contents, error) {
	if len(b) < len(magic)+1 || string(b[:len(magic)]) != magic {
		return contents{}, ErrCorrupt
	}
	if v := b[len(magic)]; v > version {
		return contents{}, fmt.Errorf("%w: version %d", ErrVersion, v)
	} else if v != version {
		return contents{}, ErrCorrupt
	}
	b = b[len(magic)+1:]
	if len(b) < InstallationKeySize {
		return contents{}, ErrCorrupt
	}
	c := contents{installation: append([]byte(nil), b[:InstallationKeySize]...)}
	b = b[InstallationKeySize:]
	for len(b) > 0 {
		var fields [3][]byte
		for i := range fields {
			if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
				return contents{}, ErrCorrupt
			}
			n := 2 + int(binary.BigEndian.Uint16(b))
			fields[i], b = b[2:n], b[n:]
		}
		e := entry{algorithm: string(fields[0]), reference: string(fields[1]), secret: append([]byte(nil), fields[2]...)}
		if !e.valid() {
			return contents{}, ErrCorrupt
		}
		c.entries = append(c.entries, e)
	}
	return c, nil
}

// valid leaves algorithms of a later program alone: their keys are kept when
// the file is written anew.
func (e entry) valid() bool {
	return e.algorithm != "" && e.reference != "" && len(e.secret) > 0 &&
		(e.algorithm != "Ed25519" || len(e.secret) == 32)
}
