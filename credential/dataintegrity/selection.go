package dataintegrity

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"laurel/credential/strictjson"
)

// The limits of a selection.
const (
	// MaxPointers bounds the JSON pointers of a base proof, and those of a
	// derivation.
	MaxPointers = 512
	// maxPointer bounds a JSON pointer, in bytes.
	maxPointer = 1 << 10
)

// ErrPointer: a JSON pointer is not well formed, leads nowhere in the document,
// or splits what is signed as one.
var ErrPointer = errors.New("JSON pointer does not fit the document")

// selection is the part of a document that JSON pointers select (VC Data
// Integrity ECDSA §3.4.13, selectJsonLd): the values they lead to, and of each
// object on the way its id and its types, of the document itself its contexts
// too. It is written with the bytes of the document.
type selection struct {
	text     []byte
	segments []segment
}

// segment is a part of the text that was copied from the document.
type segment struct{ at, from int }

// offset gives the place in the document from which a place in the text was
// copied.
func (s *selection) offset(at int) int {
	i, found := slices.BinarySearchFunc(s.segments, at, func(g segment, at int) int { return g.at - at })
	if !found {
		i--
	}
	return s.segments[i].from + at - s.segments[i].at
}

// marks says how much of the values of a document is selected, by where they
// start: false for values on the way, true for whole ones.
type marks map[int]bool

// selectPointers selects from a document without its proofs.
func selectPointers(root strictjson.Value, pointers []string) (*selection, error) {
	if len(pointers) > MaxPointers {
		return nil, fmt.Errorf("%w: more than %d", ErrPointer, MaxPointers)
	}
	m := make(marks)
	for _, pointer := range pointers {
		if err := m.follow(root, pointer); err != nil {
			return nil, err
		}
	}
	s := new(selection)
	s.object(root, m, true)
	return s, nil
}

// follow marks what a JSON pointer (RFC 6901) leads to.
func (m marks) follow(root strictjson.Value, pointer string) error {
	wrong := func(reason string) error {
		return fmt.Errorf("%w: %.100q %s", ErrPointer, pointer, reason)
	}
	if len(pointer) > maxPointer || pointer != "" && pointer[0] != '/' {
		return wrong("is not well formed")
	}
	v := root
	m[v.Start()] = m[v.Start()] || pointer == ""
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(pointer[1:], "/")
	for i, token := range tokens {
		name, ok := unescapePointer(token)
		if !ok {
			return wrong("is not well formed")
		}
		if v == root && name == "proof" {
			return wrong("leads to a proof")
		}
		if v = child(v, name); !v.Exists() {
			return wrong("leads nowhere")
		}
		m[v.Start()] = m[v.Start()] || i == len(tokens)-1
	}
	return nil
}

// unescapePointer undoes the escapes of a reference token.
func unescapePointer(token string) (string, bool) {
	for i := range len(token) {
		if token[i] == '~' && (i+1 == len(token) || token[i+1] != '0' && token[i+1] != '1') {
			return "", false
		}
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token), true
}

// child is the member or the element with a name.
func child(v strictjson.Value, name string) strictjson.Value {
	switch v.Kind() {
	case strictjson.Object:
		return v.Get(name)
	case strictjson.Array:
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 || index >= v.Len() || strconv.Itoa(index) != name {
			return strictjson.Value{}
		}
		c := v.Cursor()
		for range index + 1 {
			c.Next()
		}
		return c.Value()
	}
	return strictjson.Value{}
}

// value writes what is selected of a value.
func (s *selection) value(v strictjson.Value, m marks) {
	switch {
	case m[v.Start()]:
		s.copied(v.Start())
		s.text = append(s.text, v.Raw()...)
	case v.Kind() == strictjson.Array:
		s.copied(v.Start())
		s.text = append(s.text, '[')
		for c, first := v.Cursor(), true; c.Next(); {
			if _, marked := m[c.Value().Start()]; !marked {
				continue
			}
			if !first {
				s.text = append(s.text, ',')
			}
			first = false
			s.value(c.Value(), m)
		}
		s.text = append(s.text, ']')
	default:
		s.object(v, m, false)
	}
}

// copied notes that the text goes on with what is at a place of the document.
func (s *selection) copied(from int) {
	s.segments = append(s.segments, segment{at: len(s.text), from: from})
}

// object writes what is selected of an object.
func (s *selection) object(v strictjson.Value, m marks, isRoot bool) {
	s.copied(v.Start())
	s.text = append(s.text, '{')
	first := true
	for c := v.Cursor(); c.Next(); {
		name, member := c.Name(), c.Value()
		_, marked := m[member.Start()]
		whole := isRoot && m[v.Start()] || always(name, member, isRoot)
		if !marked && !whole || isRoot && name.Is("proof") {
			continue
		}
		if !first {
			s.text = append(s.text, ',')
		}
		first = false
		s.text = append(append(s.text, name.Raw()...), ':')
		if whole {
			s.copied(member.Start())
			s.text = append(s.text, member.Raw()...)
			continue
		}
		s.value(member, m)
	}
	s.text = append(s.text, '}')
}

// always reports whether a member is selected with every object on the way.
func always(name, member strictjson.Value, isRoot bool) bool {
	switch {
	case name.Is("type"), name.Is("@type"):
		return true
	case name.Is("id"), name.Is("@id"):
		return !strings.HasPrefix(member.Text(), "_:")
	}
	return isRoot && name.Is("@context")
}
