package jsonld

import (
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// The values of terms that the contexts give a container: language maps, graphs
// and ordered lists.

// languageMap reads a map from language to strings (JSON-LD 1.1 §4.6.2).
func (w *walk) languageMap(at *place, v strictjson.Value) error {
	if v.Len() == 0 {
		return loss(v, "", ReasonEmpty)
	}
	for c := v.Cursor(); c.Next(); {
		name, member := c.Name().Text(), c.Value()
		language := name
		if at.active.expand(name, true) == "@none" {
			language = ""
		} else if !isLanguageTag(name) {
			return loss(member, name, ReasonLanguage)
		}
		if member.Kind() == strictjson.Array && member.Len() == 0 {
			return loss(member, name, ReasonEmpty)
		}
		for c := member.Items(); c.Next(); {
			item := c.Value()
			if item.Kind() != strictjson.String {
				return loss(item, name, ReasonNotString)
			}
			if err := w.tagged(at, item, language, at.def.direction, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// graphs reads the values of a term that puts each of its values into a graph
// of its own, such as proof: the property leads to the graph.
func (w *walk) graphs(at *place, v strictjson.Value) error {
	if v.Kind() == strictjson.Array && v.Len() == 0 {
		return loss(v, "", ReasonEmpty)
	}
	for c := v.Items(); c.Next(); {
		element := c.Value()
		nested := element.Kind() == strictjson.Array
		var err error
		switch {
		case nested && w.closed:
			err = loss(element, "", ReasonNested)
		case nested:
			err = w.graphs(at, element)
		default:
			err = w.graph(at, element)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// graph reads a node into a graph of its own.
func (w *walk) graph(at *place, v strictjson.Value) error {
	graph, err := w.blank(v)
	if err != nil {
		return err
	}
	inner := *at
	inner.graph, inner.tie = graph, tieNone
	before := w.out.Len()
	if v.Kind() == strictjson.Object {
		var o outline
		if _, err := w.contextFor(&inner, v, &o); err != nil {
			return err
		}
		if o.shape != nodeObject {
			return loss(v, "", ReasonNotCovered)
		}
	}
	if err := w.item(&inner, v); err != nil {
		return err
	}
	// A literal or a bare reference states nothing inside the graph.
	if w.out.Len() == before {
		return loss(v, "", ReasonNotCovered)
	}
	return w.link(at, graph)
}

// list is an ordered list that is being stated as RDF does, cell by cell.
type list struct {
	head, last rdfc.Node
	element    strictjson.Value // that the next cell is for
}

// listContainer reads the value of a term whose values are one ordered list.
func (w *walk) listContainer(at *place, v strictjson.Value) error {
	if v.Kind() == strictjson.Object {
		var o outline
		if _, err := w.contextFor(at, v, &o); err != nil {
			return err
		}
		if o.shape == listObject {
			return w.items(at, v)
		}
	}
	return w.listOf(at, v)
}

// listOf reads the elements of an ordered list and ties its head to the place.
func (w *walk) listOf(at *place, v strictjson.Value) error {
	switch {
	case at.tie == tieReverse:
		return loss(v, "", ReasonNested)
	case w.closed && v.Kind() == strictjson.Array && v.Len() == 0:
		return loss(v, "", ReasonEmpty)
	}
	var l list
	inner := *at
	inner.tie, inner.list = tieList, &l
	for c := v.Items(); c.Next(); {
		element := c.Value()
		l.element = element
		nested := element.Kind() == strictjson.Array
		var err error
		switch {
		case nested && w.closed:
			err = loss(element, "", ReasonNested)
		case nested:
			err = w.listOf(&inner, element)
		default:
			err = w.item(&inner, element)
		}
		if err != nil {
			return err
		}
	}
	end := w.out.Node(nameNil)
	if l.last.IsZero() {
		return w.link(at, end)
	}
	if err := w.room(); err != nil {
		return err
	}
	w.out.Link(l.last, nameRest, end, at.graph)
	return w.link(at, l.head)
}

// cell makes the next cell of the list in a place.
func (w *walk) cell(at *place) (rdfc.Node, error) {
	cell, err := w.blank(at.list.element)
	if err != nil {
		return cell, err
	}
	l := at.list
	if l.last.IsZero() {
		l.head = cell
	} else {
		w.out.Link(l.last, nameRest, cell, at.graph)
	}
	l.last = cell
	return cell, w.room()
}
