package dataintegrity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"laurel/credential/jcs"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

const (
	credentialsV1 = "https://www.w3.org/2018/credentials/v1"
	credentialsV2 = "https://www.w3.org/ns/credentials/v2"
	// integrityContext defines the terms of proofs for credentials of version
	// 1.1 (VC Data Integrity §2.4).
	integrityContext = "https://w3id.org/security/data-integrity/v2"
)

// missingContext returns the context that defines the terms of a proof, if it is
// made for a credential whose own contexts do not; else "".
func (s *Suites) missingContext(ctx context.Context, p draft) string {
	first := false
	for c := p.root.Get("@context").Items(); c.Next() && !first; {
		switch item := c.Value(); {
		case item.Is(credentialsV2) && !p.suite.isType:
			return "" // it defines them
		case item.Is(credentialsV1), item.Is(credentialsV2):
			first = true
		}
	}
	if !first {
		return ""
	}
	kind, context := Type, integrityContext
	if p.suite.isType {
		kind, context = Ed25519Signature2020, ed25519Context
	}
	defined := true
	err := readOptions(p.options.append(nil, p.suite.isType), func(proof strictjson.Value) {
		dataset, err := s.processor.Dataset(ctx, optionsSource(p.root, proof))
		// A context may map every word there is to something of its own.
		defined = !errors.Is(err, jsonld.ErrDataLoss) && (err != nil || slices.ContainsFunc(dataset.Quads, func(q rdfc.Quad) bool {
			return q.Object.Value == "https://w3id.org/security#"+kind
		}))
	})
	if err != nil || defined {
		return ""
	}
	return context
}

// withContext returns the document with one more context behind the others.
// Proofs over its text say which contexts it had, and must not be left behind.
func (p *draft) withContext(url string) ([]byte, error) {
	overText := func(proof Proof) bool {
		suite, known := suiteOf(proof.Type, proof.Cryptosuite)
		return !known || suite.jcs
	}
	if slices.ContainsFunc(p.existing, overText) {
		return nil, fmt.Errorf("%w: the contexts lack %s, which had to be there before the first proof", ErrMalformedProof, url)
	}
	list := p.root.Get("@context")
	document := p.root.Document().Bytes()
	added := jcs.AppendString(nil, url)
	if list.Kind() == strictjson.Array {
		at := lastEnd(list)
		return slices.Concat(document[:at], []byte{','}, added, document[at:]), nil
	}
	return slices.Concat(document[:list.Start()], []byte{'['}, list.Raw(), []byte{','}, added, []byte{']'}, document[list.End():]), nil
}
