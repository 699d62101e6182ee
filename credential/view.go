package credential

import (
	"slices"
	"time"

	"laurel/credential/strictjson"
)

// What follows reads single facts from a credential, of either version. None of
// it judges: absent and wrongly shaped are both empty, which Validate tells
// apart.

// ID returns the id, "" when there is none.
func (c *Credential) ID() string { return c.value.Get("id").Text() }

// Types returns the types as written.
func (c *Credential) Types() []string { return textSet(c.value.Get("type")) }

// Name returns the name, in its first language.
func (c *Credential) Name() string { return localizedText(c.value.Get("name"), false) }

// Description returns the description, in its first language.
func (c *Credential) Description() string { return localizedText(c.value.Get("description"), false) }

// IssuerID returns the id of the issuer, embedded or not.
func (c *Credential) IssuerID() string { return idOf(c.value.Get("issuer")) }

// Issuer returns the issuer; one given as a URI has only its ID.
func (c *Credential) Issuer() Profile {
	issuer := c.value.Get("issuer")
	if issuer.Kind() == strictjson.String {
		return Profile{ID: issuer.Text()}
	}
	return Decode[Profile](issuer)
}

// ValidFrom returns when the credential becomes valid (issuanceDate in version
// 1.1). The zero time means that it does not say; the error, always
// ErrDateTime, that it says something unreadable.
func (c *Credential) ValidFrom() (time.Time, error) { return c.moment("validFrom", "issuanceDate") }

// ValidUntil returns when the credential ceases to be valid (expirationDate in
// version 1.1); see ValidFrom. After an error it must not be taken for a
// credential that never expires.
func (c *Credential) ValidUntil() (time.Time, error) { return c.moment("validUntil", "expirationDate") }

// AwardedDate returns the awardedDate of a badge; see ValidFrom.
func (c *Credential) AwardedDate() (time.Time, error) { return c.moment("awardedDate", "awardedDate") }

func (c *Credential) moment(name, nameV1 string) (time.Time, error) {
	if c.Version == V1 {
		name = nameV1
	}
	v, ok := c.value.Member(name)
	if !ok {
		return time.Time{}, nil
	}
	if v.Kind() != strictjson.String {
		return time.Time{}, ErrDateTime
	}
	t, _, err := ParseDateTimeStamp(v.Text())
	return t, err
}

// Subjects returns the values of credentialSubject.
func (c *Credential) Subjects() []strictjson.Value {
	return slices.Collect(c.value.Get("credentialSubject").OneOrMany())
}

// StatusEntries returns the values of credentialStatus. They keep the JSON type
// of their members, which matters to what was signed.
func (c *Credential) StatusEntries() []strictjson.Value {
	return slices.Collect(c.value.Get("credentialStatus").OneOrMany())
}

// Schemas returns the credentialSchema entries.
func (c *Credential) Schemas() []CredentialSchema {
	var schemas []CredentialSchema
	for schema := range c.value.Get("credentialSchema").OneOrMany() {
		schemas = append(schemas, Decode[CredentialSchema](schema))
	}
	return schemas
}

// Endorsements returns every endorsement at any depth, in document order: an
// object is an embedded EndorsementCredential (see FromValue), a string one in
// compact JWS form.
func (c *Credential) Endorsements() []strictjson.Value {
	return appendEndorsements(nil, c.value)
}

func appendEndorsements(found []strictjson.Value, v strictjson.Value) []strictjson.Value {
	isObject := v.Kind() == strictjson.Object
	for c := v.Cursor(); c.Next(); {
		member := c.Value()
		if isObject {
			name := c.Name()
			if name.Is("@context") {
				continue
			}
			if name.Is("endorsement") || name.Is("endorsementJwt") {
				found = slices.AppendSeq(found, member.OneOrMany())
			}
		}
		if kind := member.Kind(); kind == strictjson.Object || kind == strictjson.Array {
			found = appendEndorsements(found, member)
		}
	}
	return found
}

// AchievementCredential decodes the whole credential as a badge. Of a version
// 1.1 badge the dates are under their names of version 2.0.
func (c *Credential) AchievementCredential() AchievementCredential {
	badge := Decode[AchievementCredential](c.value)
	if c.Version == V1 {
		badge.ValidFrom = c.value.Get("issuanceDate").Text()
		badge.ValidUntil = c.value.Get("expirationDate").Text()
	}
	return badge
}

// EndorsementCredential decodes the whole credential as an endorsement, like
// AchievementCredential.
func (c *Credential) EndorsementCredential() EndorsementCredential {
	endorsement := Decode[EndorsementCredential](c.value)
	if c.Version == V1 {
		endorsement.ValidFrom = c.value.Get("issuanceDate").Text()
		endorsement.ValidUntil = c.value.Get("expirationDate").Text()
	}
	return endorsement
}
