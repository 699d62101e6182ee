package verifier

import (
	"strings"

	"laurel/credential"
)

const (
	// schemaValidator is the one type of credentialSchema that Open Badges 3.0
	// has checked; others are left aside.
	schemaValidator = "1EdTechJsonSchemaValidator2019"
	schemaBase      = "https://purl.imsglobal.org/spec/ob/v3p0/schema/"
	// usualSchema is the one that nearly every badge names.
	usualSchema = schemaBase + "json/ob_v3p0_achievementcredential_schema.json"
)

// namedSchemas looks at the schemas that the document says it follows. Those of
// Open Badges 3.0 itself are what was checked already, in each of the forms that
// they are published in. No other is fetched: what it demands is not known.
func (e *examination) namedSchemas() {
	schemas, given := e.credential.Value().Member("credentialSchema")
	if !given {
		return
	}
	for items := schemas.Items(); items.Next(); {
		schema := items.Value()
		is := false
		for types := schema.Get("type").Items(); types.Next(); {
			is = is || types.Value().Is(schemaValidator)
		}
		if !is || e.credential.Kind == credential.KindAchievement && schema.Get("id").Is(usualSchema) {
			continue
		}
		kind, known := kindOfSchema(schema.Get("id").Text())
		switch {
		case !known:
			e.add(CodeSchemaUnavailable, Indeterminate, schema.Pointer(), nil)
		case kind != e.credential.Kind:
			e.add(CodeSchema, Failed, schema.Pointer(), map[string]string{
				"violation": "schema_of_another_kind", "problem": "It names the schema of another kind of credential as its own.",
			})
		}
	}
}

// kindOfSchema tells what kind of credential a published schema of Open Badges
// 3.0 is for, whatever family of them it belongs to.
func kindOfSchema(id string) (kind credential.Kind, known bool) {
	rest, ok := strings.CutPrefix(id, schemaBase)
	if !ok {
		return 0, false
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "json/"), "json-ld/")
	rest = strings.TrimPrefix(rest, "ob_v3p0_")
	for _, end := range []string{"-jsonschema1.json", "_schema.json", ".json"} {
		if name, ok := strings.CutSuffix(rest, end); ok {
			switch strings.TrimPrefix(name, "any") {
			case "achievementcredential":
				return credential.KindAchievement, true
			case "endorsementcredential":
				return credential.KindEndorsement, true
			}
			return 0, false
		}
	}
	return 0, false
}
