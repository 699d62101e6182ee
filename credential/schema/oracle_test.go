package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"laurel/internal/testdata"
)

// The published JSON Schemas are the oracle: over the samples and single
// mutations of them, what the widened schemas refuse must be an error here, and
// what is only refused here must be for a reason in this list.

// stricter are the codes of what the schemas do not cover: where that may be
// (anywhere when empty), and why.
var stricter = map[string]struct{ path, why string }{
	"empty_array":             {"", "empty arrays must be omitted"},
	"null_value":              {"", "nulls must be omitted, in extensions too"},
	"uri_malformed":           {"", "the schemas take any string for a URI"},
	"uri_unsafe":              {"", "the schemas take any string for a URI"},
	"context_malformed":       {"", "the schemas take any string for a context"},
	"context_repeated":        {"", "an ordered set has no duplicates; the schema of W3C says so"},
	"type_malformed":          {"", "the schemas take any string for a further type"},
	"criteria_empty":          {"", "required by the text, not by the schemas"},
	"subject_unidentified":    {"", "required by the text, not by the schemas"},
	"result_not_described":    {"", "a reference between nodes"},
	"level_not_described":     {"", "a reference between nodes"},
	"result_status_missing":   {"", "a reference between nodes"},
	"period_reversed":         {"", "a comparison"},
	"property_of_other_model": {"", "the schemas are open, the contexts are not"},
	"date_time_malformed":     {"", "xsd:dateTimeStamp has no leap second and no lower-case t or z"},
	"claim_missing":           {"", "an id is no claim"},
	"localized_malformed":     {"", "name and description, which the schema of W3C leaves open"},
	"wrong_type":              {"/(id|type|status[A-Z][a-zA-Z]+)(/[0-9]+)?$", "members of nodes that the schemas do not know"},
	"property_missing":        {"/status[A-Z][a-zA-Z]+$", "members of BitstringStatusListEntry, which the schemas do not know"},
	"single_expected":         {"/(id|status[A-Z][a-zA-Z]+)$", "members of nodes that the schemas do not know"},
	"status_index_malformed":  {"", "members of BitstringStatusListEntry, which the schemas do not know"},
}

// milder are the codes of warnings that the schemas treat as errors, and why.
var milder = map[string]string{
	"single_recommended":     "contracts: a suspension needs a second credentialStatus; W3C allows it",
	"context_alias":          "the public validator takes it with a warning",
	"date_time_zone_missing": "VC Data Model tells verifiers to read it as UTC; in a badge it is an error",
}

// tolerated are the refusals of the published schemas, as they are, that are no
// refusal nor warning here: where in the document, and why.
var tolerated = []struct {
	path *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`/type$`), "a compacted document has a string for a set of one; the family of schemas for JSON-LD takes it"},
	{regexp.MustCompile(`/proof(/|$)`), "the same of proof, which several good samples have as an object; its members are package dataintegrity's matter"},
	{regexp.MustCompile(`/credentialSchema$`), "the same of credentialSchema"},
	{regexp.MustCompile(`/termsOfUse$`), "the same of termsOfUse"},
	{regexp.MustCompile(`/credentialStatus(/[0-9]+)?$`), "its id is optional since Open Badges 3.0.4, as in VC Data Model 2.0"},
	{regexp.MustCompile(`/refreshService(/[0-9]+)?$`), "its id is required by the schema of W3C and not by the specification"},
}

// compareEvery thins the mutations out, see race_test.go.
var compareEvery = 1

// contextExtensions is a context that is neither the first nor the second.
const contextExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"

// oracle is a schema and the kind of credential that it is for.
type oracle struct {
	version Version
	kind    Kind
	schema  *jsonschema.Schema
	// published is the schema as it is, before it was widened; nil for none.
	published *jsonschema.Schema
}

