package issuer

import (
	"strconv"
	"time"

	"laurel/credential"
	"laurel/storage"
)

// draft is a badge before it is signed. The zero values of id, subject and
// status stand for ones that are not known yet and are written as samples, so
// that the rest can be judged before an index is spent.
type draft struct {
	id          string // the URL of the credential
	issuer      []byte // the Profile as JSON
	achievement []byte // as JSON, and its name
	name        string
	subject     string
	identifiers []credential.IdentityObject
	validFrom   time.Time
	validUntil  time.Time
	awardedDate time.Time
	evidence    [][]byte
	status      []storage.StatusEntry
	base        address
}

// sampleAchievement stands in when only an issuer is judged.
var sampleAchievement = []byte(`{"id":"urn:uuid:00000000-0000-4000-8000-000000000000","type":["Achievement"],` +
	`"name":"-","description":"-","criteria":{"narrative":"-"}}`)

const sampleURN = "urn:uuid:00000000-0000-4000-8000-000000000001"

var sampleStatus = []storage.StatusEntry{{Purpose: storage.PurposeRevocation, List: "sample"}}

// unsigned writes the badge: exactly two contexts, types and sets as arrays, the
// issuer as an object, nothing empty.
func (d draft) unsigned() []byte {
	if d.id == "" {
		d.id = "urn:uuid:00000000-0000-4000-8000-000000000002"
	}
	if d.subject == "" {
		d.subject = sampleURN
	}
	if d.status == nil {
		d.status, d.base = sampleStatus, address{url: "https://localhost"}
	}
	var b object
	b.raw("@context", texts(badgeContexts...))
	b.text("id", d.id)
	b.raw("type", texts("VerifiableCredential", "OpenBadgeCredential"))
	b.text("name", d.name)
	b.raw("issuer", d.issuer)
	b.text("validFrom", credential.FormatDateTime(d.validFrom))
	b.text("validUntil", formatted(d.validUntil))
	b.text("awardedDate", formatted(d.awardedDate))
	b.raw("credentialSubject", d.credentialSubject())
	b.raw("evidence", array(d.evidence...))
	b.raw("credentialStatus", d.credentialStatus())
	return b.bytes()
}

func (d draft) credentialSubject() []byte {
	var subject object
	subject.text("id", d.subject)
	subject.raw("type", texts("AchievementSubject"))
	identifiers := make([][]byte, len(d.identifiers))
	for i, identifier := range d.identifiers {
		var o object
		o.text("type", "IdentityObject")
		o.raw("hashed", strconv.AppendBool(nil, identifier.Hashed))
		o.text("identityHash", identifier.IdentityHash)
		o.text("identityType", identifier.IdentityType)
		o.text("salt", identifier.Salt)
		identifiers[i] = o.bytes()
	}
	subject.raw("identifier", array(identifiers...))
	subject.raw("achievement", d.achievement)
	return subject.bytes()
}

// credentialStatus writes one entry as an object, as Open Badges 3.0 has it, and
// several as an array.
func (d draft) credentialStatus() []byte {
	entries := make([][]byte, len(d.status))
	for i, entry := range d.status {
		list, index := d.base.statusList(entry.List), decimal(entry.Index)
		var o object
		o.text("id", list+"#"+index)
		o.text("type", "BitstringStatusListEntry")
		o.text("statusPurpose", entry.Purpose)
		o.text("statusListIndex", index)
		o.text("statusListCredential", list)
		entries[i] = o.bytes()
	}
	if len(entries) == 1 {
		return entries[0]
	}
	return array(entries...)
}

func formatted(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return credential.FormatDateTime(t)
}
