package dataintegrity

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// labelling makes the labels of so many blank nodes, in the order of their
// canonical labels (VC Data Integrity ECDSA §3.4.4, label map factories). The
// canonical labels would tell what is hidden: they change with every statement.
type labelling func(count int) []string

// hmacLabelling labels each blank node with the HMAC of its canonical label
// (VC Data Integrity ECDSA §3.4.5).
func hmacLabelling(key []byte) labelling {
	return func(count int) []string {
		labels := make([]string, count)
		mac := hmac.New(sha256.New, key)
		for n := range labels {
			mac.Reset()
			mac.Write(canonicalLabel(n))
			labels[n] = "u" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		}
		return labels
	}
}

// shuffledLabelling numbers blank nodes in the order of those HMACs (VC Data
// Integrity BBS §3.3.1).
func shuffledLabelling(key []byte) labelling {
	return func(count int) []string {
		labels := hmacLabelling(key)(count)
		sorted := slices.Sorted(slices.Values(labels))
		for n, label := range labels {
			place, _ := slices.BinarySearch(sorted, label)
			labels[n] = "b" + strconv.Itoa(place)
		}
		return labels
	}
}

func canonicalLabel(n int) []byte { return strconv.AppendInt([]byte("c14n"), int64(n), 10) }

// statements are those of a document, one a line of canonical N-Quads but for
// the labels of blank nodes, in code point order.
type statements struct {
	lines  [][]byte
	traced *jsonld.Traced
	labels map[jsonld.Origin]string
}

// statements reads a document without its proofs.
func (s *Suites) statements(ctx context.Context, root strictjson.Value, label labelling) (*statements, error) {
	traced, err := s.processor.Trace(ctx, documentSource(root), rdfc.Options{})
	if err != nil {
		return nil, err
	}
	made := &statements{traced: traced, labels: make(map[jsonld.Origin]string, len(traced.Origins))}
	labels := label(len(traced.Origins))
	for n, origin := range traced.Origins {
		made.labels[origin] = labels[n]
	}
	made.lines, err = relabel(traced.NQuads, labels)
	return made, err
}

// group is what JSON pointers select of the statements of a document.
type group struct {
	selection *selection
	indexes   []int    // of the statements, ascending
	labels    []string // of the blank nodes, in the canonical order of the selection alone
}

// group finds the statements of a selection (VC Data Integrity ECDSA §3.4.17,
// canonicalizeAndGroup). No pointers select nothing. Where the selection states
// what the document does not, it is refused: a list without some of its
// elements, a string without its language.
func (s *Suites) group(ctx context.Context, root strictjson.Value, all *statements, pointers []string) (*group, error) {
	if len(pointers) == 0 {
		return &group{}, nil
	}
	selected, err := selectPointers(root, pointers)
	if err != nil {
		return nil, err
	}
	part, err := strictjson.Parse(selected.text)
	if err != nil {
		return nil, fmt.Errorf("reading the selection: %w", err)
	}
	traced, err := s.processor.Trace(ctx, documentSource(part.Root()), rdfc.Options{})
	switch {
	case errors.Is(err, jsonld.ErrDataLoss): // which the document has none of
		return nil, fmt.Errorf("%w: the selection cannot stand alone: %w", ErrPointer, err)
	case err != nil:
		return nil, fmt.Errorf("reading the selection: %w", err)
	}
	g := &group{selection: selected, labels: make([]string, len(traced.Origins))}
	for n, origin := range traced.Origins {
		origin.Offset = selected.offset(origin.Offset)
		label, known := all.labels[origin]
		if !known {
			return nil, fmt.Errorf("%w: the selection has a node that the document has not", ErrPointer)
		}
		g.labels[n] = label
	}
	lines, err := relabel(traced.NQuads, g.labels)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		index, found := slices.BinarySearchFunc(all.lines, line, bytes.Compare)
		if !found {
			return nil, fmt.Errorf("%w: the selection states what the document does not", ErrPointer)
		}
		g.indexes = append(g.indexes, index)
	}
	return g, nil
}

// relabel replaces the labels c14n0, c14n1 … of canonical N-Quads and sorts the
// lines again (VC Data Integrity ECDSA §3.4.1). Labels that are different must
// have replacements that are.
func relabel(nquads []byte, labels []string) ([][]byte, error) {
	lines := make([][]byte, 0, bytes.Count(nquads, []byte{'\n'}))
	for line := range bytes.Lines(nquads) {
		made := make([]byte, 0, len(line)+3*len("u")+64)
		for len(line) > 0 {
			end := termEnd(line)
			term, ok := relabelled(line[:end], labels)
			if !ok {
				return nil, errLabels
			}
			made, line = append(made, term...), line[end:]
		}
		lines = append(lines, made)
	}
	slices.SortFunc(lines, bytes.Compare)
	return lines, nil
}

var errLabels = fmt.Errorf("%w: it labels other blank nodes than the document has", ErrMalformedProof)

// relabelled is a term with its label replaced, if it is a blank node.
func relabelled(term []byte, labels []string) ([]byte, bool) {
	number, isBlank := bytes.CutPrefix(term, []byte("_:c14n"))
	if !isBlank {
		return term, true
	}
	digits := bytes.TrimRight(number, " ")
	n, err := strconv.Atoi(string(digits))
	if err != nil || n >= len(labels) {
		return nil, false
	}
	return append([]byte("_:"+labels[n]), number[len(digits):]...), true
}

// termEnd gives the end of the term that a canonical line begins with, with the
// space behind it.
func termEnd(line []byte) int {
	at := 0
	if line[0] == '"' {
		for at = 1; line[at] != '"'; at++ {
			if line[at] == '\\' {
				at++
			}
		}
	}
	space := bytes.IndexByte(line[at:], ' ')
	if space < 0 {
		return len(line)
	}
	return at + space + 1
}

// countBlankNodes gives the number of blank nodes of canonical N-Quads: one
// more than the largest number among their labels.
func countBlankNodes(nquads []byte) int {
	count := 0
	for line := range bytes.Lines(nquads) {
		for len(line) > 0 {
			end := termEnd(line)
			if number, isBlank := bytes.CutPrefix(line[:end], []byte("_:c14n")); isBlank {
				n, err := strconv.Atoi(string(bytes.TrimRight(number, " ")))
				if err == nil {
					count = max(count, n+1)
				}
			}
			line = line[end:]
		}
	}
	return count
}

// split divides statements into those of indexes, which are ascending, and the
// others.
func split(lines [][]byte, indexes []int) (mandatory, others [][]byte) {
	others = make([][]byte, 0, len(lines))
	for i, line := range lines {
		if len(mandatory) < len(indexes) && indexes[len(mandatory)] == i {
			mandatory = append(mandatory, line)
			continue
		}
		others = append(others, line)
	}
	return mandatory, others
}
