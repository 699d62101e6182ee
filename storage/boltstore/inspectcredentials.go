package boltstore

import (
	"bytes"
	"fmt"

	"laurel/storage"
)

// tenants checks tenants, their keys, API keys, achievements, subjects and
// webhooks, and that nothing belongs to a tenant that is not there.
func (i *inspector) tenants() {
	for _, f := range families {
		if f == metaFamily || f == locationFamily {
			continue
		}
		c := i.t.unchecked(f).Cursor()
		for k, _ := c.First(); k != nil; {
			slug := tenantOf(k)
			if slug != "" && !i.has(tenantFamily, of(slug)) && validSlug(slug) == nil {
				i.fault(storage.InvariantTenants, "tenant_unknown", slug, "bucket/"+string(f.name), "")
			}
			k, _ = c.Seek(append([]byte(slug), 1))
		}
	}
	i.each(locationFamily, nil, i.location)
	i.each(tenantFamily, nil, func(k, _ []byte) {
		var tenant storage.Tenant
		if _, sound := i.read(tenantFamily, k, &tenant); sound {
			i.located(didKind, tenant.DID, tenant.Slug, "tenant/"+tenant.Slug, k)
		}
	})
	i.each(keyFamily, nil, func(k, _ []byte) {
		record := storage.Key{}
		if _, sound := i.read(keyFamily, k, &record); sound {
			i.located(keyKind, record.Thumbprint, tenantOf(k), "key/"+record.ID, k)
		}
	})
	i.each(apiKeyFamily, nil, func(k, _ []byte) {
		record := storage.APIKey{}
		if _, sound := i.read(apiKeyFamily, k, &record); sound {
			i.located(apiKeyKind, record.ID, tenantOf(k), "apikey/"+record.ID, k)
		}
	})
	i.each(achievementFamily, nil, i.achievement)
	i.each(subjectFamily, nil, i.subject)
	i.each(lookupFamily, nil, func(k, v []byte) {
		subject := storage.SubjectKey{}
		tenant := tenantOf(k)
		there, sound := i.read(subjectFamily, of(tenant).text(string(v)), &subject)
		if !there || sound && !bytes.Equal(subject.Lookup, k[len(of(tenant)):]) {
			i.fault(storage.InvariantFile, "index_wrong", tenant, "subject/"+printableID(v), string(lookupFamily.name))
		}
	})
}

// location checks that a public id leads to a record that has it.
func (i *inspector) location(k, v []byte) {
	register, known := registers[kind(k[0])]
	tenant := tenantOf(v)
	object := fmt.Sprintf("record/%q", k[1:])
	if known && kind(k[0]) != didKind {
		object = register.noun + "/" + printableID(k[1:])
	}
	if !known {
		return // of a later program
	}
	if !i.has(register.family, v) {
		i.fault(storage.InvariantRetrievable, "id_leads_nowhere", tenant, object, "")
	}
}

func (i *inspector) achievement(k, _ []byte) {
	latest := storage.Achievement{}
	if _, sound := i.read(achievementFamily, k, &latest); !sound {
		return
	}
	tenant, object := tenantOf(k), "achievement/"+latest.ID
	i.located(achievementKind, latest.ID, tenant, object, k)
	for n := 1; n <= latest.Version; n++ {
		version := storage.Achievement{}
		there, sound := i.read(versionFamily, key(k).number(n), &version)
		if !there || sound && (version.Version != n || version.ID != latest.ID) {
			i.fault(storage.InvariantRetrievable, "version_missing", tenant, object, decimal(n))
		} else if n == latest.Version && sound && !bytes.Equal(version.Document, latest.Document) {
			i.fault(storage.InvariantRetrievable, "version_differs", tenant, object, decimal(n))
		}
	}
}

func (i *inspector) subject(k, _ []byte) {
	tenant := tenantOf(k)
	id := string(k[len(of(tenant)):])
	subject := storage.SubjectKey{}
	if _, sound := i.read(subjectFamily, k, &subject); !sound {
		return
	}
	object := "subject/" + printableID([]byte(id))
	switch {
	case subject.Erased.IsZero() && len(subject.Wrapped) == 0:
		i.fault(storage.InvariantRetrievable, "subject_key_missing", tenant, object, "")
	case !subject.Erased.IsZero() && len(subject.Wrapped)+len(subject.Lookup) > 0:
		i.fault(storage.InvariantSecrets, "erased_data_left", tenant, object, "")
	}
	if len(subject.Lookup) > 0 {
		v, there, sound := i.peek(lookupFamily, of(tenant).text(string(subject.Lookup)))
		if !there || sound && string(v) != id {
			i.fault(storage.InvariantFile, "index_wrong", tenant, object, string(lookupFamily.name))
		}
	}
}

// credentials checks every credential against all that refers to it.
func (i *inspector) credentials() {
	i.each(credentialFamily, nil, func(k, _ []byte) {
		c := storage.Credential{Tenant: tenantOf(k)}
		if _, sound := i.read(credentialFamily, k, &c); !sound {
			return
		}
		i.credential(k, c)
		i.ledger.credential(i, c)
	})
	for _, f := range []*family{signedFamily, recipientFamily} {
		i.each(f, nil, func(k, _ []byte) {
			if !i.has(credentialFamily, k) {
				tenant, object := i.name(f, k, nil)
				i.fault(storage.InvariantComplete, "bytes_of_nothing", tenant, object, string(f.name))
			}
		})
	}
}

