package dataintegrity

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// checkChains holds the previousProof members of a set of proofs to VC Data
// Integrity §2.1.2: each names proofs of the set, and no proof comes before
// itself. What proofs of unknown types mean by theirs is not known.
func checkChains(proofs []Proof) error {
	for i := range proofs {
		p := &proofs[i]
		if p.Type != Type {
			continue
		}
		if _, err := previousOf(proofs, p.PreviousProof); err != nil {
			return malformed(p.Index, p.Value.Get("previousProof"), "it names no proof of the document")
		}
		if len(p.PreviousProof) > 0 && leadsTo(proofs, p, i) {
			return malformed(p.Index, p.Value.Get("previousProof"), "the chain leads back to the proof")
		}
	}
	return nil
}

// leadsTo reports whether the chain of p comes to the proof at an index.
func leadsTo(proofs []Proof, p *Proof, index int) bool {
	var reached [MaxProofs]bool
	var visit func(p *Proof) bool
	visit = func(p *Proof) bool {
		for i := range proofs {
			if reached[i] || !slices.Contains(p.PreviousProof, proofs[i].ID) {
				continue
			}
			reached[i] = true
			if i == index || visit(&proofs[i]) {
				return true
			}
		}
		return false
	}
	return visit(p)
}

// previousOf returns the proofs with the given identifiers, in the order in
// which they are named.
func previousOf(proofs []Proof, ids []string) ([]Proof, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	previous := make([]Proof, 0, len(ids))
	for _, id := range ids {
		i := slices.IndexFunc(proofs, func(p Proof) bool { return p.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%w: there is no previous proof of this id", ErrMalformedProof)
		}
		previous = append(previous, proofs[i])
	}
	return previous, nil
}

// base is what a proof is made over: the document without its proofs, or with
// those only that the proof is chained to (VC Data Integrity §4.3).
type base struct {
	source   jsonld.Source
	previous []Proof // none for a proof that is independent
	path     string  // where the document stands in the text it is part of
}

// newBase returns the base of a proof chained to previous.
func newBase(document strictjson.Value, previous []Proof) (base, error) {
	if len(previous) == 0 {
		return base{source: documentSource(document)}, nil
	}
	proof := []byte{'['}
	for i, p := range previous {
		if i > 0 {
			proof = append(proof, ',')
		}
		proof = append(proof, p.Value.Raw()...)
	}
	proof = append(proof, ']')
	at := document.Get("proof")
	text, start := document.Document().Bytes(), document.Start()
	whole := slices.Concat(text[start:at.Start()], proof, text[at.End():document.End()])
	parsed, err := strictjson.Parse(whole)
	if err != nil {
		return base{}, fmt.Errorf("%w: %w", ErrMalformedProof, err)
	}
	return base{jsonld.Source{Object: parsed.Root()}, previous, document.Pointer()}, nil
}

// same reports whether the bases of two proofs of one document are the same.
func (b *base) same(previous []Proof) bool {
	return slices.EqualFunc(b.previous, previous, func(p, q Proof) bool { return p.Index == q.Index })
}

// place makes the paths of an error, which lead into the base, lead into the
// document.
func (b *base) place(err error) error {
	if len(b.previous) == 0 {
		return err
	}
	var (
		loss      *jsonld.LossError
		inContext *jsonld.ContextError
	)
	switch {
	case errors.As(err, &loss):
		moved := *loss
		moved.Path = b.pathOf(loss.Path)
		return &moved
	case errors.As(err, &inContext):
		moved := *inContext
		moved.Path = b.pathOf(inContext.Path)
		return &moved
	}
	return err
}

// pathOf gives the place in the document of a place in the base.
func (b *base) pathOf(path string) string {
	const proofs = "/proof/"
	if rest, ok := strings.CutPrefix(path, proofs); ok {
		number, rest, _ := strings.Cut(rest, "/")
		if i, err := strconv.Atoi(number); err == nil && i < len(b.previous) {
			path = b.previous[i].Value.Pointer()
			if rest != "" {
				path += "/" + rest
			}
			return path
		}
	}
	return b.path + path
}
