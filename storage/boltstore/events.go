package boltstore

import (
	"bytes"
	"slices"

	"laurel/storage"
)

// eventOf is the event that an audit entry stands for, "" for none.
func eventOf(entry storage.AuditEntry) string {
	if entry.Action == storage.ActionUpdateKey {
		switch entry.Detail {
		case "retired":
			return storage.EventKeyRetired
		case "compromised":
			return storage.EventKeyCompromised
		}
	}
	return eventOfAction[entry.Action]
}

var eventOfAction = map[string]string{
	storage.ActionIssue:     storage.EventAwardIssued,
	storage.ActionClaim:     storage.EventAwardClaimed,
	storage.ActionRevoke:    storage.EventAwardRevoked,
	storage.ActionSuspend:   storage.EventAwardSuspended,
	storage.ActionReinstate: storage.EventAwardReinstated,
	storage.ActionCreateKey: storage.EventKeyCreated,
}

// announce queues an act for every webhook that wants to know of it. It is part
// of writing the audit entry, so that no act can be without it.
func (t *txn) announce(entry storage.AuditEntry) {
	event := eventOf(entry)
	if event == "" {
		return
	}
	tenant := of(entry.Tenant)
	c := t.cursor(webhookFamily)
	for k, data := c.Seek(tenant); bytes.HasPrefix(k, tenant); k, data = c.Next() {
		var w storage.Webhook
		if err := decode(webhookFamily, data, &w); err != nil {
			t.note(err)
			return
		}
		if w.Events == nil || slices.Contains(w.Events, event) {
			t.post(entry, storage.Delivery{Kind: storage.DeliveryWebhook, Destination: w.ID, Event: event, Object: entry.Object})
		}
	}
}