func (i *inspector) credential(at []byte, c storage.Credential) {
	object := "credential/" + c.ID
	report := func(invariant, code, detail string) { i.fault(invariant, code, c.Tenant, object, detail) }
	if stateBytes[c.State] == 0 {
		report(storage.InvariantComplete, "state_unknown", string(c.State))
		return
	}
	i.located(credentialKind, c.ID, c.Tenant, object, at)
	signed, recipient := i.has(signedFamily, at), i.has(recipientFamily, at)
	issued := !c.Issued.IsZero()
	switch {
	case !c.Erased.IsZero() && (signed || recipient):
		report(storage.InvariantSecrets, "erased_data_left", "")
	case issued && c.Erased.IsZero() && !signed:
		report(storage.InvariantRetrievable, "bytes_missing", "")
	case !issued && signed:
		report(storage.InvariantComplete, "signed_but_not_issued", "")
	}
	if c.Erased.IsZero() && c.Instance == "" && !recipient { // of an instance's credential none is known
		report(storage.InvariantRetrievable, "recipient_missing", "")
	}
	if (c.State == storage.StateIssued || c.State == storage.StateSuspended) && !issued || c.State == storage.StatePending && issued {
		report(storage.InvariantComplete, "state_contradicts_issue", string(c.State))
	}
	if issued && !i.has(keyFamily, of(c.Tenant).text(c.Key)) {
		report(storage.InvariantKeys, "key_unknown", c.Key)
	}
	i.replacements(c, report)
	i.credentialSubject(c, report)
	i.credentialIndexes(at, c, report)
	for _, entry := range c.Status {
		i.statusEntry(at, c, entry, report)
	}
}

// replacements checks that a badge and the one that took its place name each
// other.
func (i *inspector) replacements(c storage.Credential, report func(invariant, code, detail string)) {
	for _, link := range []struct {
		id   string
		back func(storage.Credential) string
	}{
		{c.Replaces, func(other storage.Credential) string { return other.ReplacedBy }},
		{c.ReplacedBy, func(other storage.Credential) string { return other.Replaces }},
	} {
		if link.id == "" {
			continue
		}
		at, there, sound := i.peek(locationFamily, key{byte(credentialKind)}.text(link.id))
		other := storage.Credential{}
		switch {
		case there && sound && tenantOf(at) != c.Tenant:
			report(storage.InvariantTenants, "replacement_foreign", link.id)
			continue
		case there && sound:
			there, sound = i.read(credentialFamily, at, &other)
		}
		if !there || sound && link.back(other) != c.ID {
			report(storage.InvariantRetrievable, "replacement_wrong", link.id)
		}
	}
}

// credentialSubject checks whose it is and what for.
func (i *inspector) credentialSubject(c storage.Credential, report func(invariant, code, detail string)) {
	subject := storage.SubjectKey{}
	there, sound := i.read(subjectFamily, of(c.Tenant).text(c.Subject), &subject)
	switch {
	case !there:
		report(storage.InvariantTenants, "subject_unknown", "")
	case sound && subject.Erased.IsZero() != c.Erased.IsZero():
		report(storage.InvariantSecrets, "erased_in_part", "")
	}
	if c.Instance != "" { // of no achievement
		return
	}
	award, there, sound := i.peek(locationFamily, key{byte(achievementKind)}.text(c.Achievement))
	switch {
	case !there:
		report(storage.InvariantTenants, "achievement_unknown", c.Achievement)
	case sound && tenantOf(award) != c.Tenant:
		report(storage.InvariantTenants, "achievement_foreign", c.Achievement)
	case sound && !i.has(versionFamily, key(award).number(c.AchievementVersion)):
		report(storage.InvariantRetrievable, "version_missing", decimal(c.AchievementVersion))
	}
}

// credentialIndexes checks that a credential is found by state, achievement and
// subject. That it is not found by others is seen where indexes are read.
func (i *inspector) credentialIndexes(at []byte, c storage.Credential, report func(invariant, code, detail string)) {
	sequence := sequenceOf(at)
	wanted := []struct {
		family *family
		key    key
	}{
		{stateFamily, stateKey(c.Tenant, c.State, sequence)},
		{holdingFamily, of(c.Tenant).word(c.Subject).sequence(sequence)},
	}
	if award, _, sound := i.peek(locationFamily, key{byte(achievementKind)}.text(c.Achievement)); sound {
		wanted = append(wanted, struct {
			family *family
			key    key
		}{awardFamily, awardKey(award, c.State, sequence)})
	}
	for _, want := range wanted {
		if !i.has(want.family, want.key) {
			report(storage.InvariantFile, "index_wrong", string(want.family.name))
		}
	}
}

// indexes checks that no index says of a credential what is not so.
func (i *inspector) indexes() {
	for _, f := range []*family{stateFamily, awardFamily, holdingFamily} {
		i.each(f, nil, func(k, _ []byte) {
			tenant := tenantOf(k)
			at := of(tenant).sequence(sequenceOf(k))
			c := storage.Credential{Tenant: tenant}
			there, sound := i.read(credentialFamily, at, &c)
			wrong := !there
			if sound {
				switch f {
				case stateFamily:
					wrong = k[len(k)-9] != stateBytes[c.State]
				case awardFamily:
					award, _, ok := i.peek(locationFamily, key{byte(achievementKind)}.text(c.Achievement))
					wrong = ok && !bytes.Equal(k, awardKey(award, c.State, sequenceOf(k)))
				case holdingFamily:
					wrong = !bytes.Equal(k, of(tenant).word(c.Subject).sequence(sequenceOf(k)))
				}
			}
			if wrong {
				_, object := i.name(f, k, nil)
				i.fault(storage.InvariantFile, "index_wrong", tenant, object, string(f.name))
			}
		})
	}
}
