package jsonld

import (
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// values reads the value of a member.
func (w *walk) values(at *place, v strictjson.Value) error {
	if at.def == nil || at.def.container == 0 && at.def.coercion != coerceJSON {
		return w.items(at, v)
	}
	if at.def.coercion == coerceJSON {
		return w.jsonLiteral(at, v)
	}
	holds, isObject := at.def.container, v.Kind() == strictjson.Object
	switch {
	case isObject && holds&containerLanguage != 0:
		return w.languageMap(at, v)
	case isObject && holds&containerMap != 0:
		// The names of such a map are data in places where this package has
		// none for them.
		return loss(v, at.name.Text(), ReasonIndex)
	case holds&containerList != 0:
		return w.listContainer(at, v)
	case holds&containerGraph != 0:
		return w.graphs(at, v)
	}
	return w.items(at, v)
}

// items reads a value, or each value of an array.
func (w *walk) items(at *place, v strictjson.Value) error {
	if v.Kind() != strictjson.Array {
		return w.item(at, v)
	}
	if v.Len() == 0 {
		return loss(v, "", ReasonEmpty)
	}
	for c := v.Cursor(); c.Next(); {
		element := c.Value()
		if element.Kind() == strictjson.Array && w.closed {
			return loss(element, "", ReasonNested)
		}
		if err := w.items(at, element); err != nil {
			return err
		}
	}
	return nil
}

// item reads one value that is no array.
func (w *walk) item(at *place, v strictjson.Value) error {
	switch v.Kind() {
	case strictjson.Object:
		return w.object(at, v)
	case strictjson.Null:
		return loss(v, "", ReasonNull)
	}
	a, def := at.active, at.def
	if def != nil && def.scoped && !at.entered {
		var err error
		if a, err = w.scoped(a, byProperty, def, v); err != nil {
			return err
		}
	}
	if a != at.active || at.entered {
		def = a.term(w.textOf(at.name))
	}
	if def == nil {
		def = a.undefined
	}
	return w.scalar(at, a, def, v)
}

// scalar reads a string, number or boolean under a term whose definition in a
// says what it is (JSON-LD 1.1 API §5.3.2).
func (w *walk) scalar(at *place, a *active, def *term, v strictjson.Value) error {
	coercion, isString := def.coercion, v.Kind() == strictjson.String
	switch coercion {
	case coerceJSON:
		return w.jsonLiteral(at, v)
	case coerceID, coerceVocab:
		if isString {
			n, err := w.resource(a, v, coercion == coerceVocab)
			if err != nil {
				return err
			}
			return w.link(at, n)
		}
		if w.closed {
			return loss(v, "", ReasonNotObject)
		}
		coercion = coerceNothing
	}
	switch {
	case isString && def.unfit && coercion == coerceNothing:
		return w.tagged(at, v, def.language, def.direction, v)
	case coercion == coerceDatatype && def.unfit:
		return loss(v, def.datatype, ReasonMalformedIRI)
	case isString:
		return w.literal(at, v, w.textOf(v), def.literal)
	case coercion == coerceDatatype:
		return w.native(at, v, def.datatype, def.literal)
	}
	return w.native(at, v, "", rdfc.LiteralType{})
}

// tagged reads a string with a language and a direction, which fault or the
// contexts state.
func (w *walk) tagged(at *place, v strictjson.Value, language, direction string, fault strictjson.Value) error {
	t, wrong, reason := textType(language, direction)
	if reason != "" {
		return loss(fault, wrong, reason)
	}
	return w.literal(at, v, w.textOf(v), t)
}

// native reads a number or boolean with a datatype, which may be empty.
func (w *walk) native(at *place, v strictjson.Value, datatype string, t rdfc.LiteralType) error {
	form, given, reason := nativeForm(v, datatype, w.closed)
	if reason != "" {
		return loss(v, v.Literal(), reason)
	}
	if datatype == "" {
		t = given
	}
	return w.literal(at, v, form, t)
}

// jsonLiteral reads a value that is data (JSON-LD 1.1 API §8.2.2).
func (w *walk) jsonLiteral(at *place, v strictjson.Value) error {
	form, lost := jsonForm(v)
	if lost.Exists() {
		return loss(lost, lost.Literal(), ReasonNumber)
	}
	return w.literal(at, v, form, typeJSON)
}

// object reads an object that a property leads to.
func (w *walk) object(at *place, v strictjson.Value) error {
	var o outline
	a, err := w.contextFor(at, v, &o)
	if err != nil {
		return err
	}
	switch o.shape {
	case valueObject:
		return w.valueObject(at, a, v)
	case listObject, setObject:
		if w.closed {
			return loss(v, "", ReasonKeyword)
		}
		return w.collection(at, a, v)
	}
	return w.node(at, a, &o, v)
}

// valueParts are the members of a value object.
type valueParts struct {
	value, kind, language, direction strictjson.Value
	count                            int
}

// valueObject reads a value object (JSON-LD 1.1 §9.5). In the closed profile it
// is a string with a language and a direction, where the contexts do not say
// otherwise.
func (w *walk) valueObject(at *place, a *active, v strictjson.Value) error {
	parts, err := w.partsOf(a, v)
	if err != nil {
		return err
	}
	if w.closed && at.def != nil && at.def.coercion != coerceNothing {
		return loss(v, at.name.Text(), ReasonValueObject)
	}
	if parts.kind.Exists() {
		return w.typedValue(at, a, v, parts)
	}
	value := parts.value
	switch value.Kind() {
	case strictjson.Null:
		return loss(value, "", ReasonNull)
	case strictjson.String:
		return w.taggedValue(at, parts)
	case strictjson.Bool, strictjson.Number:
		if w.closed || parts.count > 1 {
			return loss(value, "", ReasonNotString)
		}
		return w.native(at, value, "", rdfc.LiteralType{})
	}
	return loss(value, "", ReasonNotString)
}

// partsOf takes a value object apart.
func (w *walk) partsOf(a *active, v strictjson.Value) (parts valueParts, err error) {
	for c := v.Cursor(); c.Next(); {
		name, member := c.Name().Text(), c.Value()
		var part *strictjson.Value
		switch a.aliases.keyword([]byte(name)) {
		case keywordValue:
			part = &parts.value
		case keywordLanguage:
			part = &parts.language
		case keywordDirection:
			part = &parts.direction
		case keywordType:
			if part = &parts.kind; w.closed {
				part = nil
			}
		case keywordIndex:
			return parts, loss(member, name, ReasonIndex)
		}
		if part == nil || part.Exists() || w.closed && name[0] != '@' {
			return parts, loss(member, name, ReasonValueObject)
		}
		*part = member
		parts.count++
	}
	return parts, nil
}

// taggedValue reads a string that may have a language and a direction.
func (w *walk) taggedValue(at *place, parts valueParts) error {
	fault := parts.value
	for _, part := range []strictjson.Value{parts.language, parts.direction} {
		switch {
		case !part.Exists():
			continue
		case part.Kind() != strictjson.String:
			return loss(part, w.keywordOfPart(parts, part), ReasonNotString)
		case part.Is(""):
			return loss(part, w.keywordOfPart(parts, part), ReasonValueObject)
		case fault == parts.value:
			fault = part
		}
	}
	return w.tagged(at, parts.value, parts.language.Text(), parts.direction.Text(), fault)
}

func (w *walk) keywordOfPart(parts valueParts, part strictjson.Value) string {
	if part == parts.language {
		return "@language"
	}
	return "@direction"
}
