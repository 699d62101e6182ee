package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"laurel/credential/strictjson"
)

// plainClasses are those of VC Data Model, held to its milder rules.
var plainClasses = []string{
	"VerifiableCredential", "Issuer", "Subject", "Typed", "PlainCredentialSchema", "PlainCredentialStatus", "PlainProof",
	"RelatedResource", "EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation", "VerifiablePresentation",
}

// needed are members that a rule of the class, not its table, asks for.
var needed = map[string]map[string]any{
	"AchievementSubject": {"id": "did:example:1"},
	"Criteria":           {"narrative": "Do it."},
	"Subject":            {"name": "a claim"},
	"RelatedResource":    {"digestSRI": "sha256-x"},
}

// TestTable makes, for every property of every class, siblings of a minimal
// node that must pass and siblings that must fail with the code named.
func TestTable(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(classes)) {
		for i := range classes[name].properties {
			p := &classes[name].properties[i]
			t.Run(name+"/"+p.name, func(t *testing.T) { testProperty(t, name, p) })
		}
		t.Run(name, func(t *testing.T) {
			node := minimal(t, name)
			checkNode(t, name, node, "", "")
			node["anything"] = "x"
			if classes[name].closed {
				checkNode(t, name, node, "/anything", "unknown_property")
			} else {
				checkNode(t, name, node, "", "")
			}
		})
	}
}

func testProperty(t *testing.T, name string, p *property) {
	path := "/" + p.name
	with := func(value any) map[string]any {
		node := minimal(t, name)
		node[p.name] = value
		return node
	}
	if p.required {
		node := minimal(t, name)
		delete(node, p.name)
		checkNode(t, name, node, path, "property_missing")
	}
	checkNode(t, name, with(nil), path, "null_value")
	checkNode(t, name, with([]any{}), path, "empty_array")
	if p.shape == contextList || p.shape == localized || p.shape == anything {
		return // tested by hand
	}
	good, bad := valuesOf(t, name, p)
	for _, value := range good {
		single, several := with(value), with([]any{value})
		switch p.amount {
		case one:
			checkNode(t, name, single, "", "")
			checkNode(t, name, several, path, "single_expected")
		case list:
			checkNode(t, name, single, path, "array_expected")
			checkNode(t, name, several, "", "")
		default:
			checkNode(t, name, single, "", "")
			checkNode(t, name, several, "", "")
			checkNode(t, name, with([]any{value, nil}), path+"/1", "null_value")
		}
	}
	for code, values := range bad {
		for _, value := range values {
			if p.amount == list {
				at := path + "/0"
				if code == "type_mismatch" {
					at = path
				}
				checkNode(t, name, with([]any{value}), at, code)
			} else {
				checkNode(t, name, with(value), path, code)
			}
		}
	}
}

// valuesOf returns values that a property takes and, by code, that it refuses.
func valuesOf(t *testing.T, name string, p *property) (good []any, bad map[string][]any) {
	t.Helper()
	switch p.shape {
	case text, prose:
		return []any{"words"}, map[string][]any{"wrong_type": {1, true, map[string]any{}}}
	case uri:
		if strings.HasPrefix(name, "Enveloped") {
			return []any{"data:application/vc+jwt,a.b.c"}, map[string][]any{"envelope_not_data": {"https://example.org/"}}
		}
		return []any{"https://example.org/a?b#c", "urn:uuid:0", "did:example:1", "data:image/png;base64,AA=="},
			map[string][]any{"wrong_type": {1, map[string]any{}}, "uri_malformed": {"", "a/b", "//example.org", "https://", "http:x", "https://a b"}}
	case timestamp:
		return []any{"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.5-09:30"},
			map[string][]any{"wrong_type": {1, map[string]any{}}, "date_time_malformed": {"", "2024-02-29", "2023-02-29T12:00:00Z"}}
	case date:
		return []any{"2024-02-29"}, map[string][]any{"wrong_type": {1}, "date_malformed": {"", "2023-02-29", "29.2.2024"}}
	case language:
		return []any{"en", "zh-Hans", "pt-BR", "es-419"}, map[string][]any{"wrong_type": {1}, "language_malformed": {"", "EN", "en_US", "english"}}
	case compactJWS:
		return []any{"a.b.c", "a..c"}, map[string][]any{"wrong_type": {1}, "jws_malformed": {"", "a.b", "a.b.c.d", "a.b.+"}}
	case number:
		return []any{0, 1.5, -2}, map[string][]any{"wrong_type": {"1", true}}
	case boolean:
		return []any{true, false}, map[string][]any{"wrong_type": {"true", 1}}
	case term:
		good = []any{p.vocabulary.terms[0], p.vocabulary.terms[len(p.vocabulary.terms)-1]}
		bad = map[string][]any{"wrong_type": {1}, "term_unknown": {"", "no such term"}}
		if p.vocabulary.extensible {
			return append(good, "ext:mine"), bad
		}
		bad["term_unknown"] = append(bad["term_unknown"], "ext:mine")
		return good, bad
	case typeSet:
		return typesOf(p)
	case object:
		return []any{minimal(t, variant(name, p.class))}, map[string][]any{"wrong_type": {"x", 1, true}}
	case reference:
		return []any{"did:example:1", minimal(t, variant(name, p.class))}, map[string][]any{"wrong_type": {1, true}, "uri_malformed": {"x"}}
	case textOrInteger:
		return []any{"0", "131071", 7}, map[string][]any{"status_index_malformed": {"", "-1", "x", -1, 1.5, true}}
	}
	t.Fatalf("no values for the shape of %s", p.name)
	return nil, nil
}

