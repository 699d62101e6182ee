// Package rdfc canonicalises RDF datasets with RDFC-1.0, the RDF Dataset
// Canonicalization algorithm of the W3C, under a bound on its work.
//
// A dataset is a slice of Quads; its canonical form is the sorted canonical
// N-Quads document that Data Integrity cryptosuites hash and sign. The
// algorithm is exponential for some datasets ("dataset poisoning", RDFC-1.0
// section 7.1): Canonicalize counts its steps and gives up with ErrBudget, so
// that the time a stranger's document can take is bounded. Datasets whose
// blank nodes can be told apart by their own quads, as in any ordinary badge,
// take time linear in their size but for one sort.
//
// Terms are checked before they are written: text that would let one quad pass
// for another never reaches the canonical form. The number of quads is not
// bounded here; the caller bounds it.
package rdfc

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

var (
	// ErrBudget reports that the dataset is too symmetric to be canonicalised
	// within the work budget. It says nothing about the dataset's validity.
	ErrBudget = errors.New("canonicalizing dataset: work budget exhausted")
	// ErrTooLarge reports a dataset of more than a gigabyte. The bound a
	// service needs is far below and its own affair.
	ErrTooLarge = errors.New("canonicalizing dataset: dataset too large")
	// ErrHash reports a hash function other than SHA-256 and SHA-384.
	ErrHash = errors.New("canonicalizing dataset: unsupported hash function")
)

// Options are the parameters of Canonicalize. The zero value is RDFC-1.0 with
// SHA-256 and the default work budget.
type Options struct {
	// Hash is crypto.SHA256 or crypto.SHA384; 0 means crypto.SHA256.
	Hash crypto.Hash
	// Budget is the most steps the Hash N-Degree Quads algorithm may take: one
	// for each call, for each related blank node it hashes and for each blank
	// node in each permutation it tries. 0 means DefaultBudget. Datasets whose
	// blank nodes all differ in their own quads take no steps.
	Budget int
}

// DefaultBudget is the work budget for a dataset with so many blank nodes. It
// grows with the dataset, because symmetry that is harmless does, between a
// floor that lets small symmetric graphs through and a ceiling of about ten
// milliseconds.
func DefaultBudget(blankNodes int) int {
	const floor, perNode, ceiling = 1 << 15, 256, 1 << 16
	if blankNodes > ceiling/perNode {
		return ceiling
	}
	return max(floor, perNode*blankNodes)
}

// TermError reports a term that cannot be written in canonical N-Quads. Its
// text never contains the term.
type TermError struct {
	// Quad is the index of the quad in the input.
	Quad int
	// Position is "subject", "predicate", "object" or "graph name".
	Position string
	// Reason says what is wrong, in a few lower-case words.
	Reason string
}

func (e *TermError) Error() string {
	return fmt.Sprintf("canonicalizing dataset: quad %d: %s: %s", e.Quad, e.Position, e.Reason)
}

// Canonical is a dataset in canonical form. It holds no reference to the quads
// it was made from but their blank node labels.
type Canonical struct {
	// NQuads is the canonical N-Quads document: one line for each distinct
	// quad, in code point order, each ended by a line feed. It is empty, not
	// nil, for an empty dataset.
	NQuads []byte

	labels []string // input label of c14n0, c14n1, …
	inline [6]string
}

// Labels gives the issued identifiers map: for each blank node label of the
// input, without its "_:", its canonical label ("c14n0", "c14n1", …). Every
// call makes a new map.
func (c *Canonical) Labels() map[string]string {
	labels := make(map[string]string, len(c.labels))
	for number, label := range c.labels {
		labels[label] = "c14n" + strconv.Itoa(number)
	}
	return labels
}

// Canonicalize puts a dataset into canonical form (RDFC-1.0 section 4.4.3).
// The order of the quads, repeated quads and the labels of blank nodes make no
// difference to the result. The quads are only read.
//
// Errors: *TermError when a term cannot be written, ErrBudget when the work
// budget is exhausted, ErrTooLarge, ErrHash for a hash that is not supported,
// and the context's error when it ends first. No part of a canonical form is returned
// with an error.
func Canonicalize(ctx context.Context, quads []Quad, options Options) (*Canonical, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if options.Hash != 0 && options.Hash != crypto.SHA256 && options.Hash != crypto.SHA384 {
		return nil, ErrHash
	}
	w := workspaces.Get().(*workspace)
	defer w.release()
	w.ctx = ctx
	if err := w.load(quads); err != nil {
		return nil, err
	}
	if err := w.canonicalize(ctx, options); err != nil {
		return nil, err
	}
	c := &Canonical{NQuads: w.document([]byte{})}
	c.labels = slices.Grow(c.inline[:0], len(w.canonical))
	for _, n := range w.canonical {
		c.labels = append(c.labels, w.labels[n])
	}
	return c, nil
}
