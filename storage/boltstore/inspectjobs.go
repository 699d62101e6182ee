package boltstore

import (
	"bytes"
	"fmt"

	"laurel/storage"
)

// claims checks that what can be used once was used once: the idempotency keys.
func (i *inspector) claims() {
	i.each(idempotencyFamily, nil, func(k, v []byte) {
		row := storage.Idempotency{Tenant: tenantOf(k)}
		if _, err := decodeHashed(idempotencyFamily, v, &row); err != nil {
			return
		}
		apiKey, name, _ := bytes.Cut(k[len(of(row.Tenant)):], []byte{0})
		row.APIKey, row.Key = string(apiKey), string(name)
		if !i.has(expiryFamily, expiryKey(row.Tenant, row)) {
			i.fault(storage.InvariantOnce, "never_expires", row.Tenant, "claim/"+row.APIKey, row.Object)
		}
		i.claim(row)
	})
	i.each(expiryFamily, nil, func(k, _ []byte) {
		tenant := tenantOf(k)
		if !i.has(idempotencyFamily, of(tenant).text(string(k[len(of(tenant))+8:]))) {
			i.fault(storage.InvariantOnce, "expiry_of_nothing", tenant, "bucket/"+string(expiryFamily.name), "")
		}
	})
}

// claim holds what an idempotency key made against what is there.
func (i *inspector) claim(row storage.Idempotency) {
	id, ok := bytes.CutPrefix([]byte(row.Object), []byte("credential/"))
	if !ok {
		return
	}
	at, there, sound := i.peek(locationFamily, key{byte(credentialKind)}.text(string(id)))
	if !there {
		i.fault(storage.InvariantOnce, "claim_of_nothing", row.Tenant, row.Object, "")
		return
	}
	if !sound {
		return
	}
	if tenantOf(at) != row.Tenant {
		i.fault(storage.InvariantTenants, "claim_foreign", row.Tenant, row.Object, "")
		return
	}
	c := storage.Credential{}
	if _, sound := i.read(credentialFamily, at, &c); !sound {
		return
	}
	switch {
	case row.Done && c.State == storage.StatePending:
		i.fault(storage.InvariantComplete, "answered_but_pending", row.Tenant, row.Object, "")
	case !row.Done && !c.Issued.IsZero():
		i.fault(storage.InvariantOnce, "issued_but_unanswered", row.Tenant, row.Object, "")
	}
}

// jobs checks that the rows of bulk awards and of changes of status add up.
func (i *inspector) jobs() {
	i.each(awardJobFamily, nil, func(k, _ []byte) {
		job := storage.AwardJob{Tenant: tenantOf(k)}
		if _, sound := i.read(awardJobFamily, k, &job); sound {
			i.awardJob(k, job)
		}
	})
	i.each(statusJobFamily, nil, func(k, _ []byte) {
		job := storage.StatusJob{Tenant: tenantOf(k)}
		if _, sound := i.read(statusJobFamily, k, &job); sound {
			i.statusJob(k, job)
		}
	})
	for _, f := range []struct{ rows, of *family }{
		{awardRowFamily, awardJobFamily},
		{awardDataFamily, awardRowFamily},
		{openAwardFamily, awardJobFamily},
		{statusRowFamily, statusJobFamily},
		{openStatusJobFamily, statusJobFamily},
	} {
		i.each(f.rows, nil, func(k, _ []byte) {
			at := k
			if f.of == awardJobFamily || f.of == statusJobFamily {
				at = k[:len(of(tenantOf(k)))+8]
			}
			if !i.has(f.of, at) {
				tenant, object := i.name(f.rows, k, nil)
				i.fault(storage.InvariantJobs, "row_of_nothing", tenant, object, string(f.rows.name))
			}
		})
	}
}

func (i *inspector) awardJob(at []byte, job storage.AwardJob) {
	object := "award/" + job.ID
	report := func(code, detail string) { i.fault(storage.InvariantJobs, code, job.Tenant, object, detail) }
	i.located(awardJobKind, job.ID, job.Tenant, object, at)
	open := i.has(openAwardFamily, at)
	counts, damaged := storage.AwardCounts{}, false
	made := map[string]int{} // rows by credential
	c := i.t.unchecked(awardRowFamily).Cursor()
	for k, row := c.Seek(at); bytes.HasPrefix(k, at); k, row = c.Next() {
		v, sound := awardRowFamily.intact(k, row)
		r := storage.AwardRow{}
		if !sound || decode(awardRowFamily, v, &r) != nil || counts.Of(r.State) == nil {
			damaged = true
			continue
		}
		*counts.Of(r.State)++
		if r.State == storage.RowIssued || r.State == storage.RowReserved {
			if made[r.Credential]++; made[r.Credential] == 2 {
				report("credential_of_two_rows", r.Credential)
			}
		}
		i.awardRow(job, numberOf(k), r, report)
	}
	// A job that was closed has thrown its rows away.
	if open && job.Closed.IsZero() && !damaged && counts != job.Counts {
		report("rows_miscounted", fmt.Sprintf("%+v are there, %+v counted", counts, job.Counts))
	}
	// An upload that failed stays in the state of being read, without rows.
	discarded := job.State == storage.AwardReading && counts.Total() == 0
	if !open && !job.State.Ended() && !discarded {
		report("job_forgotten", string(job.State))
	}
}

