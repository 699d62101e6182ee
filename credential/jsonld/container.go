package jsonld

import (
	"slices"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// The values of terms that the contexts give a container: language maps, graphs
// and ordered lists.

// languageMap makes the terms of a map from language to strings (JSON-LD 1.1
// §4.6.2).
func (w *walk) languageMap(at place, v strictjson.Value) ([]rdfc.Term, error) {
	if v.Len() == 0 {
		return nil, loss(v, "", ReasonEmpty)
	}
	direction := at.active.context.Values.Direction
	if at.def.HasDirection {
		direction = ""
		if at.def.Direction != nil {
			direction = *at.def.Direction
		}
	}
	var terms []rdfc.Term
	for name, member := range v.Members() {
		language := name
		if at.active.expand(name, true) == "@none" {
			language = ""
		} else if !isLanguageTag(name) {
			return nil, loss(member, name, ReasonLanguage)
		}
		if member.Kind() == strictjson.Array && member.Len() == 0 {
			return nil, loss(member, name, ReasonEmpty)
		}
		for item := range member.OneOrMany() {
			if item.Kind() != strictjson.String {
				return nil, loss(item, name, ReasonNotString)
			}
			term, err := w.text(item, item.Text(), language, direction)
			if err != nil {
				return nil, err
			}
			terms = append(terms, term)
		}
	}
	return terms, nil
}

// graphs reads the values of a term that puts each of its values into a graph
// of its own, such as proof: the property leads to the graph.
func (w *walk) graphs(at place, v strictjson.Value) ([]rdfc.Term, error) {
	if v.Kind() == strictjson.Array && v.Len() == 0 {
		return nil, loss(v, "", ReasonEmpty)
	}
	var terms []rdfc.Term
	for element := range v.OneOrMany() {
		if element.Kind() == strictjson.Array {
			if w.closed {
				return nil, loss(element, "", ReasonNested)
			}
			inner, err := w.graphs(at, element)
			if err != nil {
				return nil, err
			}
			terms = append(terms, inner...)
			continue
		}
		graph, err := w.graph(at, element)
		if err != nil {
			return nil, err
		}
		terms = append(terms, graph)
	}
	return terms, nil
}

// graph reads a node into a graph of its own and returns the graph.
func (w *walk) graph(at place, v strictjson.Value) (rdfc.Term, error) {
	graph, err := w.blank()
	if err != nil {
		return rdfc.Term{}, err
	}
	at.graph = graph
	before := len(w.quads)
	if v.Kind() == strictjson.Object {
		a, err := w.contextFor(at, v)
		if err != nil {
			return rdfc.Term{}, err
		}
		if w.shapeOf(a, v) != nodeObject {
			return rdfc.Term{}, loss(v, "", ReasonNotCovered)
		}
	}
	if _, err := w.item(at, v); err != nil {
		return rdfc.Term{}, err
	}
	// A literal or a bare reference states nothing inside the graph.
	if len(w.quads) == before {
		return rdfc.Term{}, loss(v, "", ReasonNotCovered)
	}
	return graph, nil
}

// listContainer reads the value of a term whose values are one ordered list.
func (w *walk) listContainer(at place, v strictjson.Value) ([]rdfc.Term, error) {
	if v.Kind() == strictjson.Object {
		a, err := w.contextFor(at, v)
		if err != nil {
			return nil, err
		}
		if w.shapeOf(a, v) == listObject {
			return w.items(at, v)
		}
	}
	head, err := w.list(at, v)
	if err != nil {
		return nil, err
	}
	return []rdfc.Term{head}, nil
}

// list reads the elements of an ordered list and returns its head.
func (w *walk) list(at place, v strictjson.Value) (rdfc.Term, error) {
	switch {
	case at.reversed:
		return rdfc.Term{}, loss(v, "", ReasonNested)
	case w.closed && v.Kind() == strictjson.Array && v.Len() == 0:
		return rdfc.Term{}, loss(v, "", ReasonEmpty)
	}
	var elements []rdfc.Term
	for element := range v.OneOrMany() {
		if element.Kind() == strictjson.Array {
			if w.closed {
				return rdfc.Term{}, loss(element, "", ReasonNested)
			}
			inner, err := w.list(at, element)
			if err != nil {
				return rdfc.Term{}, err
			}
			elements = append(elements, inner)
			continue
		}
		terms, err := w.item(at, element)
		if err != nil {
			return rdfc.Term{}, err
		}
		elements = append(elements, terms...)
	}
	return w.chain(elements, at.graph)
}

// chain states a list of terms as RDF does, cell by cell.
func (w *walk) chain(elements []rdfc.Term, graph rdfc.Term) (rdfc.Term, error) {
	head := rdfc.Term{Kind: rdfc.IRI, Value: rdfNil}
	for _, element := range slices.Backward(elements) {
		cell, err := w.blank()
		if err != nil {
			return rdfc.Term{}, err
		}
		for _, part := range []struct {
			property string
			object   rdfc.Term
		}{{rdfFirst, element}, {rdfRest, head}} {
			predicate := rdfc.Term{Kind: rdfc.IRI, Value: part.property}
			err := w.emit(rdfc.Quad{Subject: cell, Predicate: predicate, Object: part.object, Graph: graph})
			if err != nil {
				return rdfc.Term{}, err
			}
		}
		head = cell
	}
	return head, nil
}