func TestOpenBadgesSchemaOracle(t *testing.T) {
	all := testdata.OpenBadges(t)
	for _, name := range []string{"AchievementCredential", "EndorsementCredential"} {
		data, err := json.Marshal(maximal(t, name, 3))
		if err != nil {
			t.Fatal(err)
		}
		if faults := Errors(mustRead(t, data).validate()); len(faults) > 0 {
			t.Fatalf("every property of %s: %v", name, faults)
		}
		all["every property of "+name] = data
	}
	compareAll(t, all, 5000,
		oracle{V2, KindAchievement, openBadgesSchema(t, "achievementcredential.json"), compileSchema(t, publishedSchema(t, "achievementcredential.json"))},
		oracle{V2, KindEndorsement, openBadgesSchema(t, "endorsementcredential.json"), compileSchema(t, publishedSchema(t, "endorsementcredential.json"))})
}

// TestOpenBadgesSchemaOracleOfVersion1 holds badges of VC Data Model 1.1 against
// the other half of the published schemas for "any" version, which is the same
// but for what the data model names in another way.
func TestOpenBadgesSchemaOracleOfVersion1(t *testing.T) {
	all := testdata.OpenBadges(t)
	older := strings.NewReplacer(ContextV2, ContextV1, `"validFrom"`, `"issuanceDate"`, `"validUntil"`, `"expirationDate"`)
	for _, name := range []string{"AchievementCredential", "EndorsementCredential"} {
		newer, err := json.Marshal(maximal(t, name, 1))
		if err != nil {
			t.Fatal(err)
		}
		data := []byte(older.Replace(string(newer)))
		if faults := Errors(mustRead(t, data).validate()); len(faults) > 0 {
			t.Fatalf("every property of %s: %v", name, faults)
		}
		all["every property of "+name] = data
	}
	compareAll(t, all, 3000,
		oracle{V1, KindAchievement, schemaOfVersion1(t, "achievementcredential.json", "name"), nil},
		oracle{V1, KindEndorsement, schemaOfVersion1(t, "endorsementcredential.json"), nil})
}

// schemaOfVersion1 makes of a published schema, widened, that of VC Data Model 1.1:
// the context, the names of the dates, an issuer that is a Profile, and what is
// required besides.
func schemaOfVersion1(t *testing.T, name string, required ...any) *jsonschema.Schema {
	t.Helper()
	root := widened(t, name)
	definitions := root["$defs"].(map[string]any)
	definitions["CredentialStatus"].(map[string]any)["required"] = []any{"id", "type"}
	endorsement := definitions["EndorsementCredential"].(map[string]any)
	for _, credential := range []map[string]any{root, endorsement} {
		properties := credential["properties"].(map[string]any)
		context := properties["@context"].(map[string]any)
		context["items"].([]any)[0] = map[string]any{"enum": []any{ContextV1}}
		for newer, older := range map[string]string{"validFrom": "issuanceDate", "validUntil": "expirationDate"} {
			properties[older] = properties[newer]
			delete(properties, newer)
		}
		properties["issuer"] = map[string]any{"$ref": "#/$defs/Profile"}
		credential["required"] = slices.DeleteFunc(slices.Clone(credential["required"].([]any)), func(n any) bool { return n == "validFrom" })
		credential["required"] = append(credential["required"].([]any), "issuanceDate")
	}
	root["required"] = append(root["required"].([]any), required...)
	return compileSchema(t, root)
}

func TestW3CSchemaOracle(t *testing.T) {
	compareAll(t, plainSamples(t), 1200, oracle{
		V2, KindOther, w3cSchema(t), compileSchema(t, readSchema(t, "w3c", "vcdm-schema", "verifiable-credential", "verifiable-credential-schema.json")),
	})
}

