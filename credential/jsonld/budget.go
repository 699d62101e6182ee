package jsonld

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"laurel/credential/strictjson"
)

// A document could have contexts compiled without end: every combination of
// types, every chain of embedded credentials has its own. So each document has a
// budget for the steps from one active context to the next, which every step takes
// from once. Whether a step was made before, for another document, is of no
// consequence: one document has one answer, in a process that has just begun and
// in one that has seen it all.

// What steps cost, in units of about a tenth of a millisecond, which is what they
// take the first time. A badge needs about twenty units, the largest published
// sample sixty.
const (
	maxWork       = 128
	workOfScoped  = 1
	workOfContext = 4 // of a list
)

// maxKept bounds the steps remembered below one root. No document can take as
// many.
const maxKept = 256

// step numbers the steps below one root.
type step uint8

// errFull: there is no room for another step below this root. Other documents have
// taken it; a root of its own has room for all that a document can ask for.
var errFull = errors.New("jsonld: no room for another active context")

// budget is what a document has left for work on contexts.
type budget struct {
	worked int
	taken  [maxKept / 64]uint64 // a bit for each step
	// alone says that the document has a root of its own.
	alone bool
}

// allows reports whether a step may be taken that costs units.
func (b *budget) allows(units int) error {
	if b.worked+units > maxWork {
		return &LimitError{Limit: "units of work on contexts", Max: maxWork}
	}
	return nil
}

// charge takes what a step costs, the first time that the document takes it.
func (b *budget) charge(s step, units int) error {
	word, bit := &b.taken[s/64], uint64(1)<<(s%64)
	if *word&bit != 0 {
		return nil
	}
	*word |= bit
	if err := b.allows(units); err != nil {
		return err
	}
	b.worked += units
	return nil
}

// newStep numbers another step. The caller holds mu.
func (r *root) newStep() (step, error) {
	n := r.kept.Add(1) - 1
	if n >= maxKept {
		return 0, errFull
	}
	return step(n), nil
}

// full reports that there was no room for a step, so that it is better to begin
// again.
func (r *root) full() bool { return r.kept.Load() > maxKept }

// embed remembers next as what the list of an embedded credential makes of a. Where
// a list led to the same before, that is taken: a credential in a credential in a
// credential, all with the same contexts, is nothing new.
func (a *active) embed(list strictjson.Value, next *active) (*listed, error) {
	a.root.mu.Lock()
	defer a.root.mu.Unlock()
	if other := a.embedded.find(list, nil); other != nil {
		return other, nil
	}
	taken, err := a.root.newStep()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(a.root.lists, next.equal); i >= 0 {
		next = a.root.lists[i]
	} else {
		a.root.lists = append(a.root.lists, next)
	}
	entry := newListed(list, nil, next)
	entry.step = taken
	var entries []*listed
	if before := a.embedded.entries.Load(); before != nil {
		entries = slices.Clone(*before)
	}
	entries = append(entries, entry)
	a.embedded.entries.Store(&entries)
	return entry, nil
}

// equal reports whether two active contexts below one root mean the same and come
// from the same documents.
func (a *active) equal(b *active) bool {
	return a.previous == b.previous && len(a.context.TermDefinitions) == len(b.context.TermDefinitions) &&
		slices.EqualFunc(a.documents, b.documents, sameDocument) &&
		maps.Equal(a.context.Protected, b.context.Protected) &&
		reflect.DeepEqual(a.context.Values, b.context.Values) &&
		reflect.DeepEqual(a.context.TermDefinitions, b.context.TermDefinitions)
}
