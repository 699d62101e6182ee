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