// plainSamples reads the examples of VC Data Model 2.0 and some of the vectors
// of Data Integrity.
func plainSamples(t testing.TB) map[string][]byte {
	t.Helper()
	root := testdata.Shared(t, "w3c")
	found := make(map[string][]byte)
	for _, pattern := range []string{
		"vcdm-schema/verifiable-credential/example-*.json", "vc-di-eddsa/*.json", "vc-di-eddsa/proof-set-chain/signed*.json",
		"vc-di-eddsa/eddsa-rdfc-2022/signed*.json", "vc-di-ecdsa/*.json",
	} {
		paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if found[filepath.Base(path)], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	return found
}

// compareAll compares every sample of a kind that has an oracle, and every
// mutation of it.
func compareAll(t *testing.T, all map[string][]byte, least int, oracles ...oracle) {
	t.Helper()
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { // the small ones cover most, quickly
		return cmp.Or(len(all[a])-len(all[b]), strings.Compare(a, b))
	})
	seen := make(map[string]bool)
	compared, refused := 0, 0
	for _, name := range names {
		c, err := read(all[name])
		if err != nil {
			continue
		}
		i := slices.IndexFunc(oracles, func(o oracle) bool { return o.version == c.version && o.kind == c.kind })
		if i < 0 {
			continue
		}
		sound := len(Errors(c.validate())) == 0
		mutate(t, all[name], func(change, path string, document func() any) {
			if path != "" && !sound {
				return // a fault of the document itself would hide those of its mutations
			}
			key := c.kind.String() + change + place(path)
			if seen[key] {
				return
			}
			seen[key] = true
			if len(seen)%compareEvery != 0 {
				return
			}
			compared++
			if compare(t, oracles[i], name+", "+change+" "+path, document()) {
				refused++
			}
		})
	}
	t.Logf("%d documents compared, %d of them refused by the schemas", compared, refused)
	if compared < least/compareEvery || refused < least/5/compareEvery {
		t.Errorf("too few documents compared: %d, refused %d", compared, refused)
	}
}

// compare reports whether the schema refused the document.
func compare(t *testing.T, o oracle, name string, document any) bool {
	t.Helper()
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	official := o.schema.Validate(document)
	c, err := read(data)
	if err != nil {
		if official == nil {
			t.Errorf("%s: the schema takes it, we do not: %v", name, err)
		}
		return official != nil
	}
	if c.kind != o.kind || c.version != o.version { // so it is held against other rules
		if official == nil {
			t.Errorf("%s: the schema takes it for a %v of %v, we for a %v of %v", name, o.kind, o.version, c.kind, c.version)
		}
		return official != nil
	}
	violations := c.validate()
	faults := Errors(violations)
	switch {
	case official == nil:
		for _, v := range faults {
			if allowed, ok := stricter[v.Code]; !ok || !regexp.MustCompile(allowed.path).MatchString(v.Path) {
				t.Errorf("%s: only we refuse: %s (%s)", name, v, v.Code)
			}
		}
	case len(faults) == 0 && !slices.ContainsFunc(violations, func(v Violation) bool { return milder[v.Code] != "" }):
		t.Errorf("%s: only the schema refuses: %v", name, official)
	}
	if o.published != nil && len(violations) == 0 {
		strictly(t, name, o.published.Validate(document))
	}
	return official != nil
}

// strictly holds what is refused by a schema as it is, and has neither fault nor
// warning here, against the list of what is tolerated.
func strictly(t *testing.T, name string, official error) {
	t.Helper()
	var refused *jsonschema.ValidationError
	if !errors.As(official, &refused) {
		return
	}
	var visit func(*jsonschema.ValidationError) bool // whether all that is behind it is tolerated
	visit = func(e *jsonschema.ValidationError) bool {
		path := ""
		for _, token := range e.InstanceLocation {
			path += "/" + token
		}
		for i := range tolerated {
			if tolerated[i].path.MatchString(path) {
				return true
			}
		}
		if _, ok := e.ErrorKind.(*kind.OneOf); ok { // another branch is for other documents
			return slices.ContainsFunc(e.Causes, visit)
		}
		return len(e.Causes) > 0 && !slices.ContainsFunc(e.Causes, func(cause *jsonschema.ValidationError) bool { return !visit(cause) })
	}
	if !visit(refused) {
		t.Errorf("%s: the schema as it is refuses, we do not even warn: %v", name, official)
	}
}

