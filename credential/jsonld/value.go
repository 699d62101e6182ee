package jsonld

import (
	"slices"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// values returns the terms that a member stands for, and reads the nodes among
// them.
func (w *walk) values(at place, v strictjson.Value) ([]rdfc.Term, error) {
	switch {
	case at.def == nil:
		return w.items(at, v)
	case at.def.Type == atJSON:
		term, lost := jsonLiteral(v)
		if lost.Exists() {
			return nil, loss(lost, lost.Literal(), ReasonNumber)
		}
		return []rdfc.Term{term}, nil
	}
	holds := func(container string) bool { return slices.Contains(at.def.Container, container) }
	isObject := v.Kind() == strictjson.Object
	switch {
	case isObject && holds("@language"):
		return w.languageMap(at, v)
	case isObject && (holds("@index") || holds("@id") || holds("@type")):
		// The names of such a map are data in places where this package has
		// none for them.
		return nil, loss(v, at.term, ReasonIndex)
	case holds("@list"):
		return w.listContainer(at, v)
	case holds("@graph"):
		return w.graphs(at, v)
	}
	return w.items(at, v)
}

// items reads a value, or each value of an array.
func (w *walk) items(at place, v strictjson.Value) ([]rdfc.Term, error) {
	if v.Kind() != strictjson.Array {
		return w.item(at, v)
	}
	if v.Len() == 0 {
		return nil, loss(v, "", ReasonEmpty)
	}
	terms := make([]rdfc.Term, 0, v.Len())
	for element := range v.Elements() {
		if element.Kind() == strictjson.Array && w.closed {
			return nil, loss(element, "", ReasonNested)
		}
		more, err := w.items(at, element)
		if err != nil {
			return nil, err
		}
		terms = append(terms, more...)
	}
	return terms, nil
}

// item reads one value that is no array.
func (w *walk) item(at place, v strictjson.Value) ([]rdfc.Term, error) {
	switch v.Kind() {
	case strictjson.Object:
		return w.object(at, v)
	case strictjson.Null:
		return nil, loss(v, "", ReasonNull)
	}
	a := at.active
	if at.def != nil && at.def.HasContext {
		next, err := w.scoped(a, byProperty, at, v)
		if err != nil {
			return nil, err
		}
		a = next
	}
	term, err := w.scalar(a, at.term, v)
	if err != nil {
		return nil, err
	}
	return []rdfc.Term{term}, nil
}

// scalar makes the term of a string, number or boolean under a term whose
// definition in a says what it is (JSON-LD 1.1 API §5.3.2).
func (w *walk) scalar(a *active, name string, v strictjson.Value) (rdfc.Term, error) {
	def := a.term(name)
	coercion := ""
	if def != nil && def.Type != "@none" {
		coercion = def.Type
	}
	isString := v.Kind() == strictjson.String
	if coercion == "@id" || coercion == "@vocab" {
		if isString {
			return w.resource(v, a.expand(v.Text(), coercion == "@vocab"))
		}
		if w.closed {
			return rdfc.Term{}, loss(v, "", ReasonNotObject)
		}
		coercion = ""
	}
	if !isString {
		term, reason := native(v, coercion, w.closed)
		if reason != "" {
			return rdfc.Term{}, loss(v, v.Literal(), reason)
		}
		return term, nil
	}
	if coercion != "" {
		return literal(v.Text(), coercion), nil
	}
	language, direction := a.context.Values.Language, a.context.Values.Direction
	if def != nil && def.HasLanguage {
		language = ""
		if def.Language != nil {
			language = *def.Language
		}
	}
	if def != nil && def.HasDirection {
		direction = ""
		if def.Direction != nil {
			direction = *def.Direction
		}
	}
	return w.text(v, v.Text(), language, direction)
}

// text makes the term of a string, checking its language and direction, which
// v or the contexts state.
func (w *walk) text(v strictjson.Value, value, language, direction string) (rdfc.Term, error) {
	if language != "" && !isLanguageTag(language) {
		return rdfc.Term{}, loss(v, language, ReasonLanguage)
	}
	if direction != "" && direction != "ltr" && direction != "rtl" {
		return rdfc.Term{}, loss(v, direction, ReasonDirection)
	}
	return text(value, language, direction), nil
}

// object reads an object that a property leads to.
func (w *walk) object(at place, v strictjson.Value) ([]rdfc.Term, error) {
	a, err := w.contextFor(at, v)
	if err != nil {
		return nil, err
	}
	switch w.shapeOf(a, v) {
	case valueObject:
		term, err := w.valueObject(at, a, v)
		return []rdfc.Term{term}, err
	case listObject, setObject:
		if w.closed {
			return nil, loss(v, "", ReasonKeyword)
		}
		return w.collection(at, a, v)
	}
	n, err := w.node(at, a, v)
	if err != nil {
		return nil, err
	}
	return []rdfc.Term{n.subject}, nil
}

// valueObject makes the term of a value object (JSON-LD 1.1 §9.5). In the
// closed profile it is a string with a language and a direction, where the
// contexts do not say otherwise.
func (w *walk) valueObject(at place, a *active, v strictjson.Value) (rdfc.Term, error) {
	parts := make(map[string]strictjson.Value, 4)
	for name, member := range v.Members() {
		keyword := a.expand(name, true)
		switch keyword {
		case "@value", "@language", "@direction":
		case "@type":
			if w.closed {
				return rdfc.Term{}, loss(member, name, ReasonValueObject)
			}
		case "@index":
			return rdfc.Term{}, loss(member, name, ReasonIndex)
		default:
			return rdfc.Term{}, loss(member, name, ReasonValueObject)
		}
		if parts[keyword].Exists() || w.closed && name != keyword {
			return rdfc.Term{}, loss(member, name, ReasonValueObject)
		}
		parts[keyword] = member
	}
	value := parts["@value"]
	if w.closed && at.def != nil && at.def.Type != "" && at.def.Type != "@none" {
		return rdfc.Term{}, loss(v, at.term, ReasonValueObject)
	}
	if parts["@type"].Exists() {
		return w.typedValue(a, v, parts)
	}
	switch value.Kind() {
	case strictjson.Null:
		return rdfc.Term{}, loss(value, "", ReasonNull)
	case strictjson.String:
		return w.taggedValue(value, parts)
	case strictjson.Bool, strictjson.Number:
		if w.closed || len(parts) > 1 {
			return rdfc.Term{}, loss(value, "", ReasonNotString)
		}
		return w.nativeValue(value, "")
	}
	return rdfc.Term{}, loss(value, "", ReasonNotString)
}

// taggedValue makes the term of a string that may have a language and a
// direction.
func (w *walk) taggedValue(value strictjson.Value, parts map[string]strictjson.Value) (rdfc.Term, error) {
	at := value
	for _, keyword := range []string{"@language", "@direction"} {
		part, ok := parts[keyword]
		if !ok {
			continue
		}
		if part.Kind() != strictjson.String {
			return rdfc.Term{}, loss(part, keyword, ReasonNotString)
		}
		if part.Is("") {
			return rdfc.Term{}, loss(part, keyword, ReasonValueObject)
		}
		if keyword == "@language" || at == value {
			at = part
		}
	}
	return w.text(at, value.Text(), parts["@language"].Text(), parts["@direction"].Text())
}

// nativeValue makes the term of a number or boolean with a datatype.
func (w *walk) nativeValue(v strictjson.Value, datatype string) (rdfc.Term, error) {
	term, reason := native(v, datatype, w.closed)
	if reason != "" {
		return rdfc.Term{}, loss(v, v.Literal(), reason)
	}
	return term, nil
}

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
		if element.Kind() == strictjson.Array && w.closed {
			return nil, loss(element, "", ReasonNested)
		}
		graph, err := w.blank()
		if err != nil {
			return nil, err
		}
		at.graph = graph
		before := len(w.quads)
		if _, err := w.items(at, element); err != nil {
			return nil, err
		}
		// A literal or a bare reference states nothing inside the graph.
		if len(w.quads) == before {
			return nil, loss(element, "", ReasonNotCovered)
		}
		terms = append(terms, graph)
	}
	return terms, nil
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
