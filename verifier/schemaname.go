package verifier

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"laurel/credential"
	"laurel/credential/jsonschema"
	"laurel/credential/strictjson"
)

const (
	// schemaValidator is the one type of credentialSchema that Open Badges 3.0
	// has checked; schemaW3C is that of VC JSON Schema. Others are left aside.
	schemaValidator = "1EdTechJsonSchemaValidator2019"
	schemaW3C       = "JsonSchema"
	schemaBase      = "https://purl.imsglobal.org/spec/ob/v3p0/schema/"
	// recordSchemaBase is where the schemas of CLR 2.0 are published.
	recordSchemaBase = "https://purl.imsglobal.org/spec/clr/v2p0/schema/"
	// usualSchema is the one that nearly every badge names.
	usualSchema = schemaBase + "json/ob_v3p0_achievementcredential_schema.json"
	// workOfSchema is about the computing for reading one, as in maxWork.
	workOfSchema = 2_000
	// maxNamedSchemas is how many schemas of one credential are fetched.
	maxNamedSchemas = 4
)

// namedSchemas looks at the schemas that the document says it follows. Those of
// Open Badges 3.0 itself are what was checked already, in each of the forms that
// they are published in; of that of a learner record, record says how much was.
// Any other is fetched once the issuer is shown to have named it.
func (e *examination) namedSchemas() {
	schemas, given := e.credential.Value().Member("credentialSchema")
	if !given {
		return
	}
	others := 0
	for items := schemas.Items(); items.Next(); {
		schema := items.Value()
		id := schema.Get("id")
		required := hasType(schema, schemaValidator)
		if !required && !hasType(schema, schemaW3C) || e.credential.Kind == credential.KindAchievement && id.Is(usualSchema) {
			continue
		}
		kind, known := kindOfSchema(id.Text())
		switch {
		case isRecordSchema(id.Text()) && slices.Contains(e.credential.Types(), recordType):
		case known && kind != e.credential.Kind:
			e.add(CodeSchema, Failed, schema.Pointer(), map[string]string{
				"violation": "schema_of_another_kind", "problem": "It names the schema of another kind of credential as its own.",
			})
		case !known:
			if others++; others > maxNamedSchemas {
				e.schemaUndecided(schema, required, "there are too many of them")
				continue
			}
			e.namedSchema(schema, required)
		}
	}
}

func hasType(v strictjson.Value, name string) bool {
	for types := v.Get("type").Items(); types.Next(); {
		if types.Value().Is(name) {
			return true
		}
	}
	return false
}

// namedSchema fetches a schema and holds the document to it. What cannot be
// decided counts only where Open Badges 3.0 has it decided.
func (e *examination) namedSchema(named strictjson.Value, required bool) {
	if e.trust != verified {
		e.schemaUndecided(named, required, "nothing shows yet that the badge is the issuer's")
		return
	}
	id := named.Get("id").Text()
	schema, reason := e.schemaAt(id, named)
	if schema == nil {
		e.schemaUndecided(named, required, reason)
		return
	}
	violation, work, err := schema.Validate(e.credential.Value(), min(jsonschema.MaxWork, maxWork-e.worked))
	e.worked += min(work, maxWork-e.worked) + workOfSchema
	switch {
	case err != nil:
		e.schemaUndecided(named, required, "they ask for too much work")
	case violation != nil:
		e.add(CodeNamedSchema, Failed, violation.Path, map[string]string{"schema": id, "keyword": violation.Keyword})
	default:
		e.add(CodeNamedSchema, Passed, named.Pointer(), map[string]string{"schema": id})
	}
}

func (e *examination) schemaUndecided(named strictjson.Value, required bool, reason string) {
	params := map[string]string{"reason": reason}
	if required {
		e.add(CodeSchemaUnavailable, Indeterminate, named.Pointer(), params)
	} else {
		e.add(CodeSchemaUnavailable, Skipped, named.Pointer(), params)
	}
}

// schemaAt gives the schema at an address, as long as it has the digests that the
// document has of it; or why there is none.
func (e *examination) schemaAt(id string, named strictjson.Value) (schema *jsonschema.Schema, reason string) {
	digests, err := digestsOf(named)
	if err != nil {
		return nil, "the fingerprint in the badge is malformed"
	}
	data, err := e.fetch(id, KindSchema)
	if err != nil {
		return nil, "they could not be had"
	}
	for _, d := range digests {
		if d.algorithm == 0 {
			continue
		}
		hash := d.algorithm.New()
		hash.Write(data)
		if !bytes.Equal(hash.Sum(nil), d.sum) {
			return nil, "they are not those that the issuer had in hand"
		}
	}
	schema, err = jsonschema.Compile(data)
	switch {
	case errors.Is(err, jsonschema.ErrUnsupported):
		return nil, "they are of a kind that is not known here"
	case err != nil:
		return nil, "they are malformed"
	}
	return schema, ""
}

// kindOfSchema tells what kind of credential a published schema of Open Badges
// 3.0 is for, whatever family of them it belongs to.
func kindOfSchema(id string) (kind credential.Kind, known bool) {
	rest, ok := strings.CutPrefix(id, schemaBase)
	if !ok {
		return 0, false
	}
	switch nameOfSchema(rest, "ob_v3p0_") {
	case "achievementcredential":
		return credential.KindAchievement, true
	case "endorsementcredential":
		return credential.KindEndorsement, true
	}
	return 0, false
}

// isRecordSchema reports whether id is that of a published schema of CLR 2.0 for
// whole records.
func isRecordSchema(id string) bool {
	rest, ok := strings.CutPrefix(id, recordSchemaBase)
	return ok && nameOfSchema(rest, "clr_v2p0_") == "clrcredential"
}

// nameOfSchema takes the name of what a schema describes out of the end of its
// address, or gives "" for an address that is none of a published schema.
func nameOfSchema(rest, version string) string {
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "json/"), "json-ld/")
	rest = strings.TrimPrefix(rest, version)
	for _, end := range []string{"-jsonschema1.json", "_schema.json", ".json"} {
		if name, ok := strings.CutSuffix(rest, end); ok {
			return strings.TrimPrefix(name, "any")
		}
	}
	return ""
}
