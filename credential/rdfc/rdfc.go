// Package rdfc canonicalises RDF datasets with RDFC-1.0, the RDF Dataset
// Canonicalization algorithm of the W3C, under a bound on its work.
//
// A dataset is a slice of Quads; its canonical form is the sorted canonical
// N-Quads document that Data Integrity cryptosuites hash and sign. The
// algorithm is exponential for some datasets ("dataset poisoning", RDFC-1.0
// section 7.1): Canonicalize counts its steps and gives up with ErrBudget, so
// that the time a stranger's document can take is bounded.
//
// Terms are checked before they are written. Quads that differ in more than
// blank node labels never share a line of the canonical form.
package rdfc

import (
	"context"
	"crypto"
	"errors"
)

// ErrBudget reports that the dataset is too symmetric to be canonicalised
// within the work budget. It says nothing about the dataset's validity.
var ErrBudget = errors.New("canonicalizing dataset: work budget exhausted")

// Options are the parameters of Canonicalize. The zero value is RDFC-1.0 with
// SHA-256 and the default work budget.
type Options struct {
	// Hash is crypto.SHA256 or crypto.SHA384; 0 means crypto.SHA256.
	Hash crypto.Hash
	// Budget is the most steps the Hash N-Degree Quads algorithm may take:
	// its calls and the permutations it tries are counted. 0 means a default
	// in proportion to the number of blank nodes.
	Budget int
}

// Canonical is a dataset in canonical form.
type Canonical struct {
	// NQuads is the canonical N-Quads document: one line for each distinct
	// quad, in code point order, each ended by a line feed.
	NQuads []byte
}

// Labels gives the issued identifiers map: for each blank node label of the
// input, without its "_:", the canonical label ("c14n0", "c14n1", …).
func (c *Canonical) Labels() map[string]string { return nil }

// Canonicalize puts a dataset into canonical form (RDFC-1.0 section 4.4.3).
// The order of the quads, repeated quads and the labels of blank nodes make no
// difference to the result.
//
// Errors: *TermError when a term cannot be written, ErrBudget when the work
// budget is exhausted, the context's error when it ends first, ErrHash for a
// hash that is not supported.
func Canonicalize(ctx context.Context, quads []Quad, options Options) (*Canonical, error) {
	return nil, ErrBudget
}
