package jsonld

// Where the contexts have two words for one property, a member can be renamed under
// a good proof: geo to GeoCoordinates, expires to expiration. The dataset stays the
// same, and readers who look for the name that the specifications use find nothing.
// So the closed profile takes only one word for each property: the word that is
// written as a property is, not as a class, and of those the one that the contexts
// protect. Where that leaves two, none is taken.

// sense is what a member states, whatever its name: two terms with one sense lead
// from one node to the same values.
type sense struct {
	iri       string
	reverse   bool
	container container // as far as it shows in a dataset
}

// markSynonyms notes at each term whether the closed profile has it for the name of
// a member. Terms that are shared with another active context are copied first.
func markSynonyms(entries []entry) {
	preferred := make(map[sense]int, len(entries))
	for i, e := range entries {
		if s, ok := senseOf(e); ok {
			other, found := preferred[s]
			switch {
			case !found || other >= 0 && rank(e) > rank(entries[other]):
				preferred[s] = i
			case other >= 0 && rank(e) == rank(entries[other]):
				preferred[s] = -1 - rank(e)
			case other < 0 && rank(e) > -1-other:
				preferred[s] = i
			}
		}
	}
	for i, e := range entries {
		outside := outsideOf(e.word)
		if s, ok := senseOf(e); ok && preferred[s] != i {
			outside = ReasonSynonym
		}
		if e.term.outside != outside {
			marked := *e.term
			marked.outside = outside
			entries[i].term = &marked
		}
	}
}

// senseOf returns the sense of a term that can be the name of a member.
func senseOf(e entry) (sense, bool) {
	t := e.term
	if t.definition == nil || t.keyword != noKeyword || t.reason != "" || outsideOf(e.word) != "" {
		return sense{}, false
	}
	return sense{t.iri, t.reverse, t.container & (containerList | containerGraph)}, true
}

// rank orders the terms of one sense.
func rank(e entry) (n int) {
	if c := e.word[0]; c < 'A' || c > 'Z' {
		n += 2
	}
	if e.term.definition.Protected {
		n++
	}
	return n
}
