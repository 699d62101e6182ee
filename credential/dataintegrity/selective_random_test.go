package dataintegrity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// The random documents.

var randomContext = json.RawMessage(`["https://www.w3.org/ns/credentials/v2", {"@vocab": "urn:v:", "list": {"@id": "urn:x:list", "@container": "@list"}, "data": {"@id": "urn:x:data", "@type": "@json"}, "link": {"@id": "urn:x:link", "@type": "@id"}, "graph": {"@id": "urn:x:graph", "@container": "@graph"}}]`)

// randomNode draws a node object.
func randomNode(t *rapid.T, depth int) map[string]any {
	node := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p", "q", "r", "a/b", "s~", "list", "data", "link", "graph"}), 1, 4, rapid.ID).Draw(t, "members") {
		switch name {
		case "data":
			node[name] = map[string]any{"any": []any{1, nil, "x", map[string]any{}}, "more": true}
		case "link":
			node[name] = fmt.Sprint("urn:x:", rapid.IntRange(0, 3).Draw(t, "link"))
		case "list":
			node[name] = randomValues(t, depth, 1)
		case "graph":
			if depth > 0 {
				node[name] = randomNode(t, depth-1)
			}
		default:
			values := randomValues(t, depth, 1)
			if node[name] = values; len(values) == 1 && rapid.Bool().Draw(t, "single") {
				node[name] = values[0]
			}
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "identified") == 0 {
		node["id"] = fmt.Sprint("urn:id:", rapid.IntRange(0, 5).Draw(t, "id"))
	}
	if rapid.Bool().Draw(t, "typed") {
		node["type"] = rapid.SampledFrom([]any{"T", []any{"T", "U"}, []any{"T"}}).Draw(t, "type")
	}
	if len(node) == 0 || len(node) == 1 && node["id"] != nil {
		node["p"] = "x"
	}
	return node
}