var (
	indexToken = regexp.MustCompile(`/[0-9]+`)
	sameClass  = regexp.MustCompile(`^.*/(endorsement/\*|alignment/\*|otherIdentifier/\*|issuer|creator|source|parentOrg|image|proof|proof/\*)(/|$)`)
)

// place names a path so that places of one class of the model are alike: what
// holds of one Profile holds of all.
func place(path string) string {
	if strings.Contains(path, "@context") {
		return path // whose order matters
	}
	path = indexToken.ReplaceAllString(path, "/*")
	return sameClass.ReplaceAllString(path, "…/$1$2")
}

// replacements are what every value is changed into.
var replacements = []any{
	nil, true, json.Number("1"), json.Number("-1.5"), "", "x", "https://example.org/x", []any{}, map[string]any{}, []any{"x"}, []any{nil},
}

// wordings are what strings are changed into besides, where the name of the
// member or the string itself matches.
var wordings = []struct {
	where *regexp.Regexp
	texts []string
}{
	{regexp.MustCompile(`^[0-9]{4}-`), []string{
		"2024-02-30T00:00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.123+05:30", "2024-02-29T00:00:00", "2024-02-29T24:00:00Z",
		"12024-02-29T00:00:00Z", "2024-02-29t00:00:00z", "2024-12-31T23:59:60Z", "2024-02-29T00:00:00+14:30", "2024-02-29", "2023-02-29",
		"-2024-02-29T00:00:00Z", "2024-02-29T00:00Z", "2024-02-29T00:00:00+0000", "2024-02-29 00:00:00Z", "20240229T000000Z",
	}},
	{regexp.MustCompile(`^(achievement|identi.*|target|result)Type$|^status$`), []string{
		"ext:term", "ext:", "x-ext:a", "ext:-a", "ext: a", "Ext:a", "Completed", "emailAddress", "email", "CTDL", "Degree", "degree",
	}},
	{regexp.MustCompile(`^inLanguage$`), []string{"en", "en-US", "EN", "zh-Hans-CN", "es-419", "en-us", "english", "x-klingon", "sl-rozaj"}},
	{regexp.MustCompile(`^endorsementJwt$`), []string{"a.b.c", "a..c", "a.b", "a.b.c.d", "a.b.c=", ".b.c", "a.b.c\n"}},
	{regexp.MustCompile(`^@context$`), []string{
		"https://purl.imsglobal.org/spec/ob/v3p0/context.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
		"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.10.json", openBadgesAlias, ContextV1, ContextV2, contextExtensions,
	}},
	{regexp.MustCompile(`^type$`), []string{"VerifiableCredential", "OpenBadgeCredential", "EndorsementCredential", "Achievement", "Image", "Profile"}},
}

// wordingsFor returns the strings to try at a path that holds value.
func wordingsFor(path string, value any) []string {
	words, ok := value.(string)
	if !ok {
		return nil
	}
	tokens := strings.Split(indexToken.ReplaceAllString(path, ""), "/")
	for _, w := range wordings {
		if w.where.MatchString(words) || w.where.MatchString(tokens[len(tokens)-1]) {
			return w.texts
		}
	}
	return nil
}

// mutate visits the document itself and every single change of it: each member
// dropped or added, each value replaced, wrapped in an array or unwrapped.
func mutate(t *testing.T, data []byte, visit func(change, path string, document func() any)) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	visit("as it is", "", func() any { return root })
	walkJSON(root, "", func(path string, value any, set func(any)) {
		change := func(name string, to any) {
			visit(name, path, func() any {
				set(to)
				defer set(value)
				return cloneJSON(root)
			})
		}
		change("drop", dropped{})
		change("wrap", []any{value})
		if list, ok := value.([]any); ok && len(list) > 0 {
			change("unwrap", list[0])
			change("repeat", append(slices.Clone(list), list[0]))
		}
		if object, ok := value.(map[string]any); ok {
			extended := cloneJSON(object).(map[string]any)
			extended["unknown"] = "x"
			change("extend", extended)
		}
		for _, to := range replacements {
			change(fmt.Sprintf("set %v", to), to)
		}
		for _, to := range wordingsFor(path, value) {
			change("set "+to, to)
		}
	})
}

