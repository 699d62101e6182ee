package schema

// This file is the data model as one table: every class, its properties, what
// a value may be and how many there may be. compile.go prepares it once for
// validate.go, which walks documents by it; what a table cannot say (one of two,
// references between nodes) are the rules named in it, in rules.go.

// shape says what one value of a property is.
type shape uint8

const (
	text          shape = iota // a string
	prose                      // a string of Markdown, where controls and length are nobody's business
	uri                        // an absolute URI or IRI
	timestamp                  // an xsd:dateTimeStamp
	date                       // YYYY-MM-DD
	language                   // a language tag as the published schemas have it
	compactJWS                 // a JWS in compact serialization
	number                     // a JSON number
	boolean                    // true or false
	term                       // a value of a vocabulary
	typeSet                    // the type of a node; terms must be among it
	contextList                // @context
	localized                  // a string, language value object, or array of those
	object                     // a node of the class named
	reference                  // a URI or a node of the class named
	textOrInteger              // statusListIndex: a string by W3C, an integer in the samples of 1EdTech
	anything                   // not ours to judge
)

// amount says how many values a property takes and in which form.
type amount uint8

const (
	one       amount = iota // exactly one value, no array
	oneOrMany               // one value, or an array of at least one
	list                    // an array, even for one value
	oneInOB                 // W3C allows many, Open Badges 3.0 one: an array is a warning
)

// property is one row of the table.
type property struct {
	name       string
	shape      shape
	amount     amount
	required   bool
	class      string      // of object and reference
	vocabulary *vocabulary // of term
	types      [][]string  // of typeSet: of each group one must be present

	nodes [V2 + 1]*class // class by version, compiled
}

// class is a class of the data model. A closed one takes no other properties.
type class struct {
	closed     bool
	properties []property
	rules      []rule

	name     string // without the version, compiled
	names    names  // of properties, compiled
	required uint64 // the positions of those that are required, compiled
}

// must makes a property required.
func must(p property) property { p.required = true; return p }

func value(name string, s shape) property { return property{name: name, shape: s} }

func values(name string, s shape) property { return property{name: name, shape: s, amount: list} }

func node(name, class string) property { return property{name: name, shape: object, class: class} }

func nodes(name, class string) property {
	return property{name: name, shape: object, class: class, amount: list}
}

// nodeOrNodes is for what may be compacted to a single value.
func nodeOrNodes(name, class string) property {
	return property{name: name, shape: object, class: class, amount: oneOrMany}
}

func oneOf(name string, v *vocabulary) property {
	return property{name: name, shape: term, vocabulary: v}
}

// typed requires a type that holds the name, alone or in an array.
func typed(name string) property {
	return property{name: "type", shape: typeSet, amount: oneOrMany, required: true, types: [][]string{{name}}}
}

// typedExactly requires the type to be the name, as the published schemas do
// for some classes.
func typedExactly(name string) property {
	return property{name: "type", shape: typeSet, amount: one, required: true, types: [][]string{{name}}}
}

// typedAs requires an array of types with one of each group.
func typedAs(groups ...[]string) property {
	return property{name: "type", shape: typeSet, amount: list, required: true, types: groups}
}

// typedSomehow requires any type.
func typedSomehow(amount amount) property {
	return property{name: "type", shape: typeSet, amount: amount, required: true}
}