// awardRow holds a row against its credential.
func (i *inspector) awardRow(job storage.AwardJob, number int, row storage.AwardRow, report func(code, detail string)) {
	if row.State != storage.RowIssued && row.State != storage.RowReserved {
		return
	}
	at, there, sound := i.peek(locationFamily, key{byte(credentialKind)}.text(row.Credential))
	if !there {
		report("row_without_credential", fmt.Sprintf("row %d", number))
		return
	}
	c := storage.Credential{}
	if !sound {
		return
	}
	if tenantOf(at) != job.Tenant {
		i.fault(storage.InvariantTenants, "row_foreign", job.Tenant, "award/"+job.ID, fmt.Sprintf("row %d", number))
		return
	}
	if _, sound := i.read(credentialFamily, at, &c); !sound {
		return
	}
	if row.State == storage.RowIssued && c.Issued.IsZero() || c.Award != job.ID {
		report("row_without_credential", fmt.Sprintf("row %d", number))
	}
}

func (i *inspector) statusJob(at []byte, job storage.StatusJob) {
	object := "statusjob/" + job.ID
	i.located(statusJobKind, job.ID, job.Tenant, object, at)
	running := job.Phase == storage.StatusDraft || job.Phase == storage.StatusRunning
	if running != i.has(openStatusJobFamily, at) {
		i.fault(storage.InvariantJobs, "job_forgotten", job.Tenant, object, string(job.Phase))
	}
	for step := job.Step; running && step < job.Steps; step++ {
		if !i.has(statusRowFamily, key(at).number(step)) {
			i.fault(storage.InvariantJobs, "row_missing", job.Tenant, object, decimal(step))
		}
	}
	if job.Phase == storage.StatusDone && job.Tally.Total() != job.Expected.Total() {
		i.fault(storage.InvariantJobs, "rows_miscounted", job.Tenant, object, fmt.Sprintf("%d of %d", job.Tally.Total(), job.Expected.Total()))
	}
}

// deliveries checks that what waits is in its queue, and nothing else.
func (i *inspector) deliveries() {
	i.each(deliveryFamily, nil, func(k, v []byte) {
		d := storage.Delivery{Tenant: tenantOf(k)}
		if decode(deliveryFamily, v, &d) != nil {
			return
		}
		object := "delivery/" + d.ID
		if !bytes.Equal(k, deliveryKey(d)) {
			i.fault(storage.InvariantDeliveries, "delivery_misplaced", d.Tenant, object, "")
			return
		}
		waiting := d.State == storage.DeliveryWaiting
		if in, _ := queueRow(d); waiting && !i.has(queueFamily, in) {
			i.fault(storage.InvariantDeliveries, "delivery_forgotten", d.Tenant, object, d.Event)
		}
		message := i.has(messageFamily, of(d.Tenant).sequence(d.Sequence))
		if d.Kind == storage.DeliveryEmail && waiting && !message {
			i.fault(storage.InvariantDeliveries, "message_missing", d.Tenant, object, d.Event)
		}
		subject := storage.SubjectKey{}
		if _, sound := i.read(subjectFamily, of(d.Tenant).text(d.Subject), &subject); sound && message && !subject.Erased.IsZero() {
			i.fault(storage.InvariantSecrets, "erased_data_left", d.Tenant, object, "")
		}
		if !i.has(auditFamily, of(d.Tenant).sequence(d.Sequence)) {
			i.fault(storage.InvariantDeliveries, "delivery_of_nothing", d.Tenant, object, d.Event)
		}
	})
	i.each(queueFamily, nil, func(k, _ []byte) {
		tenant := tenantOf(k)
		destination, _, _ := bytes.Cut(k[len(of(tenant)):], []byte{0})
		if len(k) < len(of(tenant))+len(destination)+10 {
			i.fault(storage.InvariantFile, "row_damaged", tenant, "bucket/"+string(queueFamily.name), "")
			return
		}
		d := storage.Delivery{Tenant: tenant}
		there, sound := i.read(deliveryFamily, of(tenant).sequence(sequenceOf(k)).text(string(destination)), &d)
		object := fmt.Sprintf("audit/%d", sequenceOf(k))
		if d.ID != "" {
			object = "delivery/" + d.ID
		}
		if !there {
			i.fault(storage.InvariantDeliveries, "queue_of_nothing", tenant, object, string(destination))
			return
		}
		if in, _ := queueRow(d); sound && (d.State != storage.DeliveryWaiting || !bytes.Equal(in, k)) {
			i.fault(storage.InvariantDeliveries, "queue_wrong", tenant, object, string(d.State))
		}
	})
}
