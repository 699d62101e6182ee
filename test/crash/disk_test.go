package crash

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// sector is what a disk writes as a whole or not at all.
const sector = 512

// content is what is in a file: bytes up to the last that is not zero, and
// zeros up to its size.
type content struct {
	data []byte
	size int64
}

func (c *content) apply(s step) {
	switch s.kind {
	case writeData:
		if end := s.offset + int64(len(s.data)); end > int64(len(c.data)) {
			c.data = append(c.data, make([]byte, end-int64(len(c.data)))...)
		}
		copy(c.data[s.offset:], s.data)
		c.size = max(c.size, s.offset+int64(len(s.data)))
	case setSize:
		c.size = s.offset
		c.data = c.data[:min(int64(len(c.data)), c.size)]
	}
}

// disk is what the files of a directory are after a power failure: what was made
// durable, and, of what was not, anything between nothing and all.
type disk struct {
	files []*content
	names map[string]int

	pendingData  map[int][]step // by file
	pendingNames []step         // in this order: file systems keep that
	syncs        int            // so far
}

// readDisk reads the files of a directory.
func readDisk(t *testing.T, directory string) *disk {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{names: make(map[string]int), pendingData: make(map[int][]step)}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		d.names[entry.Name()] = len(d.files)
		d.files = append(d.files, &content{bytes.TrimRight(data, "\x00"), int64(len(data))})
	}
	return d
}

// take does a step.
func (d *disk) take(s step) {
	switch s.kind {
	case writeData, setSize:
		d.pendingData[s.file] = append(d.pendingData[s.file], s)
	case syncData:
		for _, pending := range d.pendingData[s.file] {
			d.files[s.file].apply(pending)
		}
		delete(d.pendingData, s.file)
		d.syncs++
	case syncNames:
		for _, pending := range d.pendingNames {
			rename(d.names, pending)
		}
		d.pendingNames = nil
		d.syncs++
	default:
		if s.kind == addName && s.file == len(d.files) {
			d.files = append(d.files, new(content))
		}
		d.pendingNames = append(d.pendingNames, s)
	}
}

func rename(names map[string]int, s step) {
	switch s.kind {
	case addName:
		names[s.name] = s.file
	case moveName:
		if file, ok := names[s.name]; ok {
			delete(names, s.name)
			names[s.to] = file
		}
	case removeName:
		delete(names, s.name)
	}
}

// loss is what a power failure does to steps that were not made durable.
type loss int

const (
	loseAll    loss = iota // nothing of them is there
	loseNone               // all of it is
	loseEnd                // the last are missing
	loseSome               // any are missing
	tearSome               // any are missing, and of others sectors are
	lossesKind             // how many kinds there are
)

var losses = [lossesKind]string{"of them: nothing kept that was not synced", "all kept", "the last steps lost", "any steps lost", "any steps lost, and sectors of others"}

// image is a directory as a power failure may leave it.
type image struct {
	names map[string]*content
	// what was kept of what was pending, for telling images apart
	signature string
}

// fail makes the image of a power failure.
func (d *disk) fail(kind loss, random *rand.Rand) image {
	names := maps.Clone(d.names)
	kept := len(d.pendingNames)
	if kind != loseNone {
		kept = random.IntN(kept + 1)
	}
	if kind == loseAll {
		kept = 0
	}
	for _, s := range d.pendingNames[:kept] {
		rename(names, s)
	}
	signature := []byte{byte(d.syncs), byte(d.syncs >> 8), byte(d.syncs >> 16), byte(kept)}
	made := image{names: make(map[string]*content)}
	changed := make(map[int]*content)
	for file := range d.files {
		// A copy: the disk goes on while the image is looked into.
		c := &content{bytes.Clone(d.files[file].data), d.files[file].size}
		signature = append(signature, byte(file))
		steps := d.pendingData[file]
		for _, s := range keep(steps, kind, random) {
			c.apply(s)
			signature = append(signature, s.mark()...)
		}
		changed[file] = c
	}
	for name, file := range names {
		made.names[name] = changed[file]
	}
	made.signature = string(signature)
	return made
}

// mark tells a step, or a part of it, from others.
func (s step) mark() []byte {
	n := s.offset / sector
	return []byte{byte(s.kind), byte(n), byte(n >> 8), byte(n >> 16), byte(len(s.data) / sector), byte(s.begin.UnixMicro())}
}

// keep chooses what is there of the steps about a file.
func keep(steps []step, kind loss, random *rand.Rand) []step {
	switch kind {
	case loseAll:
		return nil
	case loseNone:
		return steps
	case loseEnd:
		return steps[:random.IntN(len(steps)+1)]
	}
	var kept []step
	for _, s := range steps {
		switch n := random.IntN(4); {
		case n == 0 && kind == tearSome && len(s.data) > sector:
			kept = append(kept, tear(s, random)...)
		case n < 2:
			kept = append(kept, s)
		}
	}
	return kept
}

// tear gives any of the sectors of a write.
func tear(s step, random *rand.Rand) (parts []step) {
	for at := 0; at < len(s.data); at += sector {
		if random.IntN(2) == 0 {
			part := s
			part.offset, part.data = s.offset+int64(at), s.data[at:min(at+sector, len(s.data))]
			parts = append(parts, part)
		}
	}
	return parts
}

// write puts the image into a directory, which is made.
func (i image) write(directory string) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	for name, c := range i.names {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			return err
		}
		if err := os.Truncate(path, c.size); err != nil {
			return err
		}
	}
	return nil
}