func join(parts ...[]property) []property {
	var all []property
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

var verifiableCredential = []string{"VerifiableCredential"}

// datesV2 and datesV1 are the validity period of a badge by version.
var (
	datesV2 = []property{must(value("validFrom", timestamp)), value("validUntil", timestamp)}
	datesV1 = []property{must(value("issuanceDate", timestamp)), value("expirationDate", timestamp)}
)

// badgeEnvelope are the properties that both credential classes of Open Badges
// have in both versions, besides type, issuer, dates and status.
var badgeEnvelope = []property{
	must(property{name: "@context", shape: contextList, amount: list}),
	must(value("id", uri)),
	value("description", text),
	value("awardedDate", timestamp),
	nodeOrNodes("credentialSchema", "CredentialSchema"),
	node("refreshService", "RefreshService"),
	nodeOrNodes("termsOfUse", "TermsOfUse"),
	nodeOrNodes("proof", "Proof"),
	nodeOrNodes("relatedResource", "RelatedResource"),
	nodeOrNodes("renderMethod", "Typed"),
}

var badgeStatusV2 = property{name: "credentialStatus", shape: object, amount: oneInOB, class: "CredentialStatus"}

var badgeStatusV1 = property{name: "credentialStatus", shape: object, amount: oneInOB, class: "CredentialStatus 1.1"}

var issuerV2 = property{name: "issuer", shape: reference, class: "Profile", required: true}

// achievementCredential are the properties of a badge alone.
var achievementCredential = []property{
	typedAs(verifiableCredential, []string{"AchievementCredential", "OpenBadgeCredential"}),
	node("image", "Image"),
	must(node("credentialSubject", "AchievementSubject")),
	nodes("evidence", "Evidence"),
	nodes("endorsement", "EndorsementCredential"),
	values("endorsementJwt", compactJWS),
}

// endorsementCredential are the properties of an endorsement alone.
var endorsementCredential = []property{
	typedAs(verifiableCredential, []string{"EndorsementCredential"}),
	must(value("name", text)),
	must(node("credentialSubject", "EndorsementSubject")),
}

// plainEnvelope are the properties of VC Data Model that both versions have.
var plainEnvelope = []property{
	must(property{name: "@context", shape: contextList, amount: list}),
	value("id", uri),
	must(property{name: "type", shape: typeSet, amount: oneOrMany, types: [][]string{verifiableCredential}}),
	value("name", localized),
	value("description", localized),
	must(property{name: "issuer", shape: reference, class: "Issuer"}),
	must(nodeOrNodes("credentialSubject", "Subject")),
	nodeOrNodes("credentialSchema", "PlainCredentialSchema"),
	nodeOrNodes("termsOfUse", "Typed"),
	nodeOrNodes("evidence", "Typed"),
	nodeOrNodes("proof", "PlainProof"),
	nodeOrNodes("renderMethod", "Typed"),
}

// person are the properties of Profile that name a human being.
var person = []property{
	value("givenName", text), value("familyName", text), value("additionalName", text), value("patronymicName", text),
	value("honorificPrefix", text), value("honorificSuffix", text), value("familyNamePrefix", text), value("dateOfBirth", date),
}

// classes is the table. A name with " 1.1" is the variant for VC Data Model 1.1.
var classes = map[string]*class{
	// Open Badges 3.0, credentials.
	"AchievementCredential": {
		properties: join(badgeEnvelope, achievementCredential, datesV2, []property{value("name", text), issuerV2, badgeStatusV2}),
		rules:      []rule{periodInOrder, noDatesOfVersion1, relatedResourcesDistinct},
	},
	"AchievementCredential 1.1": {
		properties: join(badgeEnvelope, achievementCredential, datesV1, []property{must(value("name", text)), must(node("issuer", "Profile")), badgeStatusV1}),
		rules:      []rule{periodInOrder},
	},
	"EndorsementCredential": {
		properties: join(badgeEnvelope, endorsementCredential, datesV2, []property{issuerV2, badgeStatusV2}),
		rules:      []rule{periodInOrder, noDatesOfVersion1, relatedResourcesDistinct},
	},
	"EndorsementCredential 1.1": {
		properties: join(badgeEnvelope, endorsementCredential, datesV1, []property{must(node("issuer", "Profile")), badgeStatusV1}),
		rules:      []rule{periodInOrder},
	},
	"EndorsementSubject": {properties: []property{must(value("id", uri)), typed("EndorsementSubject"), value("endorsementComment", prose)}},
	"AchievementSubject": {
		properties: []property{
			value("id", uri), typed("AchievementSubject"), must(node("achievement", "Achievement")),
			nodes("identifier", "IdentityObject"), value("activityStartDate", timestamp), value("activityEndDate", timestamp),
			value("creditsEarned", number), node("image", "Image"), value("licenseNumber", text), value("role", text),
			value("term", text), value("narrative", prose), nodes("result", "Result"), node("source", "Profile"),
		},
		rules: []rule{subjectIdentified, resultsDescribed},
	},

	// Open Badges 3.0, the achievement.
	"Achievement": {properties: []property{
		must(value("id", uri)), typed("Achievement"), must(value("name", text)), must(value("description", text)),
		must(node("criteria", "Criteria")), oneOf("achievementType", &achievementTypes), nodes("alignment", "Alignment"),
		node("creator", "Profile"), value("creditsAvailable", number), nodes("endorsement", "EndorsementCredential"),
		values("endorsementJwt", compactJWS), value("fieldOfStudy", text), value("humanCode", text),
		value("specialization", text), value("version", text), node("image", "Image"), value("inLanguage", language),
		nodes("otherIdentifier", "IdentifierEntry"), nodes("related", "Related"),
		nodes("resultDescription", "ResultDescription"), values("tag", text),
	}},
	"Criteria": {properties: []property{value("id", uri), value("narrative", prose)}, rules: []rule{criteriaGiven}},
	"Alignment": {properties: []property{
		typed("Alignment"), must(value("targetName", text)), must(value("targetUrl", uri)), value("targetCode", text),
		value("targetDescription", text), value("targetFramework", text), oneOf("targetType", &alignmentTargetTypes),
	}},
	"Related": {properties: []property{must(value("id", uri)), typed("Related"), value("inLanguage", language), value("version", text)}},
	"ResultDescription": {properties: []property{
		must(value("id", uri)), typed("ResultDescription"), must(value("name", text)), must(oneOf("resultType", &resultTypes)),
		nodes("alignment", "Alignment"), values("allowedValue", text), value("requiredLevel", uri), value("requiredValue", text),
		nodes("rubricCriterionLevel", "RubricCriterionLevel"), value("valueMin", text), value("valueMax", text),
	}},
	"RubricCriterionLevel": {properties: []property{
		must(value("id", uri)), typed("RubricCriterionLevel"), must(value("name", text)), nodes("alignment", "Alignment"),
		value("description", text), value("level", text), value("points", text),
	}},
	"Result": {properties: []property{
		typed("Result"), value("achievedLevel", uri), nodes("alignment", "Alignment"), value("resultDescription", uri),
		oneOf("status", &resultStatusTypes), value("value", text),
	}},
	"Evidence": {properties: []property{
		value("id", uri), typed("Evidence"), value("narrative", prose), value("name", text), value("description", text),
		value("genre", text), value("audience", text),
	}},

	// Open Badges 3.0, parties.
	"Profile": {properties: join([]property{
		must(value("id", uri)), typed("Profile"), value("name", text), value("description", text), value("url", uri),
		value("phone", text), value("email", text), value("official", text), node("image", "Image"), node("address", "Address"),
		node("parentOrg", "Profile"), nodes("otherIdentifier", "IdentifierEntry"), nodes("endorsement", "EndorsementCredential"),
		values("endorsementJwt", compactJWS),
	}, person)},
	"Address": {properties: []property{
		typed("Address"), value("addressCountry", text), value("addressCountryCode", text), value("addressRegion", text),
		value("addressLocality", text), value("streetAddress", text), value("postOfficeBoxNumber", text),
		value("postalCode", text), node("geo", "GeoCoordinates"),
	}},
	"GeoCoordinates": {
		properties: []property{typedExactly("GeoCoordinates"), must(value("latitude", number)), must(value("longitude", number))},
		rules:      []rule{coordinatesOnEarth},
	},
	"IdentifierEntry": {closed: true, properties: []property{
		typedExactly("IdentifierEntry"), must(value("identifier", text)), must(oneOf("identifierType", &identifierTypes)),
	}},
	"IdentityObject": {
		closed: true,
		properties: []property{
			typedExactly("IdentityObject"), must(value("hashed", boolean)), must(value("identityHash", text)),
			must(oneOf("identityType", &identifierTypes)), value("salt", text),
		},
		rules: []rule{identityHashReadable},
	},
	"Image": {closed: true, properties: []property{must(value("id", uri)), typedExactly("Image"), value("caption", text)}},

	// Open Badges 3.0, what it takes from VC Data Model.
	"CredentialSchema": {properties: []property{must(value("id", uri)), typedSomehow(one)}},
	"CredentialStatus": {properties: join([]property{value("id", uri), typedSomehow(one)}, bitstringEntry), rules: []rule{bitstringEntryWhole}},
	"CredentialStatus 1.1": {
		properties: join([]property{must(value("id", uri)), typedSomehow(one)}, bitstringEntry), rules: []rule{bitstringEntryWhole},
	},
	"RefreshService": {properties: []property{must(value("id", uri)), typedSomehow(one)}},
	"TermsOfUse":     {properties: []property{value("id", uri), typedSomehow(one)}},
	"Proof": {properties: []property{
		typedSomehow(one), value("created", timestamp), value("cryptosuite", text), value("challenge", text), value("domain", text),
		value("nonce", text), value("proofPurpose", text), value("proofValue", text), value("verificationMethod", text),
	}},

	// VC Data Model.
	"VerifiableCredential": {
		properties: join(plainEnvelope, []property{
			value("validFrom", timestamp), value("validUntil", timestamp), nodeOrNodes("credentialStatus", "PlainCredentialStatus"),
			nodeOrNodes("refreshService", "Typed"), nodeOrNodes("relatedResource", "RelatedResource"),
		}),
		rules: []rule{periodInOrder, noDatesOfVersion1, relatedResourcesDistinct},
	},
	"VerifiableCredential 1.1": {
		properties: join(plainEnvelope, []property{
			must(value("issuanceDate", timestamp)), value("expirationDate", timestamp),
			nodeOrNodes("credentialStatus", "CredentialStatus 1.1"), nodeOrNodes("refreshService", "PlainCredentialSchema"),
		}),
		rules: []rule{periodInOrder},
	},
	"Issuer":                {properties: []property{must(value("id", uri)), value("name", localized), value("description", localized)}},
	"Subject":               {properties: []property{value("id", uri)}, rules: []rule{claimMade}},
	"Typed":                 {properties: []property{value("id", uri), typedSomehow(oneOrMany)}},
	"PlainCredentialSchema": {properties: []property{must(value("id", uri)), typedSomehow(oneOrMany)}},
	"PlainCredentialStatus": {
		properties: join([]property{value("id", uri), typedSomehow(oneOrMany)}, bitstringEntry), rules: []rule{bitstringEntryWhole},
	},
	"PlainProof": {properties: []property{value("id", uri), typedSomehow(one)}},
	"RelatedResource": {
		properties: []property{
			must(value("id", uri)), value("mediaType", text), value("digestSRI", text),
			{name: "digestMultibase", shape: text, amount: oneOrMany},
		},
		rules: []rule{digestGiven},
	},
	"EnvelopedVerifiableCredential":   {properties: enveloped("EnvelopedVerifiableCredential"), rules: []rule{envelopeIsData}},
	"EnvelopedVerifiablePresentation": {properties: enveloped("EnvelopedVerifiablePresentation"), rules: []rule{envelopeIsData}},
	"VerifiablePresentation": {properties: []property{
		must(property{name: "@context", shape: contextList, amount: list}), value("id", uri),
		must(property{name: "type", shape: typeSet, amount: oneOrMany, types: [][]string{{"VerifiablePresentation"}}}),
		{name: "holder", shape: reference, class: "Issuer"},
		nodeOrNodes("termsOfUse", "Typed"), nodeOrNodes("proof", "PlainProof"),
		{name: "verifiableCredential", shape: anything, amount: oneOrMany},
	}},
}

// bitstringEntry are the properties of a BitstringStatusListEntry.
var bitstringEntry = []property{
	value("statusPurpose", text), value("statusListIndex", textOrInteger), value("statusListCredential", uri),
}

// enveloped are the properties of the two envelopes of VC Data Model 2.0 §4.12.
func enveloped(name string) []property {
	return []property{
		must(property{name: "@context", shape: contextList, amount: oneOrMany}), must(value("id", uri)),
		{name: "type", shape: typeSet, amount: oneOrMany, required: true, types: [][]string{{name}}},
	}
}
