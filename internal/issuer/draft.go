package issuer

import (
	"slices"
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
	refresh     bool // it names a service that its renewal can be had from
	base        address
}

// sampleAchievement stands in when only an issuer is judged.
var sampleAchievement = []byte(`{"id":"urn:uuid:00000000-0000-4000-8000-000000000000","type":["Achievement"],` +
	`"name":"-","description":"-","criteria":{"narrative":"-"}}`)

const sampleURN = "urn:uuid:00000000-0000-4000-8000-000000000001"

var sampleStatus = []storage.StatusEntry{{Purpose: storage.PurposeRevocation, List: "sample"}}

// unsigned writes the badge: two contexts, or three with a refresh service, types and sets as arrays, the
// issuer as an object, nothing empty.
func (d draft) unsigned() []byte {
	if d.id == "" {
		d.id = "urn:uuid:00000000-0000-4000-8000-000000000002"
		if d.refresh {
			d.id = "https://localhost/credentials/sample"
		}
	}
	if d.subject == "" {
		d.subject = sampleURN
	}
	if d.status == nil {
		d.status, d.base = sampleStatus, address{url: "https://localhost"}
	}
	b := object{make([]byte, 0, d.size())}
	if d.refresh {
		b.raw("@context", contextsOfRefreshable)
	} else {
		b.raw("@context", contextsOfBadge)
	}
	b.text("id", d.id)
	b.raw("type", typesOfBadge)
	b.text("name", d.name)
	b.raw("issuer", d.issuer)
	b.text("validFrom", credential.FormatDateTime(d.validFrom))
	b.text("validUntil", formatted(d.validUntil))
	b.text("awardedDate", formatted(d.awardedDate))
	b.object("credentialSubject", d.credentialSubject)
	b.array("evidence", len(d.evidence), func(i int) { b.b = append(b.b, d.evidence[i]...) })
	d.credentialStatus(&b)
	if d.refresh {
		b.object("refreshService", func(o *object) {
			o.text("id", d.id+refreshPath)
			o.text("type", "1EdTechCredentialRefresh")
		})
	}
	return b.bytes()
}

// The members that are the same in all badges.
var (
	contextsOfBadge = texts(badgeContexts...)
	// extensions.json defines what refreshes.
	contextsOfRefreshable = texts(append(slices.Clone(badgeContexts), credential.ContextExtensions)...)
	typesOfBadge          = texts("VerifiableCredential", "OpenBadgeCredential")
	typesOfSubject        = texts("AchievementSubject")
)

// refreshPath follows the URL of a badge in that of its refresh service.
const refreshPath = "/refresh"

// size is about how long the badge will be, and not less than for most.
func (d draft) size() int {
	size := 1536 + 512*len(d.status) + len(d.issuer) + len(d.achievement) + len(d.name)
	for _, evidence := range d.evidence {
		size += len(evidence) + 1
	}
	return size
}

func (d draft) credentialSubject(subject *object) {
	subject.text("id", d.subject)
	subject.raw("type", typesOfSubject)
	subject.array("identifier", len(d.identifiers), func(i int) {
		subject.element(func(o *object) {
			o.text("type", "IdentityObject")
			o.member("hashed")
			o.b = strconv.AppendBool(o.b, d.identifiers[i].Hashed)
			o.text("identityHash", d.identifiers[i].IdentityHash)
			o.text("identityType", d.identifiers[i].IdentityType)
			o.text("salt", d.identifiers[i].Salt)
		})
	})
	subject.raw("achievement", d.achievement)
}

// credentialStatus writes one entry as an object, as Open Badges 3.0 has it, and
// several as an array.
func (d draft) credentialStatus(b *object) {
	write := func(i int) {
		b.element(func(o *object) { writeStatusEntry(o, d.base, d.status[i]) })
	}
	if len(d.status) == 1 {
		b.member("credentialStatus")
		write(0)
		return
	}
	b.array("credentialStatus", len(d.status), write)
}

func writeStatusEntry(o *object, base address, entry storage.StatusEntry) {
	list, index := base.statusList(entry.List), decimal(entry.Index)
	o.text("id", list+"#"+index)
	o.text("type", "BitstringStatusListEntry")
	o.text("statusPurpose", entry.Purpose)
	o.text("statusListIndex", index)
	o.text("statusListCredential", list)
}

func formatted(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return credential.FormatDateTime(t)
}
