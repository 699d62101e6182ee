package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mr-tron/base58"
	"github.com/piprate/json-gold/ld"
)

// The names of the operations of json-gold.
const (
	naiveIssue     = "json-gold issue"
	naiveVerify    = "json-gold verify"
	preparedIssue  = "json-gold prepared issue"
	preparedVerify = "json-gold prepared verify"
)

// jsonGold issues and verifies as one does with json-gold: encoding/json, its
// processor over contexts that are loaded before, and its canonicaliser.
type jsonGold struct {
	key    key
	loader ld.DocumentLoader
	// root is the context of the input, parsed beforehand.
	root *ld.Context
}

// noLoader loads nothing: what is not preloaded is a mistake of ours.
type noLoader struct{}

// LoadDocument implements ld.DocumentLoader.
func (noLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	return nil, fmt.Errorf("not loading %s", url)
}

func newJSONGold(l *laurel) (*jsonGold, error) {
	loader := ld.NewCachingDocumentLoader(noLoader{})
	for _, url := range l.set.URLs() {
		revisions, err := l.set.Revisions(url)
		if err != nil {
			return nil, err
		}
		document, err := ld.DocumentFromReader(bytes.NewReader(revisions[0].Bytes))
		if err != nil {
			return nil, fmt.Errorf("reading context %s: %w", url, err)
		}
		loader.AddDocument(url, document)
	}
	g := &jsonGold{key: l.input.key, loader: loader}
	var document struct {
		Context []any `json:"@context"`
	}
	if err := json.Unmarshal(l.input.document, &document); err != nil {
		return nil, err
	}
	root, err := ld.NewContext(nil, g.options()).Parse(document.Context)
	g.root = root
	return g, err
}

func (g *jsonGold) options() *ld.JsonLdOptions {
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader = g.loader
	options.Algorithm = ld.AlgorithmURDNA2015
	options.Format = "application/n-quads"
	return options
}

// canonical makes the canonical form of a document in one of two ways.
type canonical func(document map[string]any) (string, error)

// naive is the processor as it comes.
func (g *jsonGold) naive(document map[string]any) (string, error) {
	form, err := ld.NewJsonLdProcessor().Normalize(document, g.options())
	if err != nil {
		return "", err
	}
	return form.(string), nil
}

// prepared does not parse the document's own @context again: the public
// interface allows that much.
func (g *jsonGold) prepared(document map[string]any) (string, error) {
	options := g.options()
	api := ld.NewJsonLdApi()
	bare := make(map[string]any, len(document))
	for name, value := range document {
		if name != "@context" {
			bare[name] = value
		}
	}
	expanded, err := api.Expand(g.root, "", bare, options, false, nil)
	if err != nil {
		return "", err
	}
	dataset, err := api.ToRDF([]any{expanded}, options)
	if err != nil {
		return "", err
	}
	form, err := api.Normalize(dataset, options)
	if err != nil {
		return "", err
	}
	return form.(string), nil
}

// naiveOptions canonicalises proof options like a document.
func (g *jsonGold) naiveOptions(options map[string]any) (string, error) { return g.naive(options) }

// preparedOptions knows what the canonical form of proof options looks like.
func preparedOptions(options map[string]any) (string, error) {
	text := func(name string) string { s, _ := options[name].(string); return s }
	return `_:c14n0 <http://purl.org/dc/terms/created> "` + text("created") + `"^^<http://www.w3.org/2001/XMLSchema#dateTime> .` + "\n" +
		`_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/security#DataIntegrityProof> .` + "\n" +
		`_:c14n0 <https://w3id.org/security#cryptosuite> "` + text("cryptosuite") + `"^^<https://w3id.org/security#cryptosuiteString> .` + "\n" +
		`_:c14n0 <https://w3id.org/security#proofPurpose> <https://w3id.org/security#` + text("proofPurpose") + `> .` + "\n" +
		`_:c14n0 <https://w3id.org/security#verificationMethod> <` + text("verificationMethod") + `> .` + "\n", nil
}

func (g *jsonGold) issue(data []byte, document, options canonical) ([]byte, error) {
	var credential map[string]any
	if err := json.Unmarshal(data, &credential); err != nil {
		return nil, err
	}
	proof := map[string]any{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofPurpose": "assertionMethod",
		"created": g.key.created.Format("2006-01-02T15:04:05Z"), "verificationMethod": g.key.method,
	}
	message, err := hashed(credential, proof, document, options)
	if err != nil {
		return nil, err
	}
	proof["proofValue"] = "z" + base58.Encode(ed25519.Sign(g.key.private, message))
	credential["proof"] = proof
	return json.Marshal(credential)
}

func (g *jsonGold) verify(data []byte, document, options canonical) error {
	var credential map[string]any
	if err := json.Unmarshal(data, &credential); err != nil {
		return err
	}
	proof, _ := credential["proof"].(map[string]any)
	value, _ := proof["proofValue"].(string)
	delete(credential, "proof")
	delete(proof, "proofValue")
	message, err := hashed(credential, proof, document, options)
	if err != nil {
		return err
	}
	if len(value) < 2 {
		return errors.New("there is no proof value")
	}
	signature, err := base58.Decode(value[1:])
	if err != nil {
		return err
	}
	if !ed25519.Verify(g.key.public(), message, signature) {
		return errors.New("the signature does not match")
	}
	return nil
}

// hashed is what is signed. The proof options get the context of the document.
func hashed(credential, proof map[string]any, document, options canonical) ([]byte, error) {
	proof["@context"] = credential["@context"]
	defer delete(proof, "@context")
	optionsForm, err := options(proof)
	if err != nil {
		return nil, err
	}
	documentForm, err := document(credential)
	if err != nil {
		return nil, err
	}
	first, second := sha256.Sum256([]byte(optionsForm)), sha256.Sum256([]byte(documentForm))
	return append(first[:], second[:]...), nil
}

// operations are json-gold's, after each has verified what Laurel signs and
// Laurel what it signs.
func (g *jsonGold) operations(l *laurel) ([]operation, error) {
	ways := []struct {
		issue, verify     string
		document, options canonical
	}{
		{naiveIssue, naiveVerify, g.naive, g.naiveOptions},
		{preparedIssue, preparedVerify, g.prepared, preparedOptions},
	}
	var operations []operation
	for _, way := range ways {
		signed, err := g.issue(l.input.document, way.document, way.options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.issue, err)
		}
		if err := l.verify(signed); err != nil {
			return nil, fmt.Errorf("verifying what json-gold signed: %w", err)
		}
		if err := g.verify(l.signed, way.document, way.options); err != nil {
			return nil, fmt.Errorf("%s of what Laurel signed: %w", way.verify, err)
		}
		operations = append(operations,
			operation{way.issue, func() error { _, err := g.issue(l.input.document, way.document, way.options); return err }},
			operation{way.verify, func() error { return g.verify(l.signed, way.document, way.options) }})
	}
	return operations, nil
}