func randomValues(t *rapid.T, depth, least int) []any {
	values := make([]any, rapid.IntRange(least, 3).Draw(t, "values"))
	for i := range values {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			values[i] = rapid.IntRange(-3, 3).Draw(t, "number")
		case 1:
			values[i] = rapid.Bool().Draw(t, "boolean")
		case 2:
			values[i] = map[string]any{"@value": "x", "@language": "en"}
		case 3, 4:
			if depth > 0 {
				values[i] = randomNode(t, depth-1)
				break
			}
			fallthrough
		default:
			values[i] = rapid.SampledFrom([]string{"x", "y", "_:c14n0", `"_:c14n0 . \`, "é\u0001"}).Draw(t, "text")
		}
	}
	return values
}

// pointersIn lists the JSON pointers to values of a document. whole is false
// for those into what is signed as one.
func pointersIn(v any, pointer string, whole bool, add func(pointer string, whole bool)) {
	if pointer != "" {
		add(pointer, whole)
	}
	switch v := v.(type) {
	case map[string]any:
		_, isValue := v["@value"]
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name == "@context" || name == "type" || name == "id" {
				continue
			}
			token := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			if name == "data" || name == "list" {
				add(pointer+"/"+token, whole)
				pointersInside(v[name], pointer+"/"+token, add)
				continue
			}
			pointersIn(v[name], pointer+"/"+token, whole && !isValue, add)
		}
	case []any:
		for i, item := range v {
			pointersIn(item, fmt.Sprint(pointer, "/", i), whole, add)
		}
	}
}

func pointersInside(v any, pointer string, add func(pointer string, whole bool)) {
	if list, ok := v.([]any); ok && len(list) == 1 {
		return // the one element of a list is the list
	}
	pointersIn(v, pointer, false, func(p string, _ bool) {
		if p != pointer {
			add(p, false)
		}
	})
}

// TestSelectiveProperty: what a holder derives from any document with any
// pointers verifies, and whatever states something else does not.
func TestSelectiveProperty(t *testing.T) {
	s, processor := laboratory(t)
	signers, checks := selectiveSigners(t), 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; raceEnabled && checks > 40 {
			return // the race detector takes its own time
		}
		document := randomNode(t, 2)
		document["@context"], document["type"] = randomContext, []any{"VerifiableCredential"}
		document["issuer"], document["credentialSubject"] = "did:example:issuer", randomNode(t, 2)
		delete(document, "id")
		data, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		var whole, parts []string
		pointersIn(document, "", true, func(pointer string, isWhole bool) {
			if isWhole {
				whole = append(whole, pointer)
			} else {
				parts = append(parts, pointer)
			}
		})
		choose := rapid.SliceOfN(rapid.SampledFrom(whole), 0, 3)
		mandatory, selective := choose.Draw(t, "mandatory"), choose.Draw(t, "selective")
		suite := ECDSASD2023
		if rapid.IntRange(0, 9).Draw(t, "suite") == 0 && !raceEnabled {
			suite = BBS2023
		}
		signer := signers[suite]
		base, err := s.Sign(ctx, data, signer, Options{Cryptosuite: suite, VerificationMethod: selectiveMethod, MandatoryPointers: mandatory})
		if err != nil {
			t.Fatalf("signing: %v\n%s", err, data)
		}
		check := func(document []byte) (string, error) {
			parsed, err := strictjson.Parse(document)
			if err != nil {
				return "", err
			}
			proofs, err := Proofs(parsed.Root())
			if err != nil {
				return "", err
			}
			form, err := processor.Canonicalize(ctx, documentSource(parsed.Root()), nil, rdfc.Options{})
			if err != nil {
				return "", err
			}
			_, err = s.Verify(ctx, parsed.Root(), proofs[0], signer.Public(), Expect{Now: now})
			return string(form.NQuads), err
		}
		if len(parts) > 0 {
			part := rapid.SampledFrom(parts).Draw(t, "part")
			// Refused, unless the part happens to be stated elsewhere too.
			derived, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: []string{part}})
			if err == nil {
				_, err = check(derived)
			} else if errors.Is(err, ErrPointer) {
				err = nil
			}
			if err != nil {
				t.Fatalf("deriving with %s: %v\n%s", part, err, data)
			}
		}
		derived, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: selective})
		if len(mandatory)+len(selective) == 0 {
			if !errors.Is(err, ErrPointer) {
				t.Fatalf("deriving nothing: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("deriving: %v\n%s", err, data)
		}
		form, err := check(derived)
		if err != nil {
			t.Fatalf("verifying: %v\n%s\n%s", err, data, derived)
		}
		for range 3 {
			changed := mutate(t, derived)
			if other, err := check(changed); (err == nil) != (other == form) && err == nil {
				t.Fatalf("what was changed verifies:\n%s\n%s", derived, changed)
			}
		}
	})
}

// mutate changes, repeats or removes one value of a derived document.
func mutate(t *rapid.T, derived []byte) []byte {
	var document map[string]any
	if err := json.Unmarshal(derived, &document); err != nil {
		t.Fatal(err)
	}
	var places []func()
	var visit func(v any, set func(any), remove func())
	visit = func(v any, set func(any), remove func()) {
		if remove != nil {
			places = append(places, remove)
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if name == "@context" || name == "proof" {
					continue
				}
				visit(v[name], func(n any) { v[name] = n }, func() { delete(v, name) })
			}
		case []any:
			for i, item := range v {
				visit(item, func(n any) { v[i] = n }, func() { set(slices.Delete(slices.Clone(v), i, i+1)) })
			}
			if len(v) > 0 {
				places = append(places, func() { set(append(slices.Clone(v), v[0])) })
			}
		case string:
			places = append(places, func() { set(v + "x") })
		case float64:
			places = append(places, func() { set(v + 1) })
		case bool:
			places = append(places, func() { set(!v) })
		}
	}
	visit(document, nil, nil)
	places[rapid.IntRange(0, len(places)-1).Draw(t, "place")]()
	changed, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}
