package verifier

import (
	"strings"
	"time"

	"laurel/credential"
)

// refresh gets the newer copy of a good credential from the service that it
// names (VC Credential Refresh 1.0), once, and goes on with it in place of the
// one that was shown. It reports whether it did: the copy must be by the same
// issuer, of the same credential, no older, and as good.
func (e *examination) refresh() bool {
	service := e.credential.Value().Get("refreshService")
	named := false
	for kind := range service.Get("type").OneOrMany() {
		named = named || kind.Is("1EdTechCredentialRefresh")
	}
	if !named || !e.expect.Refresh || e.purpose != asBadge || e.contained > 0 {
		return false
	}
	e.expect.Refresh = false
	path := service.Pointer()
	data, err := e.fetch(service.Get("id").Text(), KindCredential)
	if err != nil {
		e.add(CodeRefreshed, Indeterminate, path, nil)
		return false
	}
	in, err := read(data)
	if err != nil {
		e.add(CodeRefreshed, Failed, path, nil)
		return false
	}
	copied := &examination{session: e.session, purpose: asBadge}
	copied.laboratory()
	copied.add(CodeRefreshed, Passed, path, nil)
	copied.submission(&in)
	if copied.credential == nil || copied.trust != verified || copied.issuerID != e.issuerID ||
		!renews(copied.credential, e.credential, service.Get("id").Text()) || isOlder(copied.credential, e.credential) || !copied.settled(stepSchema) {
		e.add(CodeRefreshed, Failed, path, nil)
		return false
	}
	*e = *copied
	return true
}

// renews reports whether what a service gave is the same credential made anew: by
// its id or, where the service is that credential's own, since its address begins
// with the id, by being of the same subject and achievement. Issuers that keep
// every badge at its address give a renewed one another.
func renews(c, of *credential.Credential, service string) bool {
	if c.ID() == of.ID() {
		return true
	}
	is, was := c.AchievementCredential().CredentialSubject, of.AchievementCredential().CredentialSubject
	return strings.HasPrefix(of.ID(), "https://") && strings.HasPrefix(service, of.ID()+"/") &&
		was.ID != "" && is.ID == was.ID && was.Achievement.ID != "" && is.Achievement.ID == was.Achievement.ID
}

// isOlder reports whether a credential begins earlier than another, or when
// cannot be told.
func isOlder(c, than *credential.Credential) bool {
	from, err := beginning(c)
	before, errBefore := beginning(than)
	return err != nil || errBefore != nil || from.Before(before)
}

func beginning(c *credential.Credential) (time.Time, error) {
	name := "validFrom"
	if c.Version == credential.V1 {
		name = "issuanceDate"
	}
	moment, _, err := credential.ParseDateTimeStamp(c.Value().Get(name).Text())
	return moment, err
}

// settled reports whether a step was answered for good.
func (e *examination) settled(s step) bool {
	for _, c := range e.checks {
		if entry := catalogue[key{c.Code, c.Outcome}]; entry.effect == effectSettles && entry.step == s {
			return true
		}
	}
	return false
}
