package jsonld

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"laurel/credential/jcs"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// expandedForm makes statements of documents in expanded form, where every name
// is an IRI or a keyword. It shares no code with the walk that it is held
// against, and refuses nothing: what has no statement is left out.
type expandedForm struct {
	quads []rdfc.Quad
	blank int
}

// canonicalExpanded is the canonical form of a document in expanded form.
func canonicalExpanded(data []byte) (string, error) {
	document, err := strictjson.Parse(data)
	if err != nil {
		return "", err
	}
	var e expandedForm
	for item := range document.Root().OneOrMany() {
		e.node(item, rdfc.Term{})
	}
	form, err := rdfc.Canonicalize(context.Background(), e.quads, rdfc.Options{})
	if err != nil {
		return "", err
	}
	return string(form.NQuads), nil
}

func (e *expandedForm) fresh() rdfc.Term {
	e.blank++
	return rdfc.Term{Kind: rdfc.BlankNode, Value: fmt.Sprintf("fresh%d", e.blank)}
}

func (e *expandedForm) add(subject rdfc.Term, predicate string, object, graph rdfc.Term) {
	e.quads = append(e.quads, rdfc.Quad{Subject: subject, Predicate: resourceTerm(predicate), Object: object, Graph: graph})
}

func resourceTerm(id string) rdfc.Term {
	if label, ok := strings.CutPrefix(id, "_:"); ok {
		return rdfc.Term{Kind: rdfc.BlankNode, Value: label}
	}
	return rdfc.Term{Kind: rdfc.IRI, Value: id}
}

// node states what an object says and returns its subject.
func (e *expandedForm) node(v strictjson.Value, graph rdfc.Term) rdfc.Term {
	subject := e.fresh()
	if id := v.Get("@id").Text(); id != "" {
		subject = resourceTerm(id)
	}
	for name, member := range v.Members() {
		for item := range member.OneOrMany() {
			switch {
			case name == "@type":
				e.add(subject, rdf+"type", resourceTerm(item.Text()), graph)
			case name == "@graph":
				e.node(item, subject)
			case name == "@included":
				e.node(item, graph)
			case name == "@reverse":
				for property, nodes := range item.Members() {
					for other := range nodes.OneOrMany() {
						e.add(e.node(other, graph), property, subject, graph)
					}
				}
			case strings.HasPrefix(name, "@"):
			default:
				e.add(subject, name, e.object(item, graph), graph)
			}
		}
	}
	return subject
}

func (e *expandedForm) object(v strictjson.Value, graph rdfc.Term) rdfc.Term {
	switch {
	case v.Get("@value").Exists():
		return literalTerm(v)
	case v.Get("@list").Exists():
		items := slices.Collect(v.Get("@list").OneOrMany())
		rest := rdfc.Term{Kind: rdfc.IRI, Value: rdf + "nil"}
		for _, item := range slices.Backward(items) {
			cell := e.fresh()
			e.add(cell, rdf+"first", e.object(item, graph), graph)
			e.add(cell, rdf+"rest", rest, graph)
			rest = cell
		}
		return rest
	}
	return e.node(v, graph)
}

func literalTerm(v strictjson.Value) rdfc.Term {
	value, datatype := v.Get("@value"), v.Get("@type").Text()
	language, direction := strings.ToLower(v.Get("@language").Text()), v.Get("@direction").Text()
	t := rdfc.Term{Kind: rdfc.Literal, Value: value.Text(), Datatype: datatype, Language: language}
	switch {
	case datatype == "@json":
		t.Value, t.Datatype = string(jcs.Append(nil, value)), rdf+"JSON"
	case direction != "":
		t.Datatype, t.Language = i18n+language+"_"+direction, ""
	case value.Kind() == strictjson.Bool:
		t.Value = strconv.FormatBool(value.Bool())
		if datatype == "" {
			t.Datatype = xsdBoolean
		}
	case value.Kind() == strictjson.Number:
		number := value.Float()
		whole := number == math.Trunc(number) && math.Abs(number) < 1e21
		switch {
		case whole && datatype != xsdDouble:
			t.Value = strconv.FormatFloat(number, 'f', 0, 64)
			if datatype == "" {
				t.Datatype = xsdInteger
			}
		default:
			t.Value = doubleForm(number)
			if datatype == "" {
				t.Datatype = xsdDouble
			}
		}
	}
	return t
}

// doubleForm is the canonical form of an xsd:double, %1.15E without the zeros.
func doubleForm(number float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(number, 'E', 15, 64), "E")
	if mantissa = strings.TrimRight(mantissa, "0"); strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	exponent = strings.TrimLeft(exponent[1:], "0")
	return mantissa + "E" + sign + max(exponent, "0")
}