func typesOf(p *property) (good []any, bad map[string][]any) {
	bad = map[string][]any{"wrong_type": {1, map[string]any{}}, "type_malformed": {"", "a b"}}
	if len(p.types) == 0 {
		return []any{"Anything"}, bad
	}
	bad["type_mismatch"] = []any{"Anything"}
	if len(p.types) > 1 {
		return nil, bad // several are needed: tested by the minimal node
	}
	for _, name := range p.types[0] {
		good = append(good, name)
	}
	return good, bad
}

// minimal returns a node with what its class requires.
func minimal(t *testing.T, name string) map[string]any {
	t.Helper()
	node := maps.Clone(needed[name])
	if node == nil {
		node = make(map[string]any)
	}
	for i := range classes[name].properties {
		p := &classes[name].properties[i]
		if !p.required {
			continue
		}
		switch {
		case p.shape == contextList:
			node[p.name] = contextsFor(name)
		case p.shape == typeSet && len(p.types) > 1:
			var types []any
			for _, group := range p.types {
				types = append(types, group[0])
			}
			node[p.name] = types
		default:
			good, _ := valuesOf(t, name, p)
			node[p.name] = good[0]
			if p.amount == list {
				node[p.name] = good[:1]
			}
		}
	}
	return node
}

// unknownToSchemas are left out of a maximal node; achievedLevel because it must
// be the id of another node.
var unknownToSchemas = []string{"relatedResource", "renderMethod", "achievedLevel"}

// maximal returns a node with every property of its class that the published
// schemas know, nodes inside likewise down to a depth.
func maximal(t *testing.T, name string, depth int) map[string]any {
	t.Helper()
	node := minimal(t, name)
	for i := range classes[name].properties {
		p := &classes[name].properties[i]
		if p.shape == contextList || p.shape == typeSet || slices.Contains(unknownToSchemas, p.name) {
			continue
		}
		good, _ := valuesOf(t, name, p)
		if p.class != "" {
			if depth == 0 && !p.required {
				continue
			}
			good = []any{maximal(t, variant(name, p.class), max(depth-1, 0))}
		}
		node[p.name] = good[0]
		if p.amount == list {
			node[p.name] = good[:1]
		}
	}
	return node
}

func contextsFor(name string) []any {
	first := ContextV2
	if strings.HasSuffix(name, " 1.1") {
		first = ContextV1
	}
	if slices.Contains(plainClasses, strings.TrimSuffix(name, " 1.1")) {
		return []any{first}
	}
	return []any{first, ContextOpenBadges}
}

// variant finds the class of a node inside another as the validator does.
func variant(outer, name string) string {
	if _, ok := classes[name+" 1.1"]; ok && strings.HasSuffix(outer, " 1.1") {
		return name + " 1.1"
	}
	return name
}

// checkNode validates a node as one of a class and expects exactly one error,
// or none when code is empty. Where a fault is inevitably two, the one named
// must be among them.
func checkNode(t *testing.T, name string, node map[string]any, path, code string) {
	t.Helper()
	data, err := json.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := strictjson.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	plain, old := strings.CutSuffix(name, " 1.1")
	v := &validator{version: V2, badge: !slices.Contains(plainClasses, plain)}
	if old {
		v.version = V1
	}
	v.node(classOf(plain, v.version), doc.Root())
	faults := Errors(v.violations())
	if code == "" {
		if len(faults) > 0 {
			t.Errorf("%s refused: %v", data, faults)
		}
		return
	}
	if !slices.ContainsFunc(faults, func(f Violation) bool { return f.Path == path && f.Code == code }) {
		t.Errorf("%s: got %v, want %s at %s", data, faults, code, path)
	}
	if len(faults) > 3 {
		t.Errorf("%s: one fault is reported %d times: %v", data, len(faults), faults)
	}
}
