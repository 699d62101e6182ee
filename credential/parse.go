package credential

import (
	"slices"

	"laurel/credential/schema"
	"laurel/credential/strictjson"
)

// Credential is a parsed credential: the bytes it came in, a strict tree over
// them, and what it is. It is safe for concurrent reading. That it parsed says
// nothing about its validity: call Validate.
type Credential struct {
	Version Version
	Kind    Kind
	value   strictjson.Value
}

// Parse reads a credential under the default limits of strictjson (1 MiB,
// depth 64). It fails with a *strictjson.Error for anything but strict JSON
// and with a *ParseError when the document is no object, does not begin its
// @context with ContextV2 or ContextV1, or is a presentation (ErrPresentation).
// Everything else, a missing type included, is left to Validate. The caller
// must not change data afterwards.
func Parse(data []byte) (*Credential, error) {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return nil, err
	}
	return FromValue(doc.Root())
}

// FromValue is Parse for a credential that is part of a parsed document, such
// as an endorsement or one inside a presentation. Raw then returns its own
// bytes only; paths of violations stay those of the whole document.
func FromValue(v strictjson.Value) (*Credential, error) {
	version, kind, err := schema.Identify(v)
	if err != nil {
		return nil, err
	}
	return &Credential{Version: version, Kind: kind, value: v}, nil
}

// Validate checks the credential against the data model of its version: see
// schema.Validate.
func (c *Credential) Validate() []Violation { return schema.Validate(c.value, c.Version, c.Kind) }

// Raw returns the bytes of the credential exactly as they were given. The
// caller must not change them.
func (c *Credential) Raw() []byte {
	if doc := c.value.Document(); doc != nil && doc.Root() == c.value {
		return doc.Bytes()
	}
	return c.value.Raw()
}

// Value returns the tree of the credential.
func (c *Credential) Value() strictjson.Value { return c.value }

// IsBadge reports whether the credential claims to be an Open Badge.
func (c *Credential) IsBadge() bool { return c.Kind == KindAchievement }

// Presentation is a parsed verifiable presentation.
type Presentation struct {
	Version Version
	value   strictjson.Value
}

// ParsePresentation reads a verifiable presentation as Parse reads a
// credential. It fails with ErrNotPresentation for anything else.
func ParsePresentation(data []byte) (*Presentation, error) {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return nil, err
	}
	return PresentationFromValue(doc.Root())
}

// PresentationFromValue is ParsePresentation for a document that is parsed
// already.
func PresentationFromValue(v strictjson.Value) (*Presentation, error) {
	version, err := schema.IdentifyPresentation(v)
	if err != nil {
		return nil, err
	}
	return &Presentation{Version: version, value: v}, nil
}

// Validate checks the presentation and every credential in it, like
// Credential.Validate.
func (p *Presentation) Validate() []Violation { return schema.ValidatePresentation(p.value, p.Version) }

// Raw returns the bytes of the presentation exactly as they were given.
func (p *Presentation) Raw() []byte { return p.value.Document().Bytes() }

// Value returns the tree of the presentation.
func (p *Presentation) Value() strictjson.Value { return p.value }

// Credentials returns the values of verifiableCredential, whatever they are.
// Only objects are allowed by version 2.0, which Validate checks.
func (p *Presentation) Credentials() []strictjson.Value {
	return slices.Collect(p.value.Get("verifiableCredential").OneOrMany())
}

// Holder returns the id of the holder, "" when there is none.
func (p *Presentation) Holder() string { return idOf(p.value.Get("holder")) }

// textSet returns the strings of a string or an array.
func textSet(v strictjson.Value) []string {
	var texts []string
	for element := range v.OneOrMany() {
		if element.Kind() == strictjson.String {
			texts = append(texts, element.Text())
		}
	}
	return texts
}

// idOf returns the id of a reference: a URI or an object with one.
func idOf(v strictjson.Value) string {
	if v.Kind() == strictjson.Object {
		return v.Get("id").Text()
	}
	return v.Text()
}