// dropped marks a member to be left out by cloneJSON.
type dropped struct{}

func walkJSON(value any, path string, visit func(path string, value any, set func(any))) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			visit(path+"/"+name, member, func(to any) { value[name] = to })
			walkJSON(member, path+"/"+name, visit)
		}
	case []any:
		for i, element := range value {
			visit(fmt.Sprintf("%s/%d", path, i), element, func(to any) { value[i] = to })
			walkJSON(element, fmt.Sprintf("%s/%d", path, i), visit)
		}
	}
}

func cloneJSON(value any) any {
	switch value := value.(type) {
	case map[string]any:
		clone := make(map[string]any, len(value))
		for name, member := range value {
			if member != any(dropped{}) {
				clone[name] = cloneJSON(member)
			}
		}
		return clone
	case []any:
		clone := make([]any, 0, len(value))
		for _, element := range value {
			if element != any(dropped{}) {
				clone = append(clone, cloneJSON(element))
			}
		}
		return clone
	default:
		return value
	}
}

// openBadgesSchema compiles a published schema, widened to the family that takes
// compacted documents: type as a string, proof, credentialSchema and termsOfUse
// as objects, credentialStatus without an id.
func openBadgesSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return compileSchema(t, widened(t, name))
}

// publishedSchema reads a schema of Open Badges, whose arrays are those of an
// older draft than it names.
func publishedSchema(t *testing.T, name string) map[string]any {
	t.Helper()
	root := readSchema(t, "openbadges", "1EdTech+openbadges-specification@gh-pages", "docs", "schema", name)
	root["$schema"] = "https://json-schema.org/draft/2019-09/schema"
	return root
}

func widened(t *testing.T, name string) map[string]any {
	t.Helper()
	root := publishedSchema(t, name)
	widen(root)
	for name, definition := range root["$defs"].(map[string]any) {
		definition := definition.(map[string]any)
		widen(definition)
		if name == "CredentialStatus" {
			definition["required"] = []any{"type"}
		}
	}
	return root
}

// w3cSchema compiles the schema of VC Data Model 2.0 without its rules for
// proofs, which are those of package dataintegrity, and with the id of a
// refresh service optional, as in the specification.
func w3cSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	root := readSchema(t, "w3c", "vcdm-schema", "verifiable-credential", "verifiable-credential-schema.json")
	definitions := root["$defs"].(map[string]any)
	definitions["proof"] = map[string]any{"type": "object", "required": []any{"type"}, "properties": map[string]any{"type": map[string]any{"type": "string"}}}
	definitions["refreshService"].(map[string]any)["required"] = []any{"type"}
	return compileSchema(t, root)
}

func readSchema(t *testing.T, path ...string) map[string]any {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(testdata.Read(t, path...)))
	if err != nil {
		t.Fatal(err)
	}
	return document.(map[string]any)
}

func compileSchema(t *testing.T, root map[string]any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("urn:schema", root); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("urn:schema")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func widen(definition map[string]any) {
	properties, _ := definition["properties"].(map[string]any)
	for name, property := range properties {
		property := property.(map[string]any)
		switch contains, isSet := property["contains"].(map[string]any); {
		case name == "type" && isSet:
			single := map[string]any{"type": "string", "enum": contains["enum"]}
			properties[name] = map[string]any{"oneOf": []any{single, property}}
		case name == "proof" || name == "credentialSchema" || name == "termsOfUse":
			properties[name] = map[string]any{"oneOf": []any{property["items"], property}}
		}
	}
}
