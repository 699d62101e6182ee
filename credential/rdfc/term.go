package rdfc

// TermKind says which of the three kinds of RDF term a Term is.
type TermKind uint8

// The kinds of RDF term. The zero TermKind is no term at all.
const (
	IRI TermKind = iota + 1
	BlankNode
	Literal
)

// The datatypes that RDF 1.1 gives to literals written without one.
const (
	// XSDString is the datatype of a plain literal.
	XSDString = "http://www.w3.org/2001/XMLSchema#string"
	// RDFLangString is the datatype of a literal with a language tag.
	RDFLangString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
)

// Term is an RDF term: an IRI, a blank node or a literal. The zero Term is no
// term; as the Graph of a Quad it stands for the default graph.
type Term struct {
	Kind TermKind
	// Value is the IRI, the blank node label without its "_:", or the lexical
	// form of the literal.
	Value string
	// Datatype is the datatype IRI of a literal; "" means xsd:string, or
	// rdf:langString when Language is set.
	Datatype string
	// Language is the language tag of a literal, written as given: RDFC-1.0
	// does not normalise its case, whoever makes the quads does.
	Language string
}

// IsZero reports whether t is no term at all.
func (t Term) IsZero() bool { return t == Term{} }

// Quad is one statement of an RDF dataset. Subject is an IRI or a blank node,
// Predicate an IRI, Object any term, Graph an IRI, a blank node or the zero
// Term for the default graph.
type Quad struct {
	Subject, Predicate, Object, Graph Term
}
